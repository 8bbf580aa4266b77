"""What all ExampleGens have in common: which split a row goes to, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from millwork.components.data.splitting import DEFAULT_BUCKETS, check_splits, hash_split
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, MillworkError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

FILE_FORMATS = {"parquet": PARQUET, "tfrecord": TFRECORD}


class ExampleGen(Component):
    """A component that brings rows into the pipeline: one input, which is divided, or one for each split."""

    base_type = "mlmd.Process"

    input_splits: Mapping[str, str] | None = None
    """Names of splits, each with where its rows come from."""
    splits: Mapping[str, int] | None = None
    """Names of splits, each with its share (hash buckets) of a single input. By default train 2, eval 1."""
    partition_feature: str | None = None
    """An int or string column: rows with the same value in it go to the same split."""
    format: Literal["parquet", "tfrecord"] = "parquet"
    examples: Examples = output()

    def check(self) -> None:
        check_splits(self.input_splits, self.splits, self.partition_feature)

    @property
    def _name(self) -> str:
        return type(self).__name__

    @property
    def _partition(self) -> tuple[str, ...]:
        return () if self.partition_feature is None else (self.partition_feature,)

    @property
    def _buckets(self) -> Mapping[str, int] | None:
        """The shares of the splits, or None if the inputs are the splits."""
        return None if len(self.input_splits or ()) > 1 else self.splits or DEFAULT_BUCKETS

    def check_known(
        self, argument: str, names: Iterable[str], known: Sequence[str], error: type[MillworkError]
    ) -> None:
        """Refuse an argument that names a column which is not there."""
        for name in names:
            if name not in known:
                raise error(f"{self._name}: {argument} names a column {name!r}. {did_you_mean(name, known)}")

    def check_partition(self, schema: pa.Schema) -> None:
        """Refuse a partition feature that is not there, or whose values are hardly ever equal."""
        import pyarrow as pa

        self.check_known("partition_feature", self._partition, schema.names, BadInput)
        for name in self._partition:
            kind = schema.field(name).type
            if pa.types.is_floating(kind) or pa.types.is_list(kind):
                held = "lists" if pa.types.is_list(kind) else "floats, which are hardly ever equal"
                raise BadInput(
                    f"partition_feature: column {name!r} holds {held}. Choose a column of integers or strings"
                )

    def divided(
        self, name: str, batches: Iterable[pa.RecordBatch], where: Callable[[int], str]
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The rows of one input, or a part of it, each batch with its split. `where` tells for a message which row it
        is, the first being 0."""
        done = 0
        for rows in batches:
            if self._buckets is None:
                yield name, rows
                continue
            if (gap := self._row_without_partition(rows)) is not None:
                raise BadInput(
                    f"{where(done + gap)}: {self.partition_feature!r}, the partition_feature, is missing, so nothing "
                    "says which split this row goes to. Fill it in, or choose another column"
                )
            yield from hash_split(rows, self._buckets, self.partition_feature).items()
            done += rows.num_rows

    def _row_without_partition(self, rows: pa.RecordBatch) -> int | None:
        for name in self._partition:
            values = rows.column(rows.schema.get_field_index(name))
            if values.null_count:
                row: int = values.is_null().index(True).as_py()
                return row
        return None
