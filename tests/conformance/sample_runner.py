"""The shortest runner there is: one step after the other in this process. What the core promises, it keeps."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from millwork.core.execution import LiveRun, RunSettings
from millwork.core.job import Job, perform
from millwork.core.pipeline import Pipeline
from millwork.core.plan import Plan, compile_pipeline
from millwork.core.run import Run
from millwork.core.selection import select
from millwork.core.store import MetadataStore


def run_inline(
    pipeline: Pipeline[Any] | Plan,
    root: Path,
    *,
    store: MetadataStore | None = None,
    cache: bool = True,
    no_cache_for: Sequence[str] = (),
    only: Sequence[str] = (),
    from_: Sequence[str] = (),
    to: Sequence[str] = (),
    resumes: str = "",
    run_id: str = "",
) -> Run:
    """Run it; a failure is in the result, not raised."""
    plan = pipeline if isinstance(pipeline, Plan) else compile_pipeline(pipeline)
    store = store or MetadataStore(str(root / "metadata.sqlite"))
    settings = RunSettings(cache, tuple(no_cache_for), select(plan, from_, to, only), resumes)
    live = LiveRun.begin(plan, store, str(root), settings, run_id)
    for step in plan.steps:
        prepared = live.prepare(step)
        if isinstance(prepared, Job):
            live.complete(step, _performed(prepared))
    return live.finish()


def _performed(job: Job) -> Any:
    folder, path, environment = os.getcwd(), list(sys.path), dict(os.environ)
    try:
        return perform(job)
    finally:
        os.chdir(folder)
        sys.path[:] = path
        os.environ.clear()
        os.environ.update(environment)
