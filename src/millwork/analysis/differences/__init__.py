"""What differs between two runs, and which of the differences are the first causes of the others."""
