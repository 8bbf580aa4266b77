"""Which slices a row belongs to: an EvalConfig's slicing specs, applied to columns of feature values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millwork.evaluation.metrics.keys import CrossSliceKey, SliceKey
from millwork.evaluation.metrics.values import Results

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True)
class RowSlices:
    """The slices of the rows of a batch."""

    keys: Sequence[SliceKey]
    """By number. It grows from batch to batch, and numbers keep their meaning."""
    rows: NDArray[np.int64]
    """Row numbers in the batch; a row is there once for each of its slices."""
    slices: NDArray[np.int64]
    """Of each element of `rows`, the number of the slice."""


class Slicer:
    """Numbers the slices of a data set as they appear, batch after batch."""

    def __init__(self, eval_config: Any) -> None: ...

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that `slice` needs."""
        raise NotImplementedError

    @property
    def others(self) -> tuple[Any, ...]:
        """The `SlicingSpec`s with `slice_keys_sql`, which only TFMA understands."""
        raise NotImplementedError

    def slice(self, columns: Mapping[str, pa.Array], rows: int) -> RowSlices:
        """The slices of `rows` rows. Raises BadInput on a missing column and on too many slices."""
        raise NotImplementedError


def cross_slices(eval_config: Any, keys: Sequence[SliceKey]) -> tuple[CrossSliceKey, ...]:
    """The pairs of slices that `cross_slicing_specs` compares."""
    raise NotImplementedError


def cross_slice_results(eval_config: Any, results: Results) -> dict[CrossSliceKey, dict[Any, Any]]:
    """The differences between slices, baseline slice minus comparison slice, as TFMA's."""
    raise NotImplementedError
