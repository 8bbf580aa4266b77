"""The columns of the data, and what they are for."""

MEASURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
"""Missing where a penguin was not measured."""

SEX = "sex"
ISLAND = "island"

SPECIES = ("Adelie", "Chinstrap", "Gentoo")
"""The classes, in the order of the model's scores."""

LABEL = "species"

MODEL_FEATURES = [*MEASURES, "is_male", "is_female"]

SLICES = (ISLAND, SEX)
"""Groups whose quality is looked at by itself."""
