"""Which resamples a row is in, for confidence intervals: by its number, so that batches and shards do not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from millwork.evaluation.metrics.batches import Batch
from millwork.evaluation.tfma_protos import tfma_protos

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 20
"""TFMA's number of jackknife buckets, and of bootstrap samples."""


class Method(StrEnum):
    NONE = "none"
    JACKKNIFE = "jackknife"
    BOOTSTRAP = "bootstrap"


@dataclass(frozen=True)
class Sampling:
    """How rows are dealt to parts, and how samples are made of the parts' sums.

    Jackknife: each row is in one of 20 parts; a sample is all parts but one. Poisson bootstrap: part 0 has all
    rows, each other part has each row as often as a Poisson distribution of mean 1 says, and is a sample.
    """

    method: Method = Method.NONE

    @property
    def parts(self) -> int:
        return {Method.NONE: 1, Method.JACKKNIFE: RESAMPLES, Method.BOOTSTRAP: RESAMPLES + 1}[self.method]

    def dealt(self, batch: Batch) -> Iterator[tuple[NDArray[np.int64] | int, NDArray[np.float64] | None]]:
        """For each time that the rows are counted: their part, and how often (None: once)."""
        import numpy as np

        numbers = batch.first_row + np.arange(len(batch.labels), dtype=np.int64)
        if self.method is Method.JACKKNIFE:
            yield (_hashed(numbers, 0) % np.uint64(RESAMPLES)).astype(np.int64), None
            return
        yield 0, None
        if self.method is Method.BOOTSTRAP:
            for part in range(1, self.parts):
                yield part, _poisson(_hashed(numbers, part))

    def samples(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Components x parts x cells to components x samples x cells: all rows first, then the resamples."""
        import numpy as np

        if self.method is not Method.JACKKNIFE:
            return parts
        total: NDArray[np.float64] = parts.sum(axis=1, keepdims=True)
        return np.concatenate([total, _all_but_one(parts)], axis=1)


def sampling_of(eval_config: Any) -> Sampling:
    """What an `EvalConfig` says about confidence intervals. TFMA computes none without a method."""
    options, methods = eval_config.options, tfma_protos().config.ConfidenceIntervalOptions
    if not options.compute_confidence_intervals.value:
        return Sampling()
    known = {methods.JACKKNIFE: Method.JACKKNIFE, methods.POISSON_BOOTSTRAP: Method.BOOTSTRAP}
    return Sampling(known.get(options.confidence_intervals.method, Method.NONE))


def _all_but_one(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over all parts but each. Added up from both ends: a difference from the total would leave crumbs of 0."""
    import numpy as np

    before = np.cumsum(parts, axis=1)[:, :-1]
    after = np.cumsum(parts[:, ::-1], axis=1)[:, ::-1][:, 1:]
    nothing = np.zeros_like(parts[:, :1])
    sums: NDArray[np.float64] = np.concatenate([nothing, before], axis=1) + np.concatenate(
        [after, nothing], axis=1
    )
    return sums


def _hashed(numbers: NDArray[np.int64], stream: int) -> NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea and Flood, 2014) of row number and stream: 64 bits that look random."""
    import numpy as np

    bits = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    bits += np.uint64((stream * 0xD1342543DE82EF95 + 0x9E3779B97F4A7C15) % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return bits ^ (bits >> np.uint64(31))


def _poisson(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    """How often a row is drawn: the inverse of the distribution function at a uniform number."""
    import math

    import numpy as np

    uniform = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    probabilities = [math.exp(-1) / math.factorial(k) for k in range(20)]
    return np.searchsorted(np.cumsum(probabilities), uniform, side="right").astype(np.float64)
