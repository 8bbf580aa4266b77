"""What a planned resolver finds: anew, or as in an earlier run that is being continued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from millwork.core.fingerprint import Parts, fingerprint
from millwork.core.graph import Artifact
from millwork.core.integrity import damaged_output
from millwork.core.plan import PlannedStep
from millwork.core.records import ExecutionRecord
from millwork.core.resolving import Found, ResolverStep, said_of
from millwork.core.store import MetadataStore

_AGAIN = ", as in run "


def resolution(
    step: PlannedStep,
    parts: Parts,
    inputs: Mapping[str, Sequence[Artifact]],
    store: MetadataStore | None,
    pipeline: str,
    run: str = "",
    earlier: ExecutionRecord | None = None,
) -> Found:
    """Look in the store, unless an equal resolver of an `earlier` execution has found what is still there."""
    if earlier and store and earlier.properties.get("__fingerprint__") == fingerprint(parts):
        found = store.found_by(earlier.id)
        if not damaged_output(earlier.run, found):
            artifacts = [a for records in found.values() for a in records]
            before = str(earlier.properties.get("__reason__", "")).partition(_AGAIN)[0]
            return Found(artifacts, f"{said_of(artifacts) if artifacts else before}{_AGAIN}{earlier.run}")
    loaded = step.load(inputs, {})
    assert isinstance(loaded, ResolverStep)
    return loaded.look_up(store, pipeline, run)
