"""What analyzers found in each file of rows, kept for the next analysis: TFT's analyzer cache in our files.

`<rows>/<analyzer>.gz` holds TFRecords: the name of an analyzer, and then what TFT keeps of it. `<rows>` is a digest of
the content of the file and of all else that decides what an analyzer finds in it, so nothing in the cache is ever out
of date. TFT's own files of this kind hold pickles, which a cache that somebody else wrote should not.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.components.data.tfrecord import TfRecordWriter, read_records
from millwork.core.storage import file_digest

if TYPE_CHECKING:
    import apache_beam as beam
    from tensorflow_transform.beam.analyzer_cache import DatasetCache, DatasetKey

RECORDS = 4_096


@dataclass(frozen=True)
class AnalyzerCache:
    """Reads one cache and writes another."""

    earlier: Path | None
    """What an earlier run kept, if there is something."""
    later: Path | None
    """Where to keep what this one finds, if it should."""
    version: str
    """A digest of what decides, besides the rows, what an analyzer finds: the code, the schema, the libraries."""

    def keys(self, files: Iterable[Path]) -> list[DatasetKey]:
        """A name for the content of each file. Of files that are copies of one another each has its own."""
        from tensorflow_transform.beam.analyzer_cache import DatasetKey

        copies: dict[str, itertools.count[int]] = {}
        digests = [
            hashlib.sha256(f"{self.version}/{file_digest(file)}".encode()).hexdigest() for file in files
        ]
        return [DatasetKey(f"{d}-{next(copies.setdefault(d, itertools.count()))}") for d in digests]

    def read(self, pipeline: beam.Pipeline, keys: Iterable[DatasetKey]) -> dict[DatasetKey, DatasetCache]:
        """What is known of these rows, as TFT takes it."""
        import apache_beam as beam
        from tensorflow_transform.beam.analyzer_cache import DatasetCache

        found: dict[DatasetKey, DatasetCache] = {}
        for key in keys:
            entries = {
                _name_of(file): pipeline
                | f"Known {key.key} {file.name}" >> beam.Create([file], reshuffle=False)
                | f"Read {key.key} {file.name}" >> beam.FlatMap(_content_of)
                for file in self._known(key)
            }
            if entries:
                found[key] = DatasetCache(entries, None)
        return found

    def _known(self, key: DatasetKey) -> list[Path]:
        return sorted((self.earlier / key.key).glob("*.gz")) if self.earlier else []

    def keep(self, keys: Iterable[DatasetKey]) -> None:
        """Keep what is known of these rows already."""
        if self.later is None:
            return
        for key in keys:
            for file in self._known(key):
                (self.later / key.key).mkdir(exist_ok=True)
                shutil.copyfile(file, self.later / key.key / file.name)

    def write(self, found: Mapping[DatasetKey, DatasetCache]) -> None:
        """Keep what was found in rows, once the pipeline runs."""
        import apache_beam as beam

        if self.later is None:
            return
        entries = [
            records | f"Found {place} of {key.key}" >> beam.Map(_addressed, self.later / key.key, name)
            for key, cache in found.items()
            for place, (name, records) in enumerate(cache.items())
        ]
        if entries:
            entries | beam.Flatten() | beam.GroupByKey() | "Keep" >> beam.MapTuple(_write)


def _addressed(record: bytes, folder: Path, name: bytes) -> tuple[tuple[str, bytes], bytes]:
    return (str(folder), name), record


def _write(address: tuple[str, bytes], records: Iterable[bytes]) -> None:
    folder, name = Path(address[0]), address[1]
    folder.mkdir(exist_ok=True)
    with TfRecordWriter(folder / f"{hashlib.sha256(name).hexdigest()[:32]}.gz") as writer:
        writer.write([name, *sorted(records)])


def _name_of(file: Path) -> bytes:
    return next(read_records(file, 1))[0]


def _content_of(file: Path) -> Iterator[bytes]:
    records = itertools.chain.from_iterable(read_records(file, RECORDS))
    return itertools.islice(records, 1, None)
