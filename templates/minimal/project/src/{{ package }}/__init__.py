"""A model of a column of somebody's own table."""
