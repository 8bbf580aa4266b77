"""Bring CSV files into the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from millwork.components.data.csv_files import CsvFile, CsvFormat, TextBlock, check_names
from millwork.components.data.csv_table import common_columns, infer_kinds, schema_of, typed_batch
from millwork.components.data.csv_types import Kind
from millwork.components.data.input_files import find_files
from millwork.components.data.splitting import DEFAULT_BUCKETS, check_splits, hash_split
from millwork.components.data.writing import ExamplesWriter
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, MillworkError, WrongArgument, did_you_mean
from millwork.core.signature import InputPath
from millwork.core.storage import is_remote

if TYPE_CHECKING:
    import pyarrow as pa

FILE_FORMATS = {"parquet": PARQUET, "tfrecord": TFRECORD}


class CsvExampleGen(Component):
    """Read CSV files, find out the types of the columns and divide the rows into splits.

    `input_base` is a folder, a file, or a pattern such as `data/2024-*.csv`; files may be gzipped. All its
    files are one input, whose rows are divided by `splits`: a hash of its content decides where a row goes
    (TFX's rule, with TFX's result), so it stays there when other rows come and go. Rows that are divided
    already are read by `input_splits={"train": "train/*.csv", "eval": "eval/*.csv"}`.

    A column that `column_types` does not declare is int if every value in every file is, else float if every
    value is a number, else string: one 'abc' among numbers makes them strings, and so does an integer of more
    than 64 bits. A column without any value has no type (Arrow's null). All this is as TFX does it.

        examples = CsvExampleGen(input_base="data", splits={"train": 8, "eval": 2}).examples

    Missing is what is empty and not quoted, and what is in `null_values`. A quoted empty text is the string
    '' (TFX takes it for missing), but missing in a column of numbers.
    """

    base_type = "mlmd.Process"
    libraries = ("pyarrow",)

    input_base: InputPath
    input_splits: Mapping[str, str] | None = None
    """Names of splits, each with a pattern for its files, relative to `input_base`."""
    splits: Mapping[str, int] | None = None
    """Names of splits, each with its share (hash buckets) of a single input. By default train 2, eval 1."""
    partition_feature: str | None = None
    """An int or string column: rows with the same value in it go to the same split."""
    columns: tuple[str, ...] | None = None
    """The columns to keep, by default all."""
    column_types: Mapping[str, Literal["int", "float", "string"]] | None = None
    null_values: tuple[str, ...] = ()
    """Texts besides the empty one that mean a missing value when they are not quoted, such as NA."""
    delimiter: str = ","
    quote: str | None = '"'
    """None: quotes are ordinary characters."""
    header: bool = True
    column_names: tuple[str, ...] | None = None
    """Of files without a header."""
    encoding: str = "utf-8"
    format: Literal["parquet", "tfrecord"] = "parquet"
    examples: Examples = output()

    def check(self) -> None:
        if is_remote(str(self.input_base)):
            raise WrongArgument(
                f"CsvExampleGen reads files on this machine, and {str(self.input_base)!r} is not here. "
                "Copy or mount it"
            )
        check_splits(self.input_splits, self.splits, self.partition_feature)
        if self.header == (self.column_names is not None):
            raise WrongArgument(
                "CsvExampleGen: pass header=False and column_names=(...) for files without a header, and "
                "neither of them for files with one. To choose columns, pass columns=(...)"
            )
        if self.columns is not None:
            check_names("columns", self.columns)
        if self._csv_format.column_names is not None:
            self._check_known("columns", self.columns or (), self.column_names or (), WrongArgument)
        if known := self.columns or self.column_names:
            self._check_references(known, WrongArgument)

    def external_files(self) -> Iterable[Path]:
        return [path for paths in self._input_files().values() for path in paths]

    def run(self) -> None:
        inputs = {
            name: [CsvFile(path, self._csv_format) for path in paths]
            for name, paths in self._input_files().items()
        }
        files = list(chain.from_iterable(inputs.values()))
        kinds = infer_kinds(files, self._chosen_columns(common_columns(files)), self.column_types or {})
        self._check_partition_kind(kinds)
        names = list(self._buckets or inputs)
        with ExamplesWriter(self.examples, names, FILE_FORMATS[self.format], schema_of(kinds)) as writer:
            for name in inputs:
                for block in chain.from_iterable(file.blocks(list(kinds)) for file in inputs[name]):
                    for split, rows in self._divide(name, block, typed_batch(block, kinds)).items():
                        writer.write(split, rows)
            if not any(writer.num_rows.values()):
                raise BadInput(
                    f"{', '.join(str(file.path) for file in files)}: there are no rows, only a header"
                )

    @property
    def _csv_format(self) -> CsvFormat:
        return CsvFormat(self.delimiter, self.quote, self.encoding, self.column_names, self.null_values)

    @property
    def _buckets(self) -> Mapping[str, int] | None:
        """The shares of the splits, or None if the inputs are the splits."""
        return None if len(self.input_splits or ()) > 1 else self.splits or DEFAULT_BUCKETS

    def _input_files(self) -> dict[str, list[Path]]:
        """The files of each input; one without a name if there are no `input_splits`."""
        base = Path(self.input_base)
        if self.input_splits is None:
            return {"": find_files(base)}
        return {name: find_files(base, pattern) for name, pattern in self.input_splits.items()}

    def _divide(self, name: str, block: TextBlock, rows: pa.RecordBatch) -> Mapping[str, pa.RecordBatch]:
        """The rows of each split, in a block of the input `name`."""
        if self._buckets is None:
            return {name: rows}
        if self.partition_feature is not None:
            values = rows.column(rows.schema.get_field_index(self.partition_feature))
            if values.null_count:
                row = values.is_null().index(True).as_py()
                raise BadInput(
                    f"{block.where(row)}: {self.partition_feature!r}, the partition_feature, is missing, so "
                    "nothing says which split this row goes to. Fill it in, or choose another column"
                )
        return hash_split(rows, self._buckets, self.partition_feature)

    def _chosen_columns(self, found: Sequence[str]) -> Sequence[str]:
        """The columns to keep of those in the files."""
        self._check_known("columns", self.columns or (), found, BadInput)
        self._check_references(self.columns or found, BadInput)
        return self.columns or found

    def _check_references(self, columns: Sequence[str], error: type[MillworkError]) -> None:
        partition = () if self.partition_feature is None else (self.partition_feature,)
        self._check_known("partition_feature", partition, columns, error)
        self._check_known("column_types", self.column_types or (), columns, error)

    def _check_known(
        self, argument: str, names: Iterable[str], known: Sequence[str], error: type[MillworkError]
    ) -> None:
        for name in names:
            if name not in known:
                raise error(f"CsvExampleGen: {argument} names a column {name!r}. {did_you_mean(name, known)}")

    def _check_partition_kind(self, kinds: Mapping[str, Kind]) -> None:
        name = self.partition_feature
        if name is not None and kinds[name] == "float":
            raise BadInput(
                f"partition_feature: column {name!r} holds floats, which are hardly ever equal. Choose a "
                "column of integers or strings, or declare this one as string in column_types"
            )
