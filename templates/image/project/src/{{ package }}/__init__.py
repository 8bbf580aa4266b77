"""Ten classes, pictures: which digit somebody has written."""
