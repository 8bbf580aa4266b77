"""`millwork models`."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Literal

import typer

from millwork.analysis.models_in_store import model_record
from millwork.analysis.stores import existing_store
from millwork.cli import options
from millwork.cli.model_documents import (
    ModelDocument,
    ModelEventDocument,
    ModelHistoryDocument,
    ModelsDocument,
)
from millwork.cli.model_events import events_of, model_document, summaries
from millwork.cli.printing import print_fields, print_json, print_table
from millwork.components import Pusher, artifact_with_id
from millwork.components.models.approval import approve
from millwork.components.models.blessings import Blessing, blessings_of, is_blessed
from millwork.core.artifacts import Model, ModelBlessing
from millwork.core.errors import GateNotMet, WrongArgument
from millwork.core.history import ANY_PIPELINE, History
from millwork.core.options import Options
from millwork.core.pipeline import Pipeline
from millwork.core.records import ArtifactRecord
from millwork.core.store import MetadataStore
from millwork.evaluation.verdicts import BLESSED, NOT_BLESSED
from millwork.runners.local import LocalRunner

app = options.new_app(help="Models: which are good, which were pushed, and who said so.")

PIPELINE = "models"
"""What is done by hand is a run of this pipeline."""

ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="The id of a model, a run or RUN:STEP that made one, or @blessed: the latest that is.",
        show_default=False,
    ),
]
OfPipeline = Annotated[
    str, typer.Option("--pipeline", help="Only models of this pipeline.", show_default=False)
]
Reason = Annotated[str, typer.Option("--reason", help="Why. The lineage keeps it.", show_default=False)]
By = Annotated[
    str, typer.Option("--by", help="Who says so. By default who you are here.", show_default=False)
]


@app.command("list")
def list_(
    pipeline: OfPipeline = "",
    limit: options.Limit = 20,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """List models, the newest first, with the last verdict on each and where it was pushed."""
    opened = existing_store(root, store)
    found = summaries(opened, _models(opened, pipeline, limit))
    if as_json:
        document: ModelsDocument = {"schema": "millwork/models/v1", "models": found}
        print_json(document)
        return
    rows = [
        (
            str(m["id"]),
            m["framework"],
            m["pipeline"],
            m["step"],
            m["run"],
            m["verdict"]
            + ("" if m["blessed"] or not m["verdict"].startswith("BLESSED") else ", refused by another"),
            m["pushed"],
        )
        for m in found
    ]
    print_table(("id", "framework", "pipeline", "step", "run", "verdict", "pushed to"), rows, right=("id",))


@app.command()
def show(
    model: ModelName,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Show a model: where it is, what it was made by, and all that happened to it."""
    opened = existing_store(root, store)
    _tell(model_document(opened, model_record(opened, model)), as_json)


@app.command()
def history(
    pipeline: OfPipeline = "",
    limit: options.Limit = 20,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """What happened to the newest models: made, judged, tried, pushed. The newest first."""
    opened = existing_store(root, store)
    found = [e for events in events_of(opened, _models(opened, pipeline, limit)).values() for e in events]
    found.sort(key=lambda e: e["artifact"], reverse=True)
    if as_json:
        document: ModelHistoryDocument = {"schema": "millwork/model-history/v1", "events": found[:limit]}
        print_json(document)
    else:
        _print_events([(str(e["model"]), *_event_row(e)) for e in found[:limit]], with_model=True)


@app.command()
def bless(
    model: ModelName,
    reason: Reason,
    by: By = "",
    refuse: Annotated[bool, typer.Option("--refuse", help="Say that it is not good enough.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Although an evaluation said that it is not good enough.")
    ] = False,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Bless a model by hand. It sets aside all earlier verdicts on the model, and is kept beside them."""
    _check_reason(reason)
    opened = existing_store(root, store)
    found = model_record(opened, model)
    if not (force or refuse) and (refusals := _refusals(opened, found)):
        raise GateNotMet(
            f"Model {found.id} was refused: {_said(refusals)}. To bless it all the same, add --force"
        )
    promise = artifact_with_id(Model, found.id)
    word = approve.configured(options=Options(cache=False))
    _run(root, store, word(promise, reason=reason, by=by or _me(), refuse=refuse))
    _tell(model_document(opened, found), as_json)


@app.command()
def push(
    model: ModelName,
    destination: Annotated[
        str, typer.Argument(metavar="DESTINATION", help="A folder, or a URI such as s3://bucket/models/taxi.")
    ],
    versioning: Annotated[
        str, typer.Option("--versioning", help="`timestamp`, or `number`: one more than the highest there.")
    ] = "timestamp",
    force: Annotated[
        bool, typer.Option("--force", help="Although it is not blessed; needs --reason.")
    ] = False,
    reason: Reason = "",
    by: By = "",
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Push a model that is blessed, as a Pusher does. Exits with 3 if it is not."""
    if force:
        _check_reason(reason)
    opened = existing_store(root, store)
    found = model_record(opened, model)
    verdicts = blessings_of(opened, [found.id])[found.id]
    if not force and not is_blessed(verdicts):
        raise GateNotMet(
            f"Model {found.id} is not blessed: {_said(verdicts[-1:]) or 'nobody has judged it'}. Bless it with "
            f"`millwork models bless {found.id} --reason ...`, or push it with --force and --reason"
        )
    blessing = _decisive(verdicts)
    pusher = Pusher(
        model=artifact_with_id(Model, found.id),
        model_blessing=artifact_with_id(ModelBlessing, blessing, id="its_blessing") if blessing else None,
        destination=destination,
        versioning=_versioning(versioning),
        force=f"{by or _me()}: {reason}" if force else "",
        options=Options(cache=False),
    )
    _run(root, store, pusher.pushed_model)
    _tell(model_document(opened, found), as_json)


def _models(store: MetadataStore, pipeline: str, limit: int) -> list[ArtifactRecord]:
    history = History(store, pipeline or ANY_PIPELINE)
    return list(islice(history.written(history.candidates(Model)), limit))


def _decisive(verdicts: Sequence[Blessing]) -> int | None:
    """The id of the verdict that counts: if the model is blessed the last that says so, else the last."""
    saying = [b for b in verdicts if b.verdict == BLESSED] if is_blessed(verdicts) else verdicts
    return saying[-1].artifact.id if saying else None


def _refusals(store: MetadataStore, model: ArtifactRecord) -> list[Blessing]:
    """The verdicts that stand against a model."""
    verdicts = blessings_of(store, [model.id])[model.id]
    if is_blessed(verdicts):
        return []
    last = {b.execution.node: b for b in verdicts}
    return [b for b in last.values() if b.verdict == NOT_BLESSED]


def _said(blessings: list[Blessing]) -> str:
    return "; ".join(
        f"{b.execution.node} in run {b.execution.run} says {b.verdict}"
        + (f": {b.reason}" if b.reason else "")
        for b in blessings
    )


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise WrongArgument("Say why, for those who will ask: --reason 'hotfix for ticket 17'")


def _versioning(text: str) -> Literal["timestamp", "number"]:
    if text == "timestamp":
        return "timestamp"
    if text == "number":
        return "number"
    raise WrongArgument(f"--versioning is timestamp or number, but got {text!r}")


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _run(root: str, store: str, produces: object) -> None:
    LocalRunner(root, store, quiet=True).run(Pipeline(PIPELINE, produces))


def _event_row(event: ModelEventDocument) -> tuple[str, ...]:
    when = (event["at"] or "").partition(".")[0].replace("T", " ")
    told = "; ".join(text for text in (event["destination"], event["reason"]) if text)
    return when, event["event"], event["step"], event["run"], told


def _print_events(rows: list[tuple[str, ...]], *, with_model: bool) -> None:
    columns = ("when", "event", "step", "run", "")
    print_table(("model", *columns) if with_model else columns, rows, right=("model",))


def _tell(document: ModelDocument, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    print_fields(
        {
            "model": str(document["id"]),
            "framework": document["framework"],
            "blessed": "yes" if document["blessed"] else "no",
            "state": document["state"],
            "made by": f"{document['step']} in run {document['run']} of {document['pipeline']}",
            "pushed to": document["pushed"],
            "uri": document["uri"],
            "digest": document["digest"],
        }
    )
    print()
    _print_events([_event_row(e) for e in document["events"]], with_model=False)
