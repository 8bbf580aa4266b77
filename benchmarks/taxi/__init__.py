"""A pipeline as its user would write it: who tips a Chicago taxi driver more than a fifth of the fare."""
