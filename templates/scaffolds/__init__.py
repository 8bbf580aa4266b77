"""What `millwork catalog scaffold` writes: two components and their tests, under the name that they are given."""
