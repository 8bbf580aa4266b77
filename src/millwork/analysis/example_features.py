"""Features that were not stored with predictions, from the examples that were scored: to slice by any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from millwork.core.artifacts import Examples
from millwork.core.records import ArtifactRecord
from millwork.core.store import MetadataStore

if TYPE_CHECKING:
    import pyarrow as pa


class ExampleFeatures:
    """The columns of some examples. Rows of predictions are those of the examples they were made of, in order."""

    def __init__(self, sources: Sequence[Sequence[Examples]], split: str) -> None:
        self._sources = sources
        """Of the same rows, each as one or more artifacts: the first that has a feature gives it."""
        self._split = split

    @property
    def names(self) -> Sequence[str]:
        """All the features that there are."""
        return list(dict.fromkeys(name for names in self._known for name in names))

    def columns(self, split: str, names: Sequence[str]) -> Mapping[str, pa.ChunkedArray]:
        """These features, a value for each row of the split."""
        import pyarrow as pa

        from millwork.components.data.reading import batches  # with it come all components

        found: dict[str, pa.ChunkedArray] = {}
        for source, known in zip(self._sources, self._known, strict=True):
            wanted = [name for name in names if name in known and name not in found]
            if wanted:
                table = pa.Table.from_batches(list(batches(source, split, columns=wanted)))
                found |= {name: table.column(name) for name in wanted}
        return found

    @cached_property
    def _known(self) -> list[list[str]]:
        from millwork.components.data.reading import flat_schema

        return [flat_schema(source, self._split).names for source in self._sources]


def features_of(store: MetadataStore, predictions: ArtifactRecord, split: str) -> ExampleFeatures | None:
    """The features of what was scored, or None if the store does not know it, or if it was deleted.

    Those of what a Transform read are among them: it keeps rows, and their order.
    """
    producer = store.producer_of(predictions.id)
    if producer is None:
        return None
    inputs = store.inputs_of(producer.id)
    sources = [inputs[name] for name in ("examples", "label_examples") if name in inputs]
    for records in list(sources):
        maker = store.producer_of(records[0].id)
        raw = store.inputs_of(maker.id).get("examples") if maker else None
        if raw and maker and maker.type.endswith(".Transform"):
            sources.append(raw)
    live = [records for records in sources if all(record.state == "live" for record in records)]
    return (
        ExampleFeatures([[_examples(record) for record in records] for records in live], split)
        if live
        else None
    )


def _examples(record: ArtifactRecord) -> Examples:
    return cast(Examples, record.load(Examples))
