"""The columns of the data, and what they are for."""

SCALED = ["lncoins", "lpi", "fmde", "disea"]
"""Numbers: coinsurance, participation incentive, maximum expenditure (logarithms), chronic diseases."""

FLAGS = ["idp", "physlm", "hlthg", "hlthf", "hlthp"]
"""0 or 1: deductible plan, physical limitation; self-rated health good, fair, poor."""

VISITS = "mdvis"
"""Outpatient visits to a doctor: what the label is made of."""

LABEL = "visited"

MODEL_FEATURES = [*SCALED, *FLAGS]

SLICES = ("idp", "hlthp")
"""Groups whose quality is looked at by itself."""
