"""A user's project whose runs are held against each other."""

from sample_workshop import workshop as workshop
