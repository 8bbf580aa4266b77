"""A page for each artifact: what it is, and what is inside, by its type."""
