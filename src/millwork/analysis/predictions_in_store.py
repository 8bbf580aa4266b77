"""Predictions, named as an artifact's id, as the run or model that they are of, or as an evaluation of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from millwork.analysis.models_in_store import model_record
from millwork.analysis.stores import find_run, last_executions
from millwork.core.artifacts import Model, ModelEvaluation, Predictions
from millwork.core.errors import NotFound, WrongArgument, did_you_mean
from millwork.core.records import ArtifactRecord, ExecutionRecord
from millwork.core.store import MetadataStore

OWN, OWN_BASELINE = "new_predictions", "new_baseline_predictions"
"""What an Evaluator calls the predictions that it makes itself. They are empty if it was given some."""
BASELINE_MODEL = "baseline_model"
ADD_PREDICT = "Add Predict(model=..., examples=..., label=...) to the pipeline, and run it"
_LOOKED_AT = 20
"""So many of the newest predictions of a model are considered."""


@dataclass(frozen=True)
class Candidates:
    """What a name may stand for."""

    name: str
    """For people: unique in the store, and short."""
    records: Sequence[ArtifactRecord]
    """Live `Predictions`, the newest first: one at least, and of several any will do."""


def find_predictions(store: MetadataStore, text: str, other_than: Sequence[Model] = ()) -> Candidates:
    """The predictions that the user means.

    An id may be of Predictions, a Model or a ModelEvaluation; `@blessed` is a model, none of `other_than`; `latest`,
    the beginning of an id and RUN:STEP are of runs. NotFound says what to do if there are none.
    """
    if text.startswith("@"):
        return Candidates(text, _of_model(store, model_record(store, text, other_than)))
    if text.isdecimal() and (found := _artifact(store, text)):
        return _of_artifact(store, found)
    name, _, step = text.partition(":")
    run = find_run(store, name)
    made = _of_run(store, run.id)
    if step:
        return Candidates(f"{run.id}:{step}", _of_step(store, run.id, step, made))
    if len(made) > 1:
        several = ", ".join(f"{name}:{one}" for one in made)
        raise WrongArgument(f"Several steps of run {run.id} made predictions. Name one: {several}")
    if not made:
        raise NotFound(
            f"Run {run.id} made no predictions, and is {run.state.value}. {ADD_PREDICT}, or name a model"
        )
    return Candidates(run.id, _usable(made.values(), f"run {run.id}"))


def of_same_examples(store: MetadataStore, found: Sequence[Candidates]) -> list[ArtifactRecord]:
    """One of each: those that were made of the same examples as most others, if there is a choice; else the newest."""
    if all(len(one.records) == 1 for one in found):
        return [one.records[0] for one in found]
    made_of = {record.id: _examples_of(store, record) for one in found for record in one.records}
    votes: dict[tuple[str, ...], int] = {}
    for one in found:
        for examples in dict.fromkeys(made_of[record.id] for record in one.records):
            votes[examples] = votes.get(examples, 0) + 1
    # max takes the first of equals, which is the newest.
    return [max(one.records, key=lambda record: votes[made_of[record.id]]) for one in found]


def model_of(store: MetadataStore, predictions: ArtifactRecord) -> ArtifactRecord | None:
    """The model that made these predictions, if one in the store did."""
    producer = store.producer_of(predictions.id)
    if producer is None:
        return None
    inputs, outputs = store.inputs_of(producer.id), store.outputs_of(producer.id)
    of_baseline = predictions.id in {record.id for record in outputs.get(OWN_BASELINE, ())}
    found = inputs.get(BASELINE_MODEL if of_baseline else "model", ())
    return found[0] if found else None


def _artifact(store: MetadataStore, text: str) -> ArtifactRecord | None:
    """The artifact of this id; None if there is none, and a run whose id begins so."""
    try:
        return store.artifact(int(text))
    except NotFound:
        if store.runs(limit=1, prefix=text):
            return None
        raise


def _of_artifact(store: MetadataStore, artifact: ArtifactRecord) -> Candidates:
    if artifact.type_name == Predictions.type_name:
        name = f"predictions {artifact.id}"
        return Candidates(name, _usable([artifact], name))
    if artifact.type_name == Model.type_name:
        name = f"model {artifact.id}"
        return Candidates(name, _of_model(store, artifact))
    if artifact.type_name == ModelEvaluation.type_name:
        name = f"evaluation {artifact.id}"
        return Candidates(name, _usable(_evaluated(store, store.producer_of(artifact.id)), name))
    raise WrongArgument(
        f"Artifact {artifact.id} is of type {artifact.type_name}. Models are compared by Predictions, or by a Model or "
        "ModelEvaluation with some. See: millwork artifacts list --type Predictions"
    )


def _of_run(store: MetadataStore, run: str) -> Mapping[str, ArtifactRecord]:
    """What each step of a run predicted with a model of the run; without such, with any; else what Evaluators did."""
    made: dict[str, ArtifactRecord] = {}
    by_evaluators: dict[str, ArtifactRecord] = {}
    asked: dict[str, set[int]] = {}
    trained: set[int] = set()
    for step, execution in last_executions(store, run).items():
        for name, records in store.outputs_of(execution.id).items():
            for record in records:
                if record.type_name == Model.type_name:
                    trained.add(record.id)
                elif record.type_name == Predictions.type_name and _rows(record) and name != OWN_BASELINE:
                    (by_evaluators if name == OWN else made)[step] = record
        if step in made:
            asked[step] = {record.id for record in store.inputs_of(execution.id).get("model", ())}
    labelled = {step: record for step, record in made.items() if _has_label(record)}
    own = {step: record for step, record in labelled.items() if asked[step] & trained}
    return own or labelled or by_evaluators or made


def _of_step(
    store: MetadataStore, run: str, step: str, made: Mapping[str, ArtifactRecord]
) -> list[ArtifactRecord]:
    """What a step predicted; of a step that trained or evaluated, the predictions of that model."""
    executions = last_executions(store, run)
    if step not in executions:
        raise NotFound(f"Run {run} has no step {step!r}. {did_you_mean(step, executions)}")
    what = f"step {step!r} of run {run}"
    written = [record for records in store.outputs_of(executions[step].id).values() for record in records]
    of_type = {record.type_name: record for record in written}
    if step in made:
        return _usable([made[step]], what)
    if ModelEvaluation.type_name in of_type:
        return _usable(_evaluated(store, executions[step]), what)
    if Predictions.type_name in of_type:
        return _usable([of_type[Predictions.type_name]], what)
    if Model.type_name in of_type:
        return _of_model(store, of_type[Model.type_name])
    raise NotFound(f"Step {step!r} of run {run} made no predictions. {did_you_mean(step, made)}")


def _evaluated(store: MetadataStore, execution: ExecutionRecord | None) -> list[ArtifactRecord]:
    """What an Evaluator looked at: the predictions it was given, or made itself."""
    if execution is None:
        return []
    given = store.inputs_of(execution.id).get("predictions", [])
    return given or store.outputs_of(execution.id).get(OWN, [])


def _of_model(store: MetadataStore, model: ArtifactRecord) -> list[ArtifactRecord]:
    """The predictions that were made with a model, the newest first."""
    made: dict[int, ArtifactRecord] = {}
    for use in reversed(store.readers([model.id])):
        if not use.execution.state.good:
            continue
        if len(made) >= _LOOKED_AT:
            break
        for name, records in store.outputs_of(use.execution.id).items():
            if (name == OWN_BASELINE) == (use.name == BASELINE_MODEL):
                made |= {record.id: record for record in records if record.type_name == Predictions.type_name}
    newest = [made[id] for id in sorted(made, reverse=True)]
    return _usable(newest, f"model {model.id}")


def _usable(records: Iterable[ArtifactRecord], what: str) -> list[ArtifactRecord]:
    """Those that are there and have rows, if possible with labels. NotFound if there are none."""
    found = [record for record in records if _rows(record)]
    live = [record for record in found if record.state == "live"]
    if not live:
        if found:
            raise NotFound(
                f"The predictions of {what} were deleted. Run its pipeline again to have them back"
            )
        raise NotFound(f"There are no predictions of {what}. {ADD_PREDICT}")
    return [record for record in live if _has_label(record)] or live


def _has_label(record: ArtifactRecord) -> bool:
    return bool(predictions_of(record).label)


def _rows(record: ArtifactRecord) -> int:
    return sum(predictions_of(record).num_examples.values())


def predictions_of(record: ArtifactRecord) -> Predictions:
    """The artifact."""
    return cast(Predictions, record.load(Predictions))


def _examples_of(store: MetadataStore, predictions: ArtifactRecord) -> tuple[str, ...]:
    """The content of the examples that were scored."""
    producer = store.producer_of(predictions.id)
    read = store.inputs_of(producer.id).get("examples", []) if producer else []
    return tuple(record.digest for record in read)
