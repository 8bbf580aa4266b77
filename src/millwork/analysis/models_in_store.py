"""Models, named as a place, an artifact's id, or the run that made one."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from millwork.analysis.stores import existing_store, find_run
from millwork.core.artifacts import Model, PushedModel
from millwork.core.errors import NotFound, WrongArgument, did_you_mean
from millwork.core.history import ANY_PIPELINE, History
from millwork.core.records import ArtifactRecord
from millwork.core.storage import is_remote
from millwork.core.store import MetadataStore

BLESSED = "@blessed"
_TYPES = (Model.type_name, PushedModel.type_name)


@dataclass(frozen=True)
class FoundModel:
    """Where a model is, and a name for it."""

    uri: str
    name: str


def find_model(text: str, root: str, store: str) -> FoundModel:
    """The model that the user means. What exists as a path is one; else a number is an artifact, and a name a run."""
    if is_remote(text) or os.path.exists(text):
        return FoundModel(text, _name_of(text))
    if re.search(r"[/\\.]", text):
        raise NotFound(f"There is no model at {text!r}")
    try:
        return _in_store(existing_store(root, store), text)
    except NotFound as e:
        raise NotFound(f"There is no file or folder {text!r}, and no such model in the store. {e}") from e


def _in_store(opened: MetadataStore, text: str) -> FoundModel:
    if text.startswith("@"):
        return _of_artifact(model_record(opened, text))
    if text.isdecimal():
        return _of_artifact(opened.artifact(int(text)))
    run, _, step = text.partition(":")
    return _of_artifact(_made_by(opened, run, step))


def model_record(store: MetadataStore, text: str, other_than: Sequence[Model] = ()) -> ArtifactRecord:
    """The model in the store that the user means: an id, a run or RUN:STEP that made it, or `@blessed`.

    That is the newest blessed one which is none of `other_than`.
    """
    if text.startswith("@"):
        return _blessed(store, text, other_than)
    if text.isdecimal():
        found = store.artifact(int(text))
        if found.type_name != Model.type_name:
            raise WrongArgument(f"Artifact {text} is of type {found.type_name}. See: millwork models list")
        return found
    run, _, step = text.partition(":")
    return _made_by(store, run, step)


def _blessed(store: MetadataStore, text: str, other_than: Sequence[Model]) -> ArtifactRecord:
    """`@blessed`, or `@blessed:pipeline`."""
    word, _, pipeline = text.partition(":")
    if word != BLESSED:
        raise NotFound(f"There is no model {text!r}. {did_you_mean(text, [BLESSED])}")
    history = History(store, pipeline or ANY_PIPELINE, given=other_than)
    from millwork.components.resolvers import LatestBlessedModel  # with it come all components

    found = next(iter(LatestBlessedModel().find(Model, history)), None)
    if found is None:
        raise NotFound(f"There is no blessed model {history}. See: millwork models list")
    return found


def _made_by(store: MetadataStore, name: str, step: str) -> ArtifactRecord:
    """The only model of a run, or of one of its steps."""
    run = find_run(store, name)
    made = {
        execution.node: output
        for execution in store.executions_of_run(run.id)
        for outputs in store.outputs_of(execution.id).values()
        for output in outputs
        if output.type_name == Model.type_name
    }
    if step and step not in made:
        raise NotFound(f"Step {step!r} of run {run.id} made no model. {did_you_mean(step, made)}")
    found = [made[step]] if step else list(made.values())
    if not found:
        raise NotFound(f"Run {run.id} made no model")
    if len(found) > 1:
        several = ", ".join(f"{name}:{one}" for one in made)
        raise WrongArgument(f"Several steps of run {run.id} made models. Name one: {several}")
    return found[0]


def _of_artifact(artifact: ArtifactRecord) -> FoundModel:
    if artifact.type_name not in _TYPES:
        raise WrongArgument(
            f"Artifact {artifact.id} is of type {artifact.type_name}. See: millwork artifacts list --type Model"
        )
    reason = artifact.properties.get("reason")  # one that was pushed by force has one, too
    if reason and artifact.properties.get("pushed") != 1:
        raise WrongArgument(f"Artifact {artifact.id} is no model: it was not pushed, because {reason}")
    return FoundModel(artifact.uri, "model")


def _name_of(place: str) -> str:
    """The nearest folder with a name of its own, which no version and no Format-Serving has; or the file's stem."""
    path = place.rstrip("/") if is_remote(place) else os.path.abspath(place)
    for part in reversed(path.split("/")):
        stem = re.sub(r"\.(keras|skops|joblib|pkl|pickle)$", "", part)
        if stem and not stem.isdecimal() and stem != "Format-Serving":
            return re.sub(r"[^\w.-]", "_", stem)
    return "model"
