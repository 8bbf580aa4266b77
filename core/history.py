"""What earlier runs have left in the store, as a resolver looks at it: newest first, never more than is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from millwork.core.graph import Artifact
from millwork.core.integrity import damage_to
from millwork.core.records import ArtifactRecord, ExecutionRecord
from millwork.core.store import MetadataStore

T = TypeVar("T")

ANY_PIPELINE = "*"
_CHUNK = 20
"""Artifacts that are looked up together."""


@dataclass
class History:
    """The artifacts of a pipeline, or of one node of it. What the asking run has made is only in `given`."""

    store: MetadataStore | None
    """None: nothing has been run yet."""
    pipeline: str
    """`*`: any."""
    node: str = ""
    """Empty: any."""
    run: str = ""
    """The run that asks."""
    given: Sequence[Artifact] = ()
    """Artifacts of that run."""
    _pipelines: dict[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        where = "in any pipeline" if self.pipeline == ANY_PIPELINE else f"in pipeline {self.pipeline}"
        return f"of {self.node} {where}" if self.node else where

    def candidates(self, kind: type[Artifact]) -> Iterator[ArtifactRecord]:
        """Live artifacts of a type, newest first; which of them belong here, `usable` tells."""
        if self.store is None:
            return iter(())
        pipeline = "" if self.pipeline == ANY_PIPELINE else self.pipeline
        found = self.store.artifacts_of_type(kind.type_name, pipeline, self.node)
        return (a for a in found if a.state == "live")

    def usable(self, artifacts: Iterable[ArtifactRecord]) -> Iterator[ArtifactRecord]:
        """Those that an earlier execution of the pipeline and node wrote, and whose files are as they were written."""
        return (a for a in self.written(artifacts) if not damage_to(a))

    def written(self, artifacts: Iterable[ArtifactRecord]) -> Iterator[ArtifactRecord]:
        """Those that an earlier execution of the pipeline and node wrote, or took from the cache."""
        for chunk in chunks(artifacts):
            assert self.store is not None, "without a store there are no artifacts"
            uses = self.store.writers([a.id for a in chunk])
            ours = {
                use.artifact
                for use in uses
                if self.is_earlier(use.execution) and self._is_here(use.execution)
            }
            yield from (a for a in chunk if a.id in ours)

    def is_earlier(self, execution: ExecutionRecord) -> bool:
        """Whether it has ended well, and is not of the run that asks."""
        return execution.state.good and execution.run != self.run

    def _is_here(self, execution: ExecutionRecord) -> bool:
        if self.pipeline == ANY_PIPELINE and not self.node:
            return True
        pipeline, node = self._home_of(execution)
        return self.pipeline in (ANY_PIPELINE, pipeline) and self.node in ("", node)

    def _home_of(self, execution: ExecutionRecord) -> tuple[str, str]:
        assert self.store is not None
        if not execution.run:  # recorded by another tool
            return self.store.home_of(execution)
        if execution.run not in self._pipelines:
            self._pipelines[execution.run] = self.store.run(execution.run).pipeline
        return self._pipelines[execution.run], execution.node


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """A few items at a time."""
    remaining = iter(items)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
