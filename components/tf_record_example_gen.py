"""Bring TFRecord files into the pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.components.data.file_example_gen import FileExampleGen, Table
from millwork.components.data.payloads import NAMES, PayloadFormat, split_keys
from millwork.components.data.splitting import owners
from millwork.components.data.tfrecord_table import RecordTable, as_table, numbered_records, place_of
from millwork.components.data.writing import ExamplesWriter
from millwork.core.artifacts import TFRECORD
from millwork.core.errors import BadInput, WrongArgument

if TYPE_CHECKING:
    import pyarrow as pa


class TfRecordExampleGen(FileExampleGen):
    """Read TFRecord files of tf.Examples, tf.SequenceExamples or anything else, and divide the records into splits.

    It is TFX's ImportExampleGen. Files may be plain, gzipped or compressed with zlib; files, spans and splits are
    chosen as by CsvExampleGen. A damaged file is told with the number of the record.

        examples = TfRecordExampleGen(input_base="data/records").examples

    tf.Examples are written as Parquet, a column for each feature that occurs, or with `format="tfrecord"` as they are,
    byte for byte. Other records always stay as they are: `payload_format="tf_sequence_example"` or `"raw"` needs
    `format="tfrecord"`, too.

    A hash of the record decides its split, in TFX's way, and is the same for both formats. `partition_feature` is a
    feature of the tf.Example, or one in the context of the tf.SequenceExample.

    `fn_args.data_accessor` reads all of them. StatisticsGen and SchemaGen describe tf.SequenceExamples too; the other
    components refuse what has no columns.
    """

    libraries = ("tensorflow", "tfx_bsl", "pyarrow")

    payload_format: PayloadFormat = "tf_example"
    """What a record is. `raw` is FORMAT_PROTO in TFX: bytes that only your `run_fn` understands."""

    def check(self) -> None:
        super().check()
        if self.payload_format != "tf_example" and self.format != "tfrecord":
            raise WrongArgument(
                f"TfRecordExampleGen: only tf.Examples have columns for Parquet. With payload_format="
                f"{self.payload_format!r}, pass format='tfrecord', too: the records stay as they are"
            )
        if self.payload_format == "raw" and self.partition_feature is not None:
            raise WrongArgument(
                f"TfRecordExampleGen: raw records have no features, so partition_feature={self.partition_feature!r} "
                "means nothing. Without it a hash of the whole record decides"
            )
        if self.columns is not None and self.format == "tfrecord":
            raise WrongArgument(
                "TfRecordExampleGen: with format='tfrecord' records stay as they are. Choose columns with "
                "format='parquet', or leave columns=... out"
            )

    def table(self, files: Sequence[Path]) -> RecordTable:
        return as_table(files, self.chosen_columns)

    def run(self) -> None:
        if self.format == "parquet":
            super().run()
            return
        found = self.found()
        names = list(self._buckets or self._patterns)
        with ExamplesWriter(self.examples, names, TFRECORD, parts=len(found)) as writer:
            for part, one in enumerate(found):
                for split, records in self._divided_records(one.files):
                    writer.write_records(split, records, part)
            if not any(writer.num_rows.values()):
                raise BadInput(f"There is no record in any file of {str(self.input_base)!r}")
        self.examples.payload_format = NAMES[self.payload_format]
        self.record_spans(found)

    def _divided(
        self, inputs: Mapping[str, Sequence[Path]], table: Table
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        assert isinstance(table, RecordTable)
        for split, records in self._divided_records(inputs):
            yield split, table.batch(records)

    def _divided_records(self, inputs: Mapping[str, Sequence[Path]]) -> Iterator[tuple[str, list[bytes]]]:
        """The records of one span, each list with its split."""
        for name, paths in inputs.items():
            for path in paths:
                for start, records in numbered_records(path):
                    yield from self._by_split(name, path, start, records)

    def _by_split(
        self, name: str, path: Path, start: int, records: list[bytes]
    ) -> Iterator[tuple[str, list[bytes]]]:
        keys = split_keys(
            records,
            self.payload_format,
            self.partition_feature,
            lambda number: place_of(path, start + number),
        )
        if self._buckets is None:
            yield name, records
            return
        places = owners(keys, self._buckets)
        for place, split in enumerate(self._buckets):
            if chosen := [record for record, owner in zip(records, places, strict=True) if owner == place]:
                yield split, chosen
