"""How the outputs of two runs differ inside: rows per split, statistics, schemas, transform graphs, hyperparameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from millwork.analysis.differences.difference import Change, Detail, Drift, FeatureDrift
from millwork.analysis.differences.drift import feature_drift, num_rows
from millwork.analysis.differences.recorded import RecordedStep
from millwork.analysis.differences.schemas import schema_changes
from millwork.analysis.differences.tracing import Tracing, differing_outputs
from millwork.analysis.differences.values import mapping_changes, number_change
from millwork.components.data.schema_file import read_schema
from millwork.components.data.statistics import read_statistics
from millwork.core.artifacts import (
    Examples,
    ExampleStatistics,
    HyperParameters,
    Schema,
    TransformGraph,
)
from millwork.core.errors import BadInput
from millwork.core.graph import Artifact
from millwork.core.records import ArtifactRecord

A = TypeVar("A", bound=Artifact)


class Details:
    """Looks into outputs that both runs have and that are not the same. What cannot be read is noted."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self.notes: list[str] = []

    def details(self) -> Iterator[Detail]:
        """Rows, schemas, graphs and hyperparameters."""
        yield from self._of(Examples, "rows", _rows)
        yield from self._of(Schema, "schema", _schema, unless=TransformGraph)
        yield from self._of(TransformGraph, "transform", _transform)
        yield from self._of(HyperParameters, "hyperparameters", _hyperparameters)

    def drift(self) -> Iterator[Drift]:
        """What statistics say."""
        for step, before, after in self._pairs(ExampleStatistics):
            rows: list[Change] = []
            features: list[FeatureDrift] = []
            for split in (s for s in after.split_names if s in before.split_names):
                try:
                    was, has = read_statistics(before, split), read_statistics(after, split)
                except BadInput as e:
                    self.notes.append(f"{step}: {e}")
                    continue
                rows += _counts(split, num_rows(was), num_rows(has))
                features += feature_drift(split, was, has)
            if rows or features:
                yield Drift(step, self._tracing.origins(step), tuple(rows), tuple(_ranked(features)))

    def _of(
        self,
        kind: type[A],
        title: str,
        changes: Callable[[A, A], Iterator[Change]],
        unless: type[Artifact] | None = None,
    ) -> Iterator[Detail]:
        for step, before, after in self._pairs(kind, unless):
            try:
                found = tuple(changes(before, after))
            except (BadInput, OSError, ValueError) as e:
                self.notes.append(f"{step}: {e}")
                continue
            if found:
                yield Detail(step, title, self._tracing.origins(step), found)

    def _pairs(self, kind: type[A], unless: type[Artifact] | None = None) -> Iterator[tuple[str, A, A]]:
        """The outputs of a type that differ. A step with an output of type `unless` is passed over."""
        for before, after in self._tracing.shared:
            if unless and any(_outputs(after, unless)):
                continue
            for name in differing_outputs(before, after):
                was, has = before.outputs.get(name, ()), after.outputs.get(name, ())
                if len(was) == len(has) == 1 and was[0].type_name == has[0].type_name == kind.type_name:
                    if gone := [a for a in (was[0], has[0]) if a.state != "live"]:
                        self.notes.append(f"{after.id}: the files of {_name(gone[0])} have been deleted")
                        continue
                    yield after.id, _loaded(was[0], kind), _loaded(has[0], kind)


def _outputs(step: RecordedStep, kind: type[Artifact]) -> Iterator[ArtifactRecord]:
    return (a for records in step.outputs.values() for a in records if a.type_name == kind.type_name)


def _loaded(record: ArtifactRecord, kind: type[A]) -> A:
    loaded = record.load(kind)
    assert isinstance(loaded, kind)
    return loaded


def _name(artifact: ArtifactRecord) -> str:
    return f"{artifact.type_name} {artifact.id}"


def _ranked(features: Sequence[FeatureDrift]) -> list[FeatureDrift]:
    """The feature that changed most in any split first, its splits together."""
    ranks: dict[str, tuple[bool, float]] = {}
    for f in features:
        rank = (not f.noticeable, -(2.0 if f.distance is None else f.distance))
        ranks[f.feature] = min(rank, ranks.get(f.feature, rank))
    return sorted(features, key=lambda f: (ranks[f.feature], f.feature))


def _counts(split: str, before: int, after: int) -> Iterator[Change]:
    if before != after:
        yield Change(split, f"{before:,}", f"{after:,}")


def _rows(before: Examples, after: Examples) -> Iterator[Change]:
    was, has = before.num_examples, after.num_examples
    for split in dict.fromkeys([*was, *has]):
        if was.get(split) != has.get(split):
            yield Change(split, *(f"{n[split]:,}" if split in n else None for n in (was, has)))
    if before.span != after.span:
        yield Change("span", str(before.span), str(after.span))


def _schema(before: Schema, after: Schema) -> Iterator[Change]:
    return schema_changes(read_schema(before.path), read_schema(after.path))


def _transform(before: TransformGraph, after: TransformGraph) -> Iterator[Change]:
    """The transformed features, and the sizes of vocabularies."""
    schemas = [read_schema(graph.path / "transformed_metadata") for graph in (before, after)]
    yield from schema_changes(*schemas)
    was, has = (_vocabularies(graph.path) for graph in (before, after))
    for name in dict.fromkeys([*was, *has]):
        if was.get(name) != has.get(name):
            told = (_terms(was.get(name), has.get(name)), _terms(has.get(name), was.get(name)))
            yield Change(f"vocabulary {name}", *told)


def _vocabularies(graph: Path) -> dict[str, set[bytes]]:
    """The terms of each vocabulary, which TFT keeps a line each."""
    folder = graph / "transform_fn/assets"
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {file.name: set(file.read_bytes().splitlines()) for file in files if file.suffix != ".gz"}


def _terms(vocabulary: set[bytes] | None, other: set[bytes] | None) -> str | None:
    if vocabulary is None:
        return None
    only = len(vocabulary - other) if other is not None else 0
    return f"{len(vocabulary):,} terms" + (f", {only:,} only here" if only else "")


def _hyperparameters(before: HyperParameters, after: HyperParameters) -> Iterator[Change]:
    was, has = (_best(artifact) for artifact in (before, after))
    for change in mapping_changes(was, has):
        old, new = was.get(change.name), has.get(change.name)
        both = isinstance(old, float) and isinstance(new, float)
        yield number_change(change.name, old, new) if both else change


def _best(artifact: HyperParameters) -> dict[str, Any]:
    content = json.loads((artifact.path / "best_hyperparameters.txt").read_text("utf-8"))
    values = content.get("values", content)
    return values if isinstance(values, dict) else {}
