"""What `--json` prints. Each document names its shape in `schema`; a shape only ever gains keys.

Times are ISO 8601 with the offset from UTC, or null if not known; lengths of time are seconds; sizes are bytes.
"""

from __future__ import annotations

from typing import Any, TypedDict


class FailureDocument(TypedDict):
    """Why a step failed."""

    type: str
    """The exception's class, or Timeout, ProcessDied, Interrupted."""
    message: str
    where: str
    """The deepest line of the user's code."""
    traceback: str


class ArtifactReference(TypedDict):
    """An artifact, named by another document."""

    id: int
    type: str
    uri: str


class StepDocument(TypedDict):
    """What happened to one step of a run."""

    id: str
    state: str
    """complete, cached, skipped, failed, cancelled, running, or waiting."""
    reason: str
    """Why it had to run, or did not."""
    remark: str
    """What its outputs have to say, such as a verdict and its reasons."""
    began: str | None
    seconds: float
    attempts: int
    peak_memory: int
    """Of the process that did the work."""
    execution: int | None
    """Its id in the metadata store."""
    log: str
    """The file that holds what the step printed. Empty if it did not work."""
    failure: FailureDocument | None
    outputs: dict[str, list[ArtifactReference]]


class RunDocument(TypedDict):
    """`run`, `resume`, `runs show`: millwork/run/v1."""

    schema: str
    id: str
    pipeline: str
    state: str
    """running, complete, failed or cancelled."""
    deleted: bool
    """True if the files that only this run needed have been removed."""
    began: str | None
    ended: str | None
    seconds: float
    root: str
    store: str
    source: str
    """What to run to describe the pipeline again."""
    resumes: str
    """The run that this one continued."""
    parameters: dict[str, Any]
    """The pipeline's, as in a plan."""
    steps: list[StepDocument]


class RunSummary(TypedDict):
    """A run in a list."""

    id: str
    pipeline: str
    state: str
    began: str | None
    seconds: float
    deleted: bool
    """True if the files that only this run needed have been removed."""


class RunsDocument(TypedDict):
    """`runs list`: millwork/runs/v1."""

    schema: str
    runs: list[RunSummary]


class LogDocument(TypedDict):
    """The log of one step."""

    step: str
    path: str
    text: str


class LogsDocument(TypedDict):
    """`runs logs`: millwork/logs/v1."""

    schema: str
    run: str
    logs: list[LogDocument]


class DoomedArtifact(TypedDict):
    """An artifact of a run that is to be deleted."""

    id: int
    type: str
    folder: str
    """What is removed."""
    bytes: int
    kept: str
    """Why its files stay. Empty if they go."""


class DeletionDocument(TypedDict):
    """`runs delete`: millwork/deletion/v1."""

    schema: str
    run: str
    done: bool
    """False without --yes."""
    artifacts: list[DoomedArtifact]
    folders: list[str]
    """Logs and working folders of the run's steps."""
    bytes: int
    """What the files and folders that go take up."""


class PreviewedStep(TypedDict):
    """What would happen to one step."""

    id: str
    action: str
    """run, cached, find, skip, reuse or fail."""
    reason: str
    run: str
    """The run whose outputs would be used."""


class PreviewDocument(TypedDict):
    """`plan`: millwork/preview/v1."""

    schema: str
    pipeline: str
    parameters: dict[str, Any]
    steps: list[PreviewedStep]


class LineageNode(TypedDict):
    """An artifact or an execution."""

    id: str
    """`artifact:12` or `execution:5`."""
    kind: str
    """artifact or execution."""
    name: str
    """An artifact's type, or an execution's step."""
    run: str
    """Of an execution."""
    state: str
    uri: str
    """Of an artifact."""


class LineageEdge(TypedDict):
    """A reading or a writing. The arrow goes the way of the data."""

    source: str
    target: str
    name: str
    """Of the input or output."""


class LineageDocument(TypedDict):
    """`lineage`: millwork/lineage/v1."""

    schema: str
    of: str
    """An artifact's or a run's id."""
    nodes: list[LineageNode]
    edges: list[LineageEdge]


class InputDocument(TypedDict):
    """An input of a component."""

    name: str
    type: str
    optional: bool
    many: bool
    """True if it takes a list. `type` says whether it takes one artifact by itself too."""
    about: str


class ParameterDocument(TypedDict):
    """A parameter of a component."""

    name: str
    type: str
    default: str | None
    """As Python. Null if a value must be given."""
    about: str


class OutputDocument(TypedDict):
    """An output of a component."""

    name: str
    type: str
    files: str
    properties: list[str]
    about: str


class ComponentDocument(TypedDict):
    """`catalog describe`: millwork/component/v1."""

    schema: str
    name: str
    module: str
    summary: str
    """The first line of its docstring."""
    about: str
    """The rest of it, in Markdown."""
    example: str
    """Python that can be pasted into a pipeline."""
    inputs: list[InputDocument]
    parameters: list[ParameterDocument]
    outputs: list[OutputDocument]
    base_type: str
    """ML Metadata's base type of the execution."""
    libraries: list[str]
    """Heavy packages that it imports when it runs."""
    runners: list[str]


class FunctionDocument(TypedDict):
    """`catalog describe` of a function that finds or brings in what is there: millwork/function/v1."""

    schema: str
    name: str
    module: str
    summary: str
    """The first line of its docstring."""
    about: str
    """The rest of it, in Markdown."""
    example: str
    """Python that can be pasted into a pipeline."""
    signature: str
    """As Python."""


class CatalogEntry(TypedDict):
    """A component in the list."""

    name: str
    summary: str
    inputs: list[str]
    outputs: list[str]


class CatalogFunction(TypedDict):
    """A function in the list."""

    name: str
    summary: str
    signature: str


class CatalogDocument(TypedDict):
    """`catalog list`: millwork/catalog/v1."""

    schema: str
    components: list[CatalogEntry]
    functions: list[CatalogFunction]
    """Resolvers and the like."""


class CheckDocument(TypedDict):
    """One thing that was looked at."""

    name: str
    state: str
    """ok or wrong."""
    found: str
    advice: str
    """What to do. Empty if it is ok."""


class DoctorDocument(TypedDict):
    """`doctor`: millwork/doctor/v1."""

    schema: str
    ok: bool
    checks: list[CheckDocument]


class ServingDocument(TypedDict):
    """`serve`, one line when it answers: millwork/serving/v1."""

    schema: str
    url: str
    """Of the model: http://127.0.0.1:8501/v1/models/taxi."""
    model: str
    """Its name."""
    version: int
    process: int
    """The server's process id."""
