"""The columns of the data, and what they are for."""

from __future__ import annotations

SCALED = ("lncoins", "lpi", "fmde", "disea")
"""Numbers: coinsurance, participation incentive, maximum expenditure (logarithms), chronic diseases."""

FLAGS = ("idp", "physlm", "hlthg", "hlthf", "hlthp")
"""0 or 1: deductible plan, physical limitation; self-rated health good, fair, poor."""

VISITS = "mdvis"
"""Outpatient visits to a doctor in a year: what the label is made of."""

LABEL = "visited"

MODEL_FEATURES = (*SCALED, *FLAGS)
"""What a model may see."""

SLICES = ("idp", "hlthp")
"""Groups whose quality is looked at by itself."""


def seen_by_model(leave_out: str) -> list[str]:
    """The features of a model without some of them, whose names are separated by commas."""
    left_out = [name.strip() for name in leave_out.split(",") if name.strip()]
    if unknown := sorted(set(left_out) - set(MODEL_FEATURES)):
        raise ValueError(f"leave_out: {unknown[0]!r} is none of the features {', '.join(MODEL_FEATURES)}")
    return [name for name in MODEL_FEATURES if name not in left_out]
