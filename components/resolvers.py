"""Find what earlier runs have left: the latest artifact, the latest blessed model, a window of spans.

A resolver is a step like any other. It looks when its turn comes, and what it found decides, by content, whether the
steps after it have anything to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from millwork.components.models.blessings import blessings_of, is_blessed
from millwork.core.artifacts import Model
from millwork.core.component import snake_case
from millwork.core.errors import BadInput, NotFound, WrongArgument, did_you_mean
from millwork.core.graph import Artifact, Scalar, property_names
from millwork.core.history import ANY_PIPELINE, History, chunks
from millwork.core.integrity import damage_to
from millwork.core.records import ArtifactRecord, as_record
from millwork.core.resolving import Resolver, resolve, resolve_all

A = TypeVar("A", bound=Artifact)


def latest_artifact(
    kind: type[A],
    *,
    node: str = "",
    where: Mapping[str, Scalar] | None = None,
    pipeline: str = "",
    id: str = "",
) -> A:
    """The newest artifact of a type that earlier runs wrote, or none: then an optional input gets None.

        cache = latest_artifact(TransformCache, node="transform")
        keras = latest_artifact(Model, where={"framework": "keras"})

    `where` names properties and their values. It looks in this pipeline; `pipeline="other"` in another one, and
    `pipeline="*"` in all. Raises WrongArgument for a property that the type does not have.
    """
    resolver = LatestArtifacts(node=node, pipeline=pipeline, where=_checked(kind, where))
    return resolve(resolver, kind, id=id or f"latest_{_words(kind)}")


def latest_artifacts(
    kind: type[A],
    count: int,
    *,
    node: str = "",
    where: Mapping[str, Scalar] | None = None,
    pipeline: str = "",
    id: str = "",
) -> list[A]:
    """The newest artifacts of a type, newest first, for an input that takes a list.

        days = latest_artifacts(Examples, 3, node="csv_example_gen")
        week_statistics = StatisticsGen(examples=days, id="week_statistics").statistics

    `where`, `node` and `pipeline` are those of `latest_artifact`.
    """
    resolver = LatestArtifacts(node=node, pipeline=pipeline, where=_checked(kind, where), count=count)
    return resolve_all(resolver, kind, id=id or f"latest_{_words(kind)}s")


def artifact_with_id(kind: type[A], artifact: int, *, id: str = "") -> A:
    """One artifact of the store, by the id that `millwork artifacts list` shows: a baseline that is pinned, say.

        pinned = artifact_with_id(Model, 12)

    The run fails if there is no such artifact, if it is of another type, or if its files are not as they were written.
    """
    resolver = ArtifactWithId(pipeline=ANY_PIPELINE, artifact=artifact)
    return resolve(resolver, kind, id=id or f"{_words(kind)}_{artifact}")


def latest_blessed_model(
    *,
    other_than: Model | None = None,
    before_span: int | None = None,
    node: str = "",
    pipeline: str = "",
    id: str = "",
) -> Model:
    """The newest model that an Evaluator, or a person, has blessed: the baseline that a new one has to beat.

        baseline = latest_blessed_model(other_than=trainer.model)
        compared = Evaluator(
            id="compared",
            model=trainer.model,
            baseline_model=baseline,
            examples=transform.transformed_examples,
            eval_config={"model_specs": [{"label_key": "species"}], "slicing_specs": [{}]},
        )

    Of each evaluating step its last word on a model counts: one must have blessed it, and none refused it. `node` is
    the step that made the model. `other_than` is the model of this run: without it, a run in which nothing changed
    would find that very model, which was blessed in the meantime, and compare it with itself. A model that another one
    is trained from cannot be looked up so, for the other one is not there yet: `before_span` leaves out models that
    were trained on rows of this span, or of later ones.
    """
    resolver = LatestBlessedModel(node=node, pipeline=pipeline, before_span=before_span)
    given = [] if other_than is None else [other_than]
    return resolve(resolver, Model, given=given, id=id or "latest_blessed_model")


def span_range(
    kind: type[A],
    *,
    last: int | None = None,
    first_span: int | None = None,
    last_span: int | None = None,
    ending_with: A | None = None,
    node: str = "",
    pipeline: str = "",
    id: str = "",
) -> list[A]:
    """The artifacts of several spans, oldest span first, for an input that takes a list.

        window = span_range(Examples, last=7, ending_with=examples.examples)
        window_statistics = StatisticsGen(examples=window, id="window_statistics").statistics

    Of each span it is the artifact of the highest version, and of these the newest. `ending_with` is of this run: the
    window ends with its span, and for that span it is the one. `first_span` and `last_span` bound the range.
    """
    if last is not None and last < 1:
        raise WrongArgument(f"span_range: last must be 1 or more spans, but got {last}")
    if last is None and first_span is None and last_span is None:
        raise WrongArgument(
            "span_range: say which spans: last=3 for the newest three, or first_span=... and last_span=..."
        )
    if first_span is not None and last_span is not None and first_span > last_span:
        raise WrongArgument(f"span_range: first_span {first_span} comes after last_span {last_span}")
    _checked(kind, {"span": 0})
    resolver = SpanRange(node=node, pipeline=pipeline, last=last, first_span=first_span, last_span=last_span)
    given = [] if ending_with is None else [ending_with]
    return resolve_all(resolver, kind, given=given, id=id or f"{_words(kind)}_of_spans")


@dataclass(frozen=True, kw_only=True)
class LatestArtifacts(Resolver):
    """The newest artifacts of a type, with these values of properties."""

    where: Mapping[str, Scalar] = field(default_factory=dict)
    count: int = 1

    def find(self, kind: type[Artifact], history: History) -> Iterable[ArtifactRecord]:
        wanted = (a for a in history.candidates(kind) if self._fits(a, kind))
        return islice(history.usable(wanted), self.count)

    def sought(self, kind: type[Artifact]) -> str:
        said = " and ".join(f"{name}={value!r}" for name, value in self.where.items())
        return f"{kind.type_name} with {said}" if said else kind.type_name

    def _fits(self, record: ArtifactRecord, kind: type[Artifact]) -> bool:
        known = record.load(kind).properties if self.where else {}
        return all(known[name] == value for name, value in self.where.items())


@dataclass(frozen=True, kw_only=True)
class ArtifactWithId(Resolver):
    """One artifact, by its id."""

    artifact: int

    def find(self, kind: type[Artifact], history: History) -> Iterable[ArtifactRecord]:
        if history.store is None:
            raise NotFound(f"There is no artifact {self.artifact}: nothing has been run with this store")
        found = history.store.artifact(self.artifact)
        if found.type_name != kind.type_name:
            raise BadInput(f"Artifact {self.artifact} is of type {found.type_name}, not {kind.type_name}")
        if damage := "was deleted" if found.state != "live" else damage_to(found):
            raise BadInput(f"Artifact {self.artifact} at {found.uri} {damage}")
        return [found]

    def sought(self, kind: type[Artifact]) -> str:
        return f"{kind.type_name} {self.artifact}"


@dataclass(frozen=True, kw_only=True)
class LatestBlessedModel(Resolver):
    """The newest model that has been blessed, and not refused since; none of those that are given, nor their like."""

    before_span: int | None = None

    def find(self, kind: type[Artifact], history: History) -> Iterable[ArtifactRecord]:
        return islice(self._blessed(kind, history), 1)

    def sought(self, kind: type[Artifact]) -> str:
        bound = "" if self.before_span is None else f" before span {self.before_span}"
        return f"blessed {kind.type_name}{bound}"

    def _blessed(self, kind: type[Artifact], history: History) -> Iterator[ArtifactRecord]:
        own = {artifact.digest for artifact in history.given}
        others = (
            model
            for model in history.candidates(kind)
            if model.digest not in own and (self.before_span is None or _span(model) < self.before_span)
        )
        for models in chunks(history.usable(others)):
            assert history.store is not None, "without a store there are no models"
            verdicts = blessings_of(history.store, [model.id for model in models], before=history.run)
            yield from (model for model in models if is_blessed(verdicts[model.id]))


@dataclass(frozen=True, kw_only=True)
class SpanRange(Resolver):
    """One artifact for each of several spans."""

    last: int | None = None
    first_span: int | None = None
    last_span: int | None = None

    def find(self, kind: type[Artifact], history: History) -> Iterable[ArtifactRecord]:
        found = {_span(record): record for record in map(as_record, history.given)}
        end = max(found, default=None)
        candidates = [a for a in history.candidates(kind) if self._within(_span(a), end)]
        candidates.sort(key=lambda a: (_span(a), _version(a), a.id), reverse=True)
        for record in history.usable(candidates):
            if _span(record) not in found and len(found) == self.last:
                break  # they come from the newest span down
            found.setdefault(_span(record), record)
        return [found[span] for span in sorted(found)]

    def sought(self, kind: type[Artifact]) -> str:
        bounds = [f"from span {self.first_span}"] if self.first_span is not None else []
        bounds += [f"up to span {self.last_span}"] if self.last_span is not None else []
        return " ".join([kind.type_name, *bounds])

    def _within(self, span: int, end: int | None) -> bool:
        above = self.first_span is None or span >= self.first_span
        return above and all(bound is None or span <= bound for bound in (self.last_span, end))


def _span(record: ArtifactRecord) -> int:
    return int(record.properties.get("span", 0))


def _version(record: ArtifactRecord) -> int:
    return int(record.properties.get("version", 0))


def _checked(kind: type[Artifact], where: Mapping[str, Scalar] | None) -> dict[str, Scalar]:
    """`where`, if the type has these properties."""
    known = property_names(kind) if isinstance(kind, type) and issubclass(kind, Artifact) else []
    for name in where or {}:
        if name not in known:
            raise WrongArgument(
                f"{getattr(kind, '__name__', kind)} has no property {name!r}. {did_you_mean(name, known)}"
            )
    return dict(where or {})


def _words(kind: type[Artifact]) -> str:
    return snake_case(getattr(kind, "__name__", str(kind)))
