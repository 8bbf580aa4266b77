"""From what a user names to what is compared: runs, models, artifacts and files become contenders."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, cast

from millwork.analysis.example_features import ExampleFeatures, features_of
from millwork.analysis.predictions_in_store import (
    Candidates,
    find_predictions,
    model_of,
    of_same_examples,
    predictions_of,
)
from millwork.analysis.stores import existing_store, store_exists
from millwork.core.artifacts import Model, ModelEvaluation, Predictions
from millwork.core.errors import NotFound, WrongArgument
from millwork.core.integrity import damage_to
from millwork.core.records import ArtifactRecord
from millwork.core.run import Run
from millwork.core.storage import is_remote
from millwork.core.store import MetadataStore
from millwork.evaluation.comparing.contenders import contender_of
from millwork.evaluation.comparing.contest import Contender, Problem
from millwork.evaluation.comparing.distinct_names import distinct
from millwork.evaluation.comparing.document import SourceDocument
from millwork.evaluation.comparing.foreign_contenders import contender_from_rows
from millwork.evaluation.comparing.foreign_files import CSV, PARQUET, find_files
from millwork.evaluation.comparing.frames import rows_of_frame
from millwork.evaluation.comparing.slice_expressions import features_needed

if TYPE_CHECKING:
    import pandas as pd

Named: TypeAlias = "str | os.PathLike[str] | Run | Predictions | Model | ModelEvaluation | pd.DataFrame"
"""What one may compare."""


@dataclass(frozen=True)
class Reading:
    """What is read of predictions."""

    by: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    """All, if none is named."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """What is called otherwise in files from elsewhere: `row_id`, `label`, … and the name there."""
    positive: str = ""
    """The positive class of files from elsewhere."""
    problem: Problem | None = None
    """What files from elsewhere are about, if their labels do not say it."""


@dataclass(frozen=True)
class Entrant:
    """One of the models, and where its predictions are: in the store, in an artifact unknown to it, in files, in a
    frame."""

    name: str
    given: str
    predictions: Predictions | None = None
    record: ArtifactRecord | None = None
    path: Path | None = None
    frame: pd.DataFrame | None = None


class Entrants:
    """Finds what users name in a store, which is opened only if it is needed."""

    def __init__(self, root: str, store: str) -> None:
        self._where = root, store

    @cached_property
    def _store(self) -> MetadataStore:
        return existing_store(*self._where)

    def find(self, models: Sequence[Named], names: Sequence[str] = ()) -> list[Entrant]:
        """What was named, each with a name of its own, or called as `names` has it. Errors say what to do."""
        if names and (len(names) != len(models) or len(set(names)) < len(names)):
            count = (
                "One model needs one name" if len(models) == 1 else f"{len(models)} models need as many names"
            )
            raise WrongArgument(f"{count}, all different, not {', '.join(map(repr, names))}")
        named = {place: name for place, model in enumerate(models) if (name := self._name_in_store(model))}
        found = {place: find_predictions(self._store, name) for place, name in named.items()}
        if len(models) == 2 and len(found) == 2:
            found |= self._blessed_before(named, found)
        records = of_same_examples(self._store, list(found.values())) if found else []
        _check_files(records)
        stored = {
            place: Entrant(one.name, named[place], predictions_of(record), record)
            for (place, one), record in zip(found.items(), records, strict=True)
        }
        entrants = [stored.get(place) or self._elsewhere(model) for place, model in enumerate(models)]
        if names:
            return [replace(one, name=name) for one, name in zip(entrants, names, strict=True)]
        return _with_own_names(entrants)

    def contender(self, entrant: Entrant, reading: Reading) -> Contender:
        """Its predictions, with the features to slice by."""
        wanted = features_needed(reading.by)
        if entrant.predictions is None:
            files = (
                rows_of_frame(entrant.frame, entrant.name)
                if entrant.path is None
                else find_files(entrant.path, reading.splits)
            )
            return contender_from_rows(
                files,
                entrant.name,
                columns=reading.columns,
                positive=reading.positive or None,
                problem=reading.problem,
                features=wanted,
            )
        return contender_of(
            entrant.predictions,
            entrant.name,
            splits=reading.splits,
            features=wanted,
            elsewhere=self._features(entrant, wanted),
        )

    def source(self, entrant: Entrant) -> SourceDocument:
        """Where its predictions are from."""
        record = entrant.record
        if record is None:
            uri = entrant.predictions.uri if entrant.predictions else str(entrant.path or "")
            return SourceDocument(given=entrant.given, predictions=None, uri=uri, run="", step="", model=None)
        producer, model = self._store.producer_of(record.id), model_of(self._store, record)
        return SourceDocument(
            given=entrant.given,
            predictions=record.id,
            uri=record.uri,
            run=producer.run if producer else "",
            step=producer.node if producer else "",
            model=model.id if model else None,
        )

    def _blessed_before(
        self, named: Mapping[int, str], found: Mapping[int, Candidates]
    ) -> dict[int, Candidates]:
        """In the place of `@blessed`, if that is the very model it is compared with: the one blessed before."""
        for place, other in ((0, 1), (1, 0)):
            if not named[place].startswith("@"):
                continue
            own, their = (model_of(self._store, found[at].records[0]) for at in (place, other))
            if own and their and own.digest == their.digest:
                try:
                    return {place: find_predictions(self._store, named[place], [_model(own)])}
                except NotFound:
                    break  # it was the first: then it is compared with itself, and a note says so
        return {}

    def _name_in_store(self, model: Named) -> str:
        """What the store is asked for. Empty for files, and for predictions that it does not know."""
        if isinstance(model, Run):
            return model.id
        if isinstance(model, Model | ModelEvaluation | Predictions):
            return self._id_in_store(model)
        if _is_frame(model):
            return ""
        if not isinstance(model, str | os.PathLike):
            raise WrongArgument(
                "Compared are names, paths, runs, pandas frames, Predictions, Models and ModelEvaluations, not "
                f"{type(model).__name__}"
            )
        text = os.fspath(model)
        return "" if isinstance(model, os.PathLike) or os.path.exists(text) or _is_path(text) else text

    def _id_in_store(self, artifact: Model | ModelEvaluation | Predictions) -> str:
        """Its id, if this store gave it."""
        kind = artifact.type_name
        if not artifact.uri:
            raise WrongArgument(f"This {kind} has no files yet: run the pipeline, and write run[...] of it")
        if self._is_in_store(artifact.id, artifact.uri):
            return str(artifact.id)
        if isinstance(artifact, Predictions):
            return ""
        raise WrongArgument(
            f"The {kind} {artifact.uri!r} is not in this store. Pass root=..., or its Predictions"
        )

    def _is_in_store(self, id: int, uri: str) -> bool:
        if not id or not store_exists(*self._where):
            return False
        try:
            return self._store.artifact(id).uri == uri
        except NotFound:
            return False

    def _elsewhere(self, model: Named) -> Entrant:
        if isinstance(model, Predictions):
            return Entrant(Path(model.uri).name, model.uri, model)
        if _is_frame(model):
            return Entrant("frame", "frame", frame=model)
        assert isinstance(model, str | os.PathLike)
        if is_remote(os.fspath(model)):
            raise WrongArgument(f"{model!r} is not on this machine. Copy it here, and name the copy")
        path = Path(model)
        if not path.exists():
            raise NotFound(f"There is no file or folder {str(path)!r}")
        return Entrant(_name_of_files(path), str(path), path=path)

    def _features(self, entrant: Entrant, wanted: Sequence[str]) -> ExampleFeatures | None:
        """Where features are that were not stored with the predictions."""
        predictions = entrant.predictions
        if entrant.record is None or predictions is None or set(wanted) <= set(predictions.slice_features):
            return None
        return features_of(self._store, entrant.record, predictions.split_names[0])


def _model(record: ArtifactRecord) -> Model:
    return cast(Model, record.load(Model))


def _check_files(records: Sequence[ArtifactRecord]) -> None:
    for record in records:
        if damage := damage_to(record):
            raise NotFound(
                f"Predictions {record.id}: {record.uri!r} {damage}. Run the pipeline again to have them back"
            )


def _is_frame(model: object) -> TypeGuard[pd.DataFrame]:
    """Without loading pandas: whoever has a frame has done so."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(model, pandas.DataFrame)


def _is_path(text: str) -> bool:
    return "/" in text or text.lower().endswith(PARQUET + CSV)


def _name_of_files(path: Path) -> str:
    """Of a folder its name, of a file that without what says how it is written."""
    name = path.resolve().name
    endings = [ending for ending in PARQUET + CSV if name.lower().endswith(ending)]
    return name[: -max(map(len, endings))] if endings and path.is_file() else name


def _with_own_names(entrants: Sequence[Entrant]) -> list[Entrant]:
    """Files of one name in several folders are told apart by these; what is left gets a number."""
    names = [one.name for one in entrants]
    told = [
        replace(one, name=f"{one.path.resolve().parent.name}/{one.name}")
        if one.path and names.count(one.name) > 1
        else one
        for one in entrants
    ]
    distinct_names = distinct(one.name for one in told)
    return [replace(one, name=name) for one, name in zip(told, distinct_names, strict=True)]
