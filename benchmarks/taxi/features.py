"""The columns of the data, and what they are for."""

NUMBERS = ("trip_miles", "fare", "trip_seconds")
"""Scaled to mean 0 and standard deviation 1."""

VOCABULARIES = ("payment_type", "company")
"""Texts, numbered by how frequent they are."""
VOCABULARY_SIZE = 1_000
UNKNOWN_BUCKETS = 10
"""Texts that are not in the vocabulary share these."""

PLACES = ("pickup_latitude", "pickup_longitude", "dropoff_latitude", "dropoff_longitude")
"""Divided at their quantiles."""
PLACE_BUCKETS = 10

CATEGORIES = {"trip_start_hour": 24, "trip_start_day": 8, "trip_start_month": 13}
"""Small numbers as they are, each below this."""

AREAS = ("pickup_census_tract", "dropoff_census_tract", "pickup_community_area", "dropoff_community_area")
"""Passed on, for other models."""

FARE, TIPS = "fare", "tips"
LABEL = "big_tipper"

SLICES = ("payment_type",)
"""Groups whose quality is looked at by itself."""
