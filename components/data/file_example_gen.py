"""What all ExampleGens that read files have in common: which files, which spans, which splits."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from millwork.components.data.column_names import check_names
from millwork.components.data.input_files import SpanFiles, check_spans, find_inputs
from millwork.components.data.spans import SpanPattern, Spans, written
from millwork.components.data.splitting import DEFAULT_BUCKETS, check_splits, hash_split
from millwork.components.data.writing import ExamplesWriter
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, MillworkError, WrongArgument, did_you_mean
from millwork.core.signature import InputPath
from millwork.core.storage import is_remote

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

FILE_FORMATS = {"parquet": PARQUET, "tfrecord": TFRECORD}


class Table(Protocol):
    """Some files as one table."""

    @property
    def schema(self) -> pa.Schema:
        """In flat form, the same for all files."""

    def batches(self, path: Path) -> Iterator[pa.RecordBatch]:
        """The rows of one of the files, with the table's schema."""

    def where(self, path: Path, row: int) -> str:
        """A row of a file, the first being 0, for a message."""


class FileExampleGen(Component):
    """A component that reads files. A subclass says by `table` how."""

    base_type = "mlmd.Process"

    input_base: InputPath
    """A folder, a file, or a pattern such as `data/part-*`."""
    pattern: str | None = None
    """Which files in the folder, such as `**/part-*`; by default those that are in it directly. `{SPAN}`, `{VERSION}`
    or `{YYYY}`, `{MM}` and `{DD}` in it tell the span and the version of a file: `{YYYY}-{MM}-{DD}/*`."""
    input_splits: Mapping[str, str] | None = None
    """Names of splits, each with a `pattern` of its own. All are read in the same spans and versions."""
    span: Spans | None = None
    """Which span to read, a number or a day such as "2024-05-31"; by default the latest. StaticRange(start, end) or
    RollingRange(last=7) are several. A span is read in its latest version."""
    splits: Mapping[str, int] | None = None
    """Names of splits, each with its share (hash buckets) of a single input. By default train 2, eval 1."""
    partition_feature: str | None = None
    """An int or string column: rows with the same value in it go to the same split."""
    columns: tuple[str, ...] | None = None
    """The columns to keep, by default all."""
    format: Literal["parquet", "tfrecord"] = "parquet"
    examples: Examples = output()

    @abstractmethod
    def table(self, files: Sequence[Path]) -> Table:
        """These files as one table. BadInput if they are none."""

    def check(self) -> None:
        if is_remote(str(self.input_base)):
            raise WrongArgument(
                f"{self._name} reads files on this machine, and {str(self.input_base)!r} is not here. "
                "Copy or mount it"
            )
        if self.pattern is not None and self.input_splits is not None:
            raise WrongArgument(
                f"{self._name}: pattern chooses the files of a single input, and input_splits has a pattern for each "
                "of its inputs. Leave one of the two out"
            )
        check_splits(self.input_splits, self.splits, self.partition_feature)
        check_spans(Path(self.input_base), self._patterns, self.span)
        if self.columns is not None:
            check_names("columns", self.columns)
            self.check_known("partition_feature", self._partition, self.columns, WrongArgument)

    def external_files(self) -> Iterable[Path]:
        return _all_files(self.found())

    def run(self) -> None:
        found = self.found()
        files = _all_files(found)
        table = self.table(files)
        self._check_partition(table.schema)
        names = list(self._buckets or self._patterns)
        with ExamplesWriter(
            self.examples, names, FILE_FORMATS[self.format], table.schema, parts=len(found)
        ) as writer:
            for part, one in enumerate(found):
                for split, rows in self._divided(one.files, table):
                    writer.write(split, rows, part)
            if not any(writer.num_rows.values()):
                raise BadInput(f"{_listed(files)}: there are no rows")
        self.record_spans(found)

    def found(self) -> list[SpanFiles]:
        """The files of each span that is read, oldest first: a single one if the patterns tell no span."""
        return find_inputs(Path(self.input_base), self._patterns, self.span)

    def record_spans(self, found: Sequence[SpanFiles]) -> None:
        """Set the properties that say which spans the examples are of."""
        self.examples.span, self.examples.version = found[-1].span, found[-1].version
        patterns = [pattern for pattern in self._patterns.values() if pattern and pattern.has_spans]
        if patterns:
            self.examples.spans = {str(one.span): one.version for one in found}
            for one in found:
                version = f", version {one.version}" if "VERSION" in patterns[0].told else ""
                logger.info("Read span %s%s", written(one.span, days=patterns[0].has_days), version)

    def check_known(
        self, argument: str, names: Iterable[str], known: Sequence[str], error: type[MillworkError]
    ) -> None:
        """Refuse an argument that names a column which is not there."""
        for name in names:
            if name not in known:
                raise error(f"{self._name}: {argument} names a column {name!r}. {did_you_mean(name, known)}")

    def chosen_columns(self, found: Sequence[str]) -> list[str]:
        """The columns to keep of those in the files."""
        self.check_known("columns", self.columns or (), found, BadInput)
        chosen = list(self.columns or found)
        self.check_known("partition_feature", self._partition, chosen, BadInput)
        return chosen

    @property
    def _name(self) -> str:
        return type(self).__name__

    @property
    def _partition(self) -> tuple[str, ...]:
        return () if self.partition_feature is None else (self.partition_feature,)

    @property
    def _patterns(self) -> dict[str, SpanPattern | None]:
        """The pattern of each input; one without a name if there are no `input_splits`."""
        if self.input_splits is None:
            return {"": None if self.pattern is None else SpanPattern(self.pattern)}
        return {name: SpanPattern(text) for name, text in self.input_splits.items()}

    @property
    def _buckets(self) -> Mapping[str, int] | None:
        """The shares of the splits, or None if the inputs are the splits."""
        return None if len(self.input_splits or ()) > 1 else self.splits or DEFAULT_BUCKETS

    def _divided(
        self, inputs: Mapping[str, Sequence[Path]], table: Table
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The rows of one span, each batch with its split."""
        for name, paths in inputs.items():
            for path in paths:
                done = 0
                for rows in table.batches(path):
                    if self._buckets is None:
                        yield name, rows
                        continue
                    if (gap := self._row_without_partition(rows)) is not None:
                        raise BadInput(
                            f"{table.where(path, done + gap)}: {self.partition_feature!r}, the partition_feature, is "
                            "missing, so nothing says which split this row goes to. Fill it in, or choose another "
                            "column"
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

    def _check_partition(self, schema: pa.Schema) -> None:
        import pyarrow as pa

        for name in self._partition:
            kind = schema.field(name).type
            if pa.types.is_floating(kind) or pa.types.is_list(kind):
                held = "lists" if pa.types.is_list(kind) else "floats, which are hardly ever equal"
                raise BadInput(
                    f"partition_feature: column {name!r} holds {held}. Choose a column of integers or strings"
                )


def _all_files(found: Iterable[SpanFiles]) -> list[Path]:
    """Each file once."""
    return list(dict.fromkeys(path for one in found for paths in one.files.values() for path in paths))


def _listed(files: Sequence[Path]) -> str:
    more = f" and {len(files) - 3} more" if len(files) > 3 else ""
    return ", ".join(map(str, files[:3])) + more
