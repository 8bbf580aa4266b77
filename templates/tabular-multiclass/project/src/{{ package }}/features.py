"""The columns of the data, and what they are for."""

from __future__ import annotations

MEASURES = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
"""Missing where a penguin was not measured."""

SEX = "sex"
ISLAND = "island"

SPECIES = ("Adelie", "Chinstrap", "Gentoo")
"""The classes, in the order of the model's scores."""

LABEL = "species"

MODEL_FEATURES = (*MEASURES, "is_male", "is_female")
"""What a model may see."""

SLICES = (ISLAND, SEX)
"""Groups whose quality is looked at by itself."""


def seen_by_model(leave_out: str) -> list[str]:
    """The features of a model without some of them, whose names are separated by commas."""
    left_out = [name.strip() for name in leave_out.split(",") if name.strip()]
    if unknown := sorted(set(left_out) - set(MODEL_FEATURES)):
        raise ValueError(f"leave_out: {unknown[0]!r} is none of the features {', '.join(MODEL_FEATURES)}")
    return [name for name in MODEL_FEATURES if name not in left_out]
