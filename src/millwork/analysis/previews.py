"""What is inside an artifact, as small tables and texts: enough to see whether it is what one expects."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from millwork.core import artifacts as stock
from millwork.core.artifacts import SplitArtifact, ValueArtifact
from millwork.core.errors import WrongArgument
from millwork.core.graph import Artifact
from millwork.core.records import ArtifactRecord
from millwork.core.storage import file_sizes

TEXTS = (".md", ".txt", ".json", ".yaml", ".pbtxt")


@dataclass(frozen=True)
class Excerpt:
    """A part of an artifact: a table, or a text."""

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""


def preview(record: ArtifactRecord, rows: int, split: str = "") -> list[Excerpt]:
    """The first `rows` of each table of an artifact, of one split or of all."""
    return excerpts(loaded(record, split), rows)


def loaded(record: ArtifactRecord, split: str = "") -> Artifact:
    """The artifact as an object of its type, if that is a stock one; with one split or with all."""
    artifact = record.load(_KINDS.get(record.type_name, Artifact))
    if split:
        if not isinstance(artifact, SplitArtifact):
            raise WrongArgument(f"A {record.type_name} has no splits. Leave --split out")
        artifact.split(split)
        artifact.split_names = (split,)
    return artifact


def excerpts(artifact: Artifact, rows: int) -> list[Excerpt]:
    """What there is in an artifact, by its type."""
    show = next((show for known, show in _SHOWN.items() if isinstance(artifact, known)), _files)
    return list(show(artifact, rows))


def _examples(artifact: stock.Examples, rows: int) -> Iterator[Excerpt]:
    from millwork.components.data.reading import batches

    for split in artifact.split_names:
        first = next(batches(artifact, split, rows=rows), None)
        count = artifact.num_examples.get(split)
        title = f"{split}: {count:,} rows" if count is not None else split
        names = first.schema.names if first else []
        columns = [column.slice(0, rows).to_pylist() for column in first.columns] if first else []
        yield Excerpt(title, tuple(names), tuple(_line(row) for row in zip(*columns, strict=True)))


def _predictions(artifact: stock.Predictions, rows: int) -> Iterator[Excerpt]:
    import pyarrow.parquet as pq

    for split in artifact.split_names:
        with pq.ParquetFile(artifact.split(split) / "predictions.parquet") as file:
            first = next(file.iter_batches(rows), None)
            found = first.to_pylist() if first else []
            names = tuple(file.schema_arrow.names)
            count = file.metadata.num_rows
        yield Excerpt(f"{split}: {count:,} rows", names, tuple(_line(row.values()) for row in found))


def _statistics(artifact: stock.ExampleStatistics, rows: int) -> Iterator[Excerpt]:
    from tensorflow_metadata.proto.v0 import statistics_pb2

    for split in artifact.split_names:
        content = (artifact.split(split) / "FeatureStats.pb").read_bytes()
        for data in statistics_pb2.DatasetFeatureStatisticsList.FromString(content).datasets:
            slice_ = f", {data.name}" if data.name and data.name != "All Examples" else ""
            columns = (
                "feature",
                "type",
                "missing",
                "unique",
                "mean",
                "std",
                "min",
                "median",
                "max",
                "most common",
            )
            described = tuple(_feature(f, data.num_examples) for f in islice(data.features, rows))
            yield Excerpt(f"{split}{slice_}: {data.num_examples:,} rows", columns, described)


def _feature(feature: Any, count: int) -> tuple[str, ...]:
    name = ".".join(feature.path.step) or feature.name
    kind = feature.Type.Name(feature.type)
    numbers, texts = feature.num_stats, feature.string_stats
    common = numbers.common_stats if feature.HasField("num_stats") else texts.common_stats
    missing = f"{(count - rows_with_value(common)) / count:.1%}" if count else ""
    if feature.HasField("num_stats"):
        measures = (numbers.mean, numbers.std_dev, numbers.min, numbers.median, numbers.max)
        return name, kind, missing, "", *(f"{number:.6g}" for number in measures), ""
    top = ", ".join(f"{v.value} ({v.frequency:,.0f})" for v in texts.top_values[:3])
    return name, kind, missing, str(texts.unique), "", "", "", "", "", top


def rows_with_value(common: Any) -> int:
    """Of TFDV's common statistics: TFDV also counts rows whose list of values is empty as not missing."""
    present = common.tot_num_values if common.max_num_values == 1 else common.num_non_missing
    return int(min(present, common.num_non_missing))


def _schema(artifact: stock.Schema, rows: int) -> Iterator[Excerpt]:
    from millwork.components.data.schema_file import read_schema

    schema = read_schema(artifact.path)
    domains = {domain.name: list(domain.value) for domain in schema.string_domain}
    told = tuple(declared(feature, domains) for feature in islice(schema.feature, rows))
    yield Excerpt(f"{len(schema.feature)} features", ("feature", "type", "presence", "shape", "values"), told)


def declared(feature: Any, domains: Mapping[str, list[str]]) -> tuple[str, ...]:
    """What a schema says of a feature: name, type, presence, shape, values."""
    from tensorflow_metadata.proto.v0 import schema_pb2

    kind = schema_pb2.FeatureType.Name(feature.type)
    presence = f"{feature.presence.min_fraction:g}" if feature.HasField("presence") else ""
    shape = (
        "×".join(str(dim.size) for dim in feature.shape.dim) or "1" if feature.HasField("shape") else "any"
    )
    values = domains.get(feature.domain) or list(feature.string_domain.value)
    limits = feature.int_domain if feature.HasField("int_domain") else feature.float_domain
    has_limits = feature.HasField("int_domain") or feature.HasField("float_domain")
    more = f", … ({len(values)})" if len(values) > 8 else ""
    domain = f"{limits.min:g} to {limits.max:g}" if has_limits else ", ".join(values[:8]) + more
    return feature.name, kind, presence, shape, domain


def _anomalies(artifact: stock.ExampleAnomalies, rows: int) -> Iterator[Excerpt]:
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    for split in artifact.split_names:
        folder = artifact.path / f"Split-{split}"
        folder = folder if folder.is_dir() else artifact.split_pair(split)
        found = anomalies_pb2.Anomalies.FromString((folder / "SchemaDiff.pb").read_bytes())
        told = [(name, i.short_description, i.description) for name, i in sorted(found.anomaly_info.items())]
        if found.HasField("dataset_anomaly_info"):
            whole = found.dataset_anomaly_info
            told.append(("", whole.short_description, whole.description))
        if found.data_missing:
            told.append(("", "No examples", "The split has no rows."))
        yield Excerpt(f"{split}: {len(told)} anomalies", ("feature", "anomaly", "what"), tuple(told[:rows]))


def _examples_diff(artifact: stock.ExamplesDiff, rows: int) -> Iterator[Excerpt]:
    columns = ("feature_name", "diff_fraction", "mismatch_count", "base_only", "test_only", "max_difference")
    for pair in artifact.split_pairs:
        document = _json(artifact.split_pair(pair) / "diff.json")
        told = tuple(_line(feature[name] for name in columns) for feature in document["features"][:rows])
        heading = (
            f"{pair}: {document['num_skewed_pairs']:,} of {document['num_pairs']:,} pairs of rows differ"
        )
        yield Excerpt(heading, columns, told)


def _evaluation(artifact: stock.ModelEvaluation, rows: int) -> Iterator[Excerpt]:
    document = _json(artifact.path / "metrics.json")
    entries = document["metrics"]
    known = ("slice", "metric", "value", "lower", "upper", "baseline", "change")
    columns = tuple(name for name in known if any(entry.get(name) is not None for entry in entries))
    told = tuple(_line(entry.get(name) for name in columns) for entry in entries[:rows])
    yield Excerpt(f"{len(entries)} metrics", columns, told)


def _blessing(artifact: stock.ModelBlessing, rows: int) -> Iterator[Excerpt]:
    yield Excerpt("verdict", text=artifact.remark)
    file = artifact.path / "blessing.json"
    checks = _json(file)["checks"] if file.is_file() else []
    if checks:
        columns = ("metric", "slice", "kind", "value", "baseline", "passed")
        told = tuple(_line(check.get(name) for name in columns) for check in checks[:rows])
        yield Excerpt(f"{len(checks)} checks", columns, told)


def _tables(pattern: str) -> Callable[[Artifact, int], Iterator[Excerpt]]:
    """For artifacts whose content is a CSV file, or one for each split."""

    def show(artifact: Artifact, rows: int) -> Iterator[Excerpt]:
        for file in sorted(artifact.path.glob(pattern)):
            split = file.parent.name.removeprefix("Split-")
            if isinstance(artifact, SplitArtifact) and split not in artifact.split_names:
                continue
            with file.open(newline="", encoding="utf-8") as lines:
                content = list(islice(csv.reader(lines), rows + 1))
            columns = tuple(content[0]) if content else ()
            yield Excerpt(file.relative_to(artifact.path).as_posix(), columns, tuple(map(tuple, content[1:])))

    return show


def _hyperparameters(artifact: stock.HyperParameters, rows: int) -> Iterator[Excerpt]:
    document = _json(artifact.path / "best_hyperparameters.txt")
    values = document.get("values", document)
    yield Excerpt("the best", ("name", "value"), tuple(_line(pair) for pair in islice(values.items(), rows)))


def _comparison(artifact: stock.Comparison, rows: int) -> Iterator[Excerpt]:
    file = artifact.path / "comparison.json"
    found = _json(file)["findings"] if file.is_file() else []
    columns = ("model", "slice", "metric", "verdict", "baseline_value", "value", "lower", "upper", "rows")
    shown = tuple(_line(entry[name] for name in columns) for entry in found[:rows])
    yield Excerpt(artifact.remark, columns if found else (), shown)


def _value(artifact: ValueArtifact[Any], rows: int) -> Iterator[Excerpt]:
    yield Excerpt("value", text=str(artifact.value))


def _files(artifact: Artifact, rows: int) -> Iterator[Excerpt]:
    """What there is in an artifact of any type: its files, and the beginning of those that are text."""
    sizes = file_sizes(artifact.uri)
    listed = tuple((name, f"{size:,}") for name, size in islice(sizes.items(), rows))
    yield Excerpt(f"{len(sizes)} files", ("file", "bytes"), listed)
    for name in islice((name for name in sizes if name.endswith(TEXTS)), 3):
        with (artifact.path / name).open(encoding="utf-8", errors="replace") as file:
            yield Excerpt(name, text="".join(islice(file, rows)).rstrip())


_KINDS: dict[str, type[Artifact]] = {
    kind.type_name: kind
    for kind in vars(stock).values()
    if isinstance(kind, type) and issubclass(kind, Artifact)
}
_SHOWN: Mapping[type[Artifact], Callable[[Any, int], Iterable[Excerpt]]] = {
    stock.Examples: _examples,
    stock.Predictions: _predictions,
    stock.ExampleStatistics: _statistics,
    stock.Schema: _schema,
    stock.ExampleAnomalies: _anomalies,
    stock.ExamplesDiff: _examples_diff,
    stock.ModelEvaluation: _evaluation,
    stock.ModelBlessing: _blessing,
    stock.ConfusionMatrix: _tables("Split-*/confusion_matrix.csv"),
    stock.RocCurve: _tables("Split-*/roc.csv"),
    stock.Comparison: _comparison,
    stock.TunerResults: _tables("trials.csv"),
    stock.HyperParameters: _hyperparameters,
    ValueArtifact: _value,
}


def _json(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return document


def _line(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(map(_cell, values))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Sequence) and not isinstance(value, str):
        shown = ", ".join(_cell(v) for v in value[:5])
        return f"[{shown}{', …' if len(value) > 5 else ''}]"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
