"""Which slices a row belongs to: an EvalConfig's slicing specs, applied to columns of feature values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from millwork.evaluation.metrics.batches import RowSlices
from millwork.evaluation.metrics.keys import CrossSliceKey, SliceKey
from millwork.evaluation.metrics.values import Results

if TYPE_CHECKING:
    import pyarrow as pa


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
