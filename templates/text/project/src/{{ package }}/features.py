"""The columns of the data, and what they are for."""

TEXT = "text"
"""What somebody wrote: any language that puts spaces between words."""

CATEGORIES = ("channel", "product")
"""Columns with a few different texts. A missing or new one is a category of its own."""

LABEL = "team"

CLASSES = ("account", "billing", "delivery", "repair")
"""The texts of the label, in the order of the model's scores."""

LENGTH = 60
"""Words of a text that the model sees: the first ones."""

WORDS = 5_000
"""Different words that the model knows, at most: the most frequent ones."""

SLICES = ("channel",)
"""Groups whose quality is looked at by itself."""
