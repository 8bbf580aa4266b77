"""Why a step has to run: what differs from the last time that it did."""

from __future__ import annotations

import json

from millwork.core.fingerprint import Parts, differences
from millwork.core.records import State
from millwork.core.store import MetadataStore

_MOST = 3
"""Differences that are told; of more, the number."""


def why_run(store: MetadataStore | None, pipeline: str, step: str, parts: Parts) -> str:
    """For people: `parameter steps changed from 300 to 400`, `never run`."""
    good = (State.COMPLETE, State.CACHED)
    earlier = store.latest_execution(pipeline, step, good) if store else None
    if earlier is None:
        return "never run"
    changed = differences(json.loads(str(earlier.properties.get("__parts__", "{}"))), parts)
    if not changed:
        return "no finished run with these inputs"
    more = f" and {len(changed) - _MOST} more" if len(changed) > _MOST else ""
    return ", ".join(changed[:_MOST]) + more
