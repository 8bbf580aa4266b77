"""Writing `Examples`: one file for each split (and span), as Parquet or as gzipped TFRecords of tf.Example."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from millwork.components.data.forms import to_flat_form
from millwork.components.data.tf_example import encode
from millwork.components.data.tfrecord import TfRecordWriter
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.errors import BadInput, WrongArgument

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 65_536
"""Rows that Parquet keeps together, what a reader unpacks at once, unless they are wide."""

ROW_GROUP_BYTES = 64 << 20
"""About as many bytes as a row group may have in memory."""

MEASURED_ROWS = 1_024
"""The first rows tell how wide a row is: always the same ones, so that the same rows give the same file."""


class ExamplesWriter:
    """Writes batches into the splits of an `Examples` artifact and, at the end, sets its properties.

        with ExamplesWriter(examples, ["train", "eval"]) as writer:
            writer.write("train", batch)

    Batches are in flat or feature form, of any size, and all with the same columns: those of `schema`, or of
    the first batch. The same rows in the same order give the same bytes, however they were cut into batches.
    A split that gets no rows still has a valid file.

    With `parts`, such as spans, each split has as many files. They are written one after the other, so that only one
    of each split is open.
    """

    def __init__(
        self,
        examples: Examples,
        split_names: Sequence[str],
        file_format: str = PARQUET,
        schema: pa.Schema | None = None,
        parts: int = 1,
    ) -> None:
        if file_format not in (PARQUET, TFRECORD):
            raise WrongArgument(
                f"Examples are written as {PARQUET!r} or {TFRECORD!r}, not as {file_format!r}"
            )
        self._examples = examples
        self._format = file_format
        self._schema = schema
        self._parts = parts
        self.num_rows = dict.fromkeys(split_names, 0)
        """Written so far, per split."""
        self._files: dict[str, list[SplitFile]] = {name: [] for name in split_names}
        """Of each part so far; only the last is open."""
        self._stack = ExitStack()

    def write(self, split: str, batch: pa.RecordBatch, part: int = 0) -> None:
        """Append rows to a split: to its last part that was written to, or to a later one."""
        flat = self._conform(to_flat_form(batch))
        self._file(split, part).write(flat)
        self.num_rows[split] += flat.num_rows

    def write_records(self, split: str, records: Sequence[bytes], part: int = 0) -> None:
        """The same for records that are serialised, which keep their bytes. Only TFRecords hold such."""
        file = self._file(split, part)
        if not isinstance(file, TfRecordFile):
            raise WrongArgument(f"Serialised records are written as {TFRECORD!r}, not as {self._format!r}")
        file.write_records(records)
        self.num_rows[split] += len(records)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if error is None:
                for split in self.num_rows:
                    self._file(split, self._parts - 1)
        if error is None:
            self._set_properties()

    def _set_properties(self) -> None:
        self._examples.split_names = tuple(self.num_rows)
        self._examples.num_examples = dict(self.num_rows)
        self._examples.file_format = self._format

    def _file(self, split: str, part: int) -> SplitFile:
        if split not in self.num_rows:
            raise WrongArgument(f"There is no split {split!r} to write to, only {', '.join(self.num_rows)}")
        files = self._files[split]
        while len(files) <= part:
            if files:
                files[-1].close()
            files.append(self._stack.enter_context(closing(self._open(split, len(files)))))
        assert len(files) == part + 1, f"part {part} of split {split!r} is finished"
        return files[part]

    def _open(self, split: str, part: int) -> SplitFile:
        import pyarrow as pa

        folder = self._examples.path / f"Split-{split}"
        folder.mkdir(parents=True, exist_ok=True)
        shard = f"{part:05}-of-{self._parts:05}"
        if self._format == PARQUET:
            return ParquetFile(folder / f"data_parquet-{shard}.parquet", self._schema or pa.schema([]))
        return TfRecordFile(folder / f"data_tfrecord-{shard}.gz")

    def _conform(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the schema of those before it; only a column without values may differ."""
        import pyarrow as pa

        self._schema = self._schema or batch.schema
        if batch.schema.equals(self._schema):
            return batch
        if batch.schema.names != self._schema.names:
            raise BadInput(
                f"A batch has the columns {', '.join(batch.schema.names)}, but those before it "
                f"{', '.join(self._schema.names)}. All batches of one Examples need the same columns"
            )
        columns = []
        for column, field in zip(batch.columns, self._schema, strict=True):
            if column.type != field.type and not pa.types.is_null(column.type):
                raise BadInput(
                    f"Column {field.name!r} is {column.type} in one batch and {field.type} in those before it"
                )
            columns.append(column.cast(field.type))
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)


class SplitFile(Protocol):
    """A data file of one split, open for writing. It may be closed twice."""

    def write(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None: ...


class TfRecordFile:
    """Serialised records: a tf.Example for each row, or what comes serialised."""

    def __init__(self, path: Path) -> None:
        self._records = TfRecordWriter(path)
        self._open = True

    def write(self, batch: pa.RecordBatch) -> None:
        self.write_records(encode(batch))

    def write_records(self, records: Sequence[bytes]) -> None:
        self._records.write(records)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._records.close()


class ParquetFile:
    """Rows in groups of equal size."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self._writer = pq.ParquetWriter(path, schema)
        self._waiting: list[pa.RecordBatch] = []
        self._group = 0

    def write(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        if sum(b.num_rows for b in self._waiting) >= (self._group or MEASURED_ROWS):
            self._write_groups(last=False)

    def close(self) -> None:
        if self._writer.is_open:
            self._write_groups(last=True)
            self._writer.close()

    def _write_groups(self, last: bool) -> None:
        """Write what waits; rows that fill no group are kept, unless they are the last."""
        import pyarrow as pa

        rows = pa.Table.from_batches(self._waiting, self._writer.schema)
        self._group = self._group or _rows_in_group(rows)
        least = 1 if last else self._group
        start = 0
        while rows.num_rows - start >= least:
            self._writer.write_table(rows.slice(start, self._group).combine_chunks())
            start += self._group
        self._waiting = rows.slice(start).to_batches()


def _rows_in_group(rows: pa.Table) -> int:
    measured = rows.slice(0, MEASURED_ROWS)
    width = max(measured.nbytes / max(measured.num_rows, 1), 1)
    return min(ROW_GROUP, max(int(ROW_GROUP_BYTES / width), 1))
