"""The bootstrap, vectorised: how much metrics vary if the rows are drawn again.

All models, metrics and slices see the same draws, so that what they share cancels in their difference. Many rows are
first put into `GROUPS` random groups of equal size, and groups are drawn: a sum over random groups varies as much as
one over rows (the standard error is off by about 1 in √(2·4096) = 1 %, less than what a thousand resamples leave), at
a cost that does not grow with rows. Fewer rows are drawn one by one.

Intervals are Efron's (1987) BCa: corrected for bias and for skewness. The p-value is that of the interval which ends
at no change. Beyond the outermost resamples both continue as a normal distribution would: otherwise a thousand
resamples could never show p < 0.001, and a correction for many slices never find anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from millwork.evaluation.comparing.estimate import NORMAL, Estimate, p_value_of, unseen_estimate
from millwork.evaluation.comparing.sums import Sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUPS = 4096
TAIL = 0.02
"""The share of resamples at either end that is too few to tell the shape of the distribution."""


@dataclass(frozen=True, eq=False)
class Resamples:
    """How often each group was drawn in each resample, and to which group each row belongs."""

    group: NDArray[np.int32]
    """Of each row."""
    counts: NDArray[np.float32]
    """(resamples, groups)"""

    def among(self, places: NDArray[np.int64]) -> Resamples:
        """The same draws, of only the rows at these places."""
        import numpy as np

        if len(places) == len(self.group):
            return self
        group = self.group[places]
        present = np.bincount(group, minlength=self.counts.shape[1]) > 0
        if present.all():
            return Resamples(group, self.counts)
        renumbered = (np.cumsum(present) - 1).astype(np.int32)
        return Resamples(renumbered[group], self.counts[:, present])

    @cached_property
    def _exact_counts(self) -> NDArray[np.float64]:
        import numpy as np

        return self.counts.astype(np.float64)

    def tables(self, sums: Sums) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """The table (groups, cells) of each group, and that of each resample (resamples, cells)."""
        import numpy as np

        groups = sums.by_group(self.group.astype(np.int64), self.counts.shape[1])
        if sums.coarse:
            return groups, self.counts @ groups.astype(np.float32)
        return groups, self._exact_counts @ groups


def draw(rows: int, resamples: int, seed: int, stream: int = 0) -> Resamples:
    """Resamples of so many rows. Each stream of a seed is independent of the others."""
    import numpy as np

    random = np.random.default_rng([seed, stream])
    groups = min(rows, GROUPS)
    group = (np.arange(rows) % groups).astype(np.int32)
    if rows > groups:
        random.shuffle(group)
    counts = np.empty((resamples, groups), np.float32)
    for number in range(resamples):
        counts[number] = np.bincount(random.integers(0, groups, groups), minlength=groups)
    return Resamples(group, counts)


@dataclass(frozen=True, eq=False)
class Replicates:
    """A metric of one model, and what the resamples make of it."""

    value: float
    resampled: NDArray[np.float64]
    without: NDArray[np.float64]
    """The value with one group left out, for each."""
    rows: float
    """Effective rows."""

    @property
    def influence(self) -> NDArray[np.float64]:
        """What each group adds to the value."""
        import numpy as np

        influence: NDArray[np.float64] = np.nanmean(self.without) - self.without
        return np.nan_to_num(influence)


def replicate(value: float, tables: list[Sums], resamples: Resamples, rows: float) -> Replicates:
    """The metric in each resample: the mean of its tables' values."""
    import numpy as np

    resampled, without = np.zeros(len(resamples.counts)), np.zeros(resamples.counts.shape[1])
    for sums in tables:
        groups, drawn = resamples.tables(sums)
        total = groups.sum(axis=0)
        # Resampled curves are coarser than the curve: what counts is how far they are from their like.
        shift = sums.value(total)
        resampled += sums.value(drawn) - shift
        without += sums.value(total - groups) - shift
    return Replicates(value, value + resampled / len(tables), value + without / len(tables), rows)


def change_by_bootstrap(
    baseline: Replicates, challenger: Replicates, paired: bool, confidence: float, share: bool
) -> Estimate | None:
    """The change with its BCa interval. None: hardly any resample has both values."""
    import numpy as np

    change, changes = challenger.value - baseline.value, challenger.resampled - baseline.resampled
    method = "paired bootstrap" if paired else "unpaired bootstrap"
    changes = np.sort(changes[np.isfinite(changes)])
    if len(changes) < len(baseline.resampled) / 2:
        return None
    error = float(changes.std(ddof=1))
    if error < 1e-12:
        if share:
            return unseen_estimate(change, min(baseline.rows, challenger.rows), confidence, method)
        return Estimate(change, change, change, float(change == 0), 0.0, method)
    if paired:
        influence = challenger.influence - baseline.influence
    else:
        influence = np.concatenate([challenger.influence, -baseline.influence])
    bca = _Bca(change, changes, influence)
    tail = (1 - confidence) / 2
    lower, upper = bca.end(NORMAL.inv_cdf(tail)), bca.end(NORMAL.inv_cdf(1 - tail))
    return Estimate(change, lower, upper, p_value_of(bca.normal(0.0)), error, method)


class _Bca:
    """The distribution of resampled changes, and the corrections that make it one of the true change."""

    def __init__(self, change: float, ordered: NDArray[np.float64], influence: NDArray[np.float64]) -> None:
        import numpy as np

        number = len(ordered)
        tail = max(round(TAIL * number), 1)
        kept = np.arange(tail, number - tail)
        self._x = ordered[kept]
        self._z = np.array([NORMAL.inv_cdf((place + 0.5) / number) for place in kept])
        middle = float(np.interp(0.0, self._z, self._x))
        self._slopes = [(self._x[end] - middle) / self._z[end] for end in (0, -1)]
        below = (np.count_nonzero(ordered < change) + np.count_nonzero(ordered <= change)) / 2 / number
        self._bias = NORMAL.inv_cdf(min(max(below, 1 / number), 1 - 1 / number))
        squares = float((influence**2).sum())
        self._skew = float((influence**3).sum()) / (6 * squares**1.5) if squares else 0.0

    def end(self, z: float) -> float:
        """The change at which a corrected normal distribution has this quantile."""
        import numpy as np

        moved = self._bias + z
        at = self._bias + moved / (1 - self._skew * moved)
        for place, outside in ((0, at < self._z[0]), (-1, at > self._z[-1])):
            if outside:
                return float(self._x[place] + (at - self._z[place]) * self._slopes[place])
        return float(np.interp(at, self._z, self._x))

    def normal(self, change: float) -> float:
        """The inverse of `end`."""
        import numpy as np

        at = float(np.interp(change, self._x, self._z))
        for place, outside in ((0, change < self._x[0]), (-1, change > self._x[-1])):
            if outside:
                slope = self._slopes[place] or 1e-300
                at = float(self._z[place] + (change - self._x[place]) / slope)
        moved = at - self._bias
        return moved / (1 + self._skew * moved) - self._bias
