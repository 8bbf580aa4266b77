"""Equal work that was done before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from millwork.core.integrity import damaged_output
from millwork.core.records import ArtifactRecord, ExecutionRecord
from millwork.core.store import MetadataStore

_TRIES = 10
"""Executions with one fingerprint that are looked at: usually the newest will do."""


@dataclass(frozen=True)
class Hit:
    """An earlier execution whose outputs are still as it wrote them."""

    execution: ExecutionRecord
    outputs: Mapping[str, Sequence[ArtifactRecord]]


def find_hit(store: MetadataStore, fingerprint: str) -> Hit | str:
    """The newest usable execution with this fingerprint; else what is wrong with the newest, '' if there is none."""
    wrong = ""
    for execution, outputs in islice(store.cached(fingerprint), _TRIES):
        damage = damaged_output(execution.run, outputs)
        if not damage:
            return Hit(execution, outputs)
        wrong = wrong or damage
    return wrong
