"""What a record holds, and what it is for."""

IMAGE = "image"
"""A picture as the bytes of a PNG, JPEG, GIF or BMP file."""

LABEL = "label"
"""The number of its class, from 0."""

CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
"""Names of the classes, in the order of the model's scores."""

HEIGHT, WIDTH, CHANNELS = 8, 8, 1
"""What the model sees: pictures of another size are scaled. One channel is grey, three are colours."""

SLICES = (LABEL,)
"""Groups whose quality is looked at by itself: here, each digit."""
