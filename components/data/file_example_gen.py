"""What all ExampleGens that read files have in common: which files, and which spans."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from millwork.components.data.column_names import check_names
from millwork.components.data.example_gen import FILE_FORMATS, ExampleGen
from millwork.components.data.input_files import SpanFiles, check_spans, find_inputs
from millwork.components.data.spans import SpanPattern, Spans, written
from millwork.components.data.writing import ExamplesWriter
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.signature import InputPath
from millwork.core.storage import is_remote

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)


class Table(Protocol):
    """Some files as one table."""

    @property
    def schema(self) -> pa.Schema:
        """In flat form, the same for all files."""

    def batches(self, path: Path) -> Iterator[pa.RecordBatch]:
        """The rows of one of the files, with the table's schema."""

    def where(self, path: Path, row: int) -> str:
        """A row of a file, the first being 0, for a message."""


class FileExampleGen(ExampleGen):
    """A component that reads files. A subclass says by `table` how."""

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
    columns: tuple[str, ...] | None = None
    """The columns to keep, by default all."""

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
        super().check()
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
        self.check_partition(table.schema)
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

    def chosen_columns(self, found: Sequence[str]) -> list[str]:
        """The columns to keep of those in the files."""
        self.check_known("columns", self.columns or (), found, BadInput)
        return list(self.columns or found)

    @property
    def _patterns(self) -> dict[str, SpanPattern | None]:
        """The pattern of each input; one without a name if there are no `input_splits`."""
        if self.input_splits is None:
            return {"": None if self.pattern is None else SpanPattern(self.pattern)}
        return {name: SpanPattern(text) for name, text in self.input_splits.items()}

    def _divided(
        self, inputs: Mapping[str, Sequence[Path]], table: Table
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The rows of one span, each batch with its split."""
        for name, paths in inputs.items():
            for path in paths:
                yield from self.divided(name, table.batches(path), partial(table.where, path))


def _all_files(found: Iterable[SpanFiles]) -> list[Path]:
    """Each file once."""
    return list(dict.fromkeys(path for one in found for paths in one.files.values() for path in paths))


def _listed(files: Sequence[Path]) -> str:
    more = f" and {len(files) - 3} more" if len(files) > 3 else ""
    return ", ".join(map(str, files[:3])) + more
