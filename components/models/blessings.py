"""The verdicts on models that are in the store: who gave which, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from millwork.core.artifacts import ModelBlessing
from millwork.core.records import ArtifactRecord, ExecutionRecord
from millwork.core.store import MetadataStore
from millwork.evaluation.verdicts import BLESSED, NOT_BLESSED

DIRECT, BY_PREDICTIONS = "model", "predictions"
"""Names of the inputs by which a model, or what it predicted, comes to be judged. A baseline has others."""


@dataclass(frozen=True)
class Blessing:
    """One verdict on a model."""

    artifact: ArtifactRecord
    """The `ModelBlessing`."""
    execution: ExecutionRecord
    """Where it was given, or taken from the cache."""

    @property
    def verdict(self) -> str:
        """BLESSED, NOT_BLESSED or NOT_EVALUATED. TFX records only whether the model was blessed."""
        known = str(self.artifact.properties.get("verdict", ""))
        return known or (BLESSED if self.artifact.properties.get("blessed") == 1 else NOT_BLESSED)

    @property
    def reason(self) -> str:
        """Why, in words."""
        return str(self.artifact.properties.get("reason", ""))

    @property
    def forced(self) -> bool:
        """Whether a person gave it."""
        return self.artifact.properties.get("forced") == 1


def blessings_of(
    store: MetadataStore, models: Sequence[int], before: str = ""
) -> Mapping[int, list[Blessing]]:
    """The verdicts on each of these models, oldest first. Those of the run `before` are left out.

    A verdict is on a model if its execution read the model, or predictions whose execution read the model.
    """
    judged = [(use.artifact, use.execution) for use in store.readers(models) if use.name == DIRECT]
    predicted = store.written_by([execution.id for _, execution in judged])
    makers: dict[int, list[int]] = {}
    for model, execution in judged:
        for artifact in predicted[execution.id]:
            if artifact.type_name == "Predictions":
                makers.setdefault(artifact.id, []).append(model)
    for use in store.readers(list(makers)):
        if use.name == BY_PREDICTIONS:
            judged += [(model, use.execution) for model in makers[use.artifact]]
    written = store.written_by(sorted({execution.id for _, execution in judged}))
    found: dict[int, dict[int, Blessing]] = {model: {} for model in models}
    for model, execution in judged:
        if execution.state.good and (not before or execution.run != before):
            for artifact in written[execution.id]:
                if artifact.type_name == ModelBlessing.type_name:
                    found[model][execution.id] = Blessing(artifact, execution)
    return {model: [by_id[id] for id in sorted(by_id)] for model, by_id in found.items()}


def is_blessed(blessings: Sequence[Blessing]) -> bool:
    """What the verdicts on one model, oldest first, come to: of each step its last word counts.

    One must have blessed the model, and none refused it. A verdict that a person gave sets aside all before it.
    """
    last: dict[tuple[str, str], str] = {}
    for blessing in blessings:
        if blessing.forced:
            last.clear()
        last[blessing.execution.type, blessing.execution.node] = blessing.verdict
    return BLESSED in last.values() and NOT_BLESSED not in last.values()
