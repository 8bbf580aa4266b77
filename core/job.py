"""The work of one step, done wherever a runner wants it: stage, run, collect, move into place.

A job is plain data, so that it can go to another process or machine. What it returns is plain data too.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from millwork.core.callables import load_reference
from millwork.core.errors import BadInput
from millwork.core.failures import Failure, failure_of
from millwork.core.fingerprint import Fingerprinter, fingerprint
from millwork.core.graph import Artifact, Step
from millwork.core.integrity import signature_of
from millwork.core.plan import PlannedStep, step_from_json
from millwork.core.records import artifact_from_json, artifact_to_json, settle_properties
from millwork.core.storage import content_digest, is_remote, publish, remove
from millwork.core.testing import place_for
from millwork.core.workspace import offering


@dataclass(frozen=True)
class Job:
    """A step with real inputs, and where its files go."""

    step: dict[str, Any]
    inputs: dict[str, list[dict[str, Any]]]
    targets: dict[str, str]
    """Where each output's folder will be once it is finished."""
    folder: str
    """This execution's own folder: `staged/`, `work/`, `log.txt`, `result.json`."""
    path: tuple[str, ...] = ()
    """sys.path of the process that described the pipeline."""

    @property
    def log(self) -> Path:
        """Where what the step prints goes."""
        return Path(self.folder, "log.txt")

    @property
    def result_file(self) -> Path:
        """Where the result is left for the runner."""
        return Path(self.folder, "result.json")


@dataclass(frozen=True)
class JobResult:
    """How a job ended."""

    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    failure: Failure | None = None
    seconds: float = 0.0
    peak_memory: int = 0
    """Bytes, of the process that did the work."""


def perform(job: Job) -> JobResult:
    """Do the work. Errors of the step come back as a failure; nothing unfinished is left where readers look."""
    began = time.monotonic()
    try:
        outputs = _perform(job)
        return JobResult(outputs, None, _seconds_since(began), _peak_memory())
    except BaseException as error:
        shutil.rmtree(Path(job.folder, "staged"), ignore_errors=True)  # it may be what fills the disk
        if not isinstance(error, SystemExit):
            logging.getLogger("millwork").exception("The step failed")
        return JobResult({}, failure_of(error), _seconds_since(began), _peak_memory())


def write_job(job: Job, file: Path) -> None:
    """Leave a job for another process, and for nobody else's eyes."""
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(job)))


def take_job(file: Path) -> Job:
    """Take a job that was left. The file goes: it holds the values of environment variables."""
    content = json.loads(file.read_text())
    file.unlink()
    return Job(**{**content, "path": tuple(content["path"])})


def write_result(result: JobResult, file: Path) -> None:
    """Leave a result, all of it or nothing: the process may be killed at any time."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(result)))
    os.replace(partial, file)


def read_result(file: Path) -> JobResult | None:
    """Take a result that was left, if there is one."""
    if not file.exists():
        return None
    content = json.loads(file.read_text())
    failure = content["failure"] and Failure(**content["failure"])
    return JobResult(content["outputs"], failure, content["seconds"], content["peak_memory"])


def _perform(job: Job) -> dict[str, dict[str, Any]]:
    planned = step_from_json(job.step)
    sys.path[:] = [*job.path, *(p for p in sys.path if p not in job.path)]
    os.environ.update(planned.options.environment)
    work = Path(job.folder, "work")
    work.mkdir(parents=True, exist_ok=True)
    os.chdir(work)
    staged = _staging_places(job, planned)
    inputs = _real_inputs(job, planned)
    step = planned.load(inputs, staged)
    with offering(lambda: _kept_place(job, planned, inputs, step)):
        _run(step)
    for name, artifact in step.outputs.items():
        _settle(artifact, job.targets[name], Path(job.folder, "staged", name))
    return {name: artifact_to_json(a) for name, a in step.outputs.items()}


def _kept_place(job: Job, planned: PlannedStep, inputs: Mapping[str, Sequence[Artifact]], step: Step) -> Path:
    """Beside the folders of this step's executions, named by all that decides what the step does."""
    name = fingerprint(Fingerprinter().parts(planned, inputs, step))
    return Path(job.folder).with_name(f"kept-{name[:20]}")


def _run(step: Step) -> None:
    """Run it, and end here what the step itself has forked: only one process may publish."""
    process = os.getpid()
    try:
        step.run()
    finally:
        if os.getpid() != process:
            os._exit(1)


def _staging_places(job: Job, planned: PlannedStep) -> dict[str, str]:
    places = {}
    for name, reference in planned.outputs.items():
        folder = Path(job.folder, "staged", name)
        for leftover in (str(folder), job.targets[name]):  # of an earlier attempt
            remove(leftover)
        folder.mkdir(parents=True)
        places[name] = place_for(load_reference(reference)(), str(folder))
    return places


def _real_inputs(job: Job, planned: PlannedStep) -> dict[str, list[Artifact]]:
    return {
        name: [artifact_from_json(a, load_reference(a["type"])) for a in artifacts]
        for name, artifacts in job.inputs.items()
        if name in planned.inputs
    }


def _settle(artifact: Artifact, target: str, folder: Path) -> None:
    """Take digest and computed properties, then move the files to where readers look."""
    if not folder.is_dir():
        raise BadInput(
            f"The step removed the folder of its {type(artifact).__name__} output. Write below output.path, and leave "
            "the folder itself"
        )
    if artifact.file and not artifact.path.exists():
        raise BadInput(
            f"The step set no value for its {type(artifact).__name__} output: write output.value = ..."
        )
    settle_properties(artifact)
    artifact.digest = content_digest(folder)
    publish(folder, target)
    artifact.uri = place_for(artifact, target)
    if not is_remote(artifact.uri):
        artifact.signature = signature_of(artifact.path)


def _seconds_since(began: float) -> float:
    return round(time.monotonic() - began, 6)


def _peak_memory() -> int:
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
