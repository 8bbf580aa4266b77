"""Many slices, many chances of a false alarm: Benjamini and Hochberg's (1995) correction."""

from __future__ import annotations

from collections.abc import Sequence


def adjusted(p_values: Sequence[float | None], alone: int = 0) -> list[float | None]:
    """The p-values of one family, such that rejecting those up to alpha finds at most that share in error.

    The one at `alone` (Overall) is no member of the family: it stays as it is. So do missing ones.
    """
    import numpy as np

    family = [place for place, p in enumerate(p_values) if p is not None and place != alone]
    result = list(p_values)
    if family:
        # As scipy.stats.false_discovery_control, which takes longer to load than all the rest to compute.
        p = np.array([min(p_values[place] or 0.0, 1.0) for place in family])
        order = np.argsort(-p, kind="stable")
        scaled = p[order] * len(p) / np.arange(len(p), 0, -1)
        for place, value in zip(order, np.minimum.accumulate(scaled), strict=True):
            result[family[place]] = float(min(value, 1.0))
    return result
