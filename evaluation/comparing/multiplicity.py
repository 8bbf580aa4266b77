"""Many slices, many chances of a false alarm: Benjamini and Hochberg's (1995) correction."""

from __future__ import annotations

from collections.abc import Sequence


def adjusted(p_values: Sequence[float | None], alone: int = 0) -> list[float | None]:
    """The p-values of one family, such that rejecting those up to alpha finds at most that share in error.

    The one at `alone` (Overall) is no member of the family: it stays as it is. So do missing ones.
    """
    from scipy.stats import false_discovery_control

    family = [place for place, p in enumerate(p_values) if p is not None and place != alone]
    result = list(p_values)
    if family:
        corrected = false_discovery_control([min(p_values[place] or 0.0, 1.0) for place in family])
        for place, value in zip(family, corrected, strict=True):
            result[place] = float(value)
    return result
