"""From an EvalConfig to metrics: what is computed here, and what goes to TensorFlow Model Analysis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from millwork.core.component import snake_case
from millwork.core.errors import WrongArgument
from millwork.evaluation.eval_config import metric_settings
from millwork.evaluation.metrics.aggregates import macro_average
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.metrics.catalog import FAMILIES
from millwork.evaluation.metrics.elsewhere import reason_for_tfma
from millwork.evaluation.metrics.keys import Aggregation, SubKey
from millwork.evaluation.metrics.metric import Metric, NotHere, Request

ONE_SCORE = (Task.BINARY, Task.REGRESSION)


@dataclass(frozen=True)
class Model:
    """Of what metrics are planned."""

    task: Task
    model_name: str


@dataclass(frozen=True)
class OtherMetric:
    """A metric that goes to TensorFlow Model Analysis itself."""

    spec: Any
    """A `MetricsSpec` with this one metric, and the other settings of the spec that it stood in."""
    reason: str


def planned(eval_config: Any, model: Model) -> tuple[list[Metric], list[OtherMetric]]:
    """The metrics of one model: those computed here, each key once, and the others."""
    here: dict[Any, Metric] = {}
    others = []
    for spec in eval_config.metrics_specs:
        if not _is_for(spec, model):
            continue
        for metric in spec.metrics:
            try:
                found = list(_metrics(eval_config, spec, metric, model))
            except NotHere as reason:
                others.append(OtherMetric(_alone(spec, metric), str(reason)))
            else:
                # As in TFMA, the last of several metrics with one key is the one that stays.
                here |= {(m.key, m.is_plot): m for m in found}
    return list(here.values()), others


def _is_for(spec: Any, model: Model) -> bool:
    return not spec.model_names or model.model_name in spec.model_names


def _alone(spec: Any, metric: Any) -> Any:
    alone = type(spec).FromString(spec.SerializeToString())
    del alone.metrics[:]
    alone.metrics.append(metric)
    return alone


def _metrics(eval_config: Any, spec: Any, metric: Any, model: Model) -> Iterator[Metric]:
    if (reason := reason_for_tfma(metric)) is not None:
        raise NotHere(reason)
    if spec.query_key:
        raise NotHere("the metrics spec groups rows by a query_key")
    family = FAMILIES[metric.class_name]
    settings = metric_settings(metric)
    for weighted in weight_options(eval_config, spec):
        for aggregation, sub_key, class_weights in _parts(spec):
            request = Request(
                metric.class_name,
                snake_case(metric.class_name),
                settings,
                model.task,
                model.model_name,
                sub_key,
                aggregation,
                class_weights,
                weighted,
            )
            if aggregation in (Aggregation.MACRO, Aggregation.WEIGHTED_MACRO):
                yield from macro_average(family, request)
            else:
                yield from family(_checked(request.with_sub_key()))


def _checked(request: Request) -> Request:
    if request.task in ONE_SCORE and (request.sub_key is not None or request.class_weights):
        raise WrongArgument(
            f"eval_config: {request.class_name} is wanted of a class, or of the top k (binarize, class_id, top_k or "
            f"class_weights), but a {request.task} problem has one score per row. Take it out"
        )
    return request


def weight_options(eval_config: Any, spec: Any) -> list[bool]:
    """Whether the metrics of a spec count weights: as it says, else if a model has weights at all. Or both."""
    if spec.HasField("example_weights"):
        wanted = {True: spec.example_weights.weighted, False: spec.example_weights.unweighted}
        return [weighted for weighted, chosen in wanted.items() if chosen]
    models = eval_config.model_specs
    if spec.model_names and len(models) > 1:
        models = [m for m in models if m.name in spec.model_names]
    return [any(m.example_weight_key for m in models)]


Part = tuple[Aggregation | None, SubKey | None, tuple[tuple[int, float], ...]]
"""How classes are put together, of which of them, and what each weighs."""


def _parts(spec: Any) -> Iterator[Part]:
    """The binary problems that binarize and aggregate make of several classes. One without any, if there are none."""
    binarize, aggregate = spec.binarize, spec.aggregate
    sub_keys = [SubKey(class_id=i) for i in binarize.class_ids.values]
    sub_keys += [SubKey(k=k) for k in binarize.k_list.values]
    sub_keys += [SubKey(top_k=k) for k in binarize.top_k_list.values]
    for sub_key in sub_keys:
        yield None, sub_key, ()
    if spec.HasField("aggregate"):
        weights = _class_weights(aggregate)
        tops: list[SubKey | None] = [SubKey(top_k=k) for k in aggregate.top_k_list.values]
        for top in tops or [None]:
            yield _aggregation(aggregate), top, weights
    elif not sub_keys:
        yield None, None, ()


def _aggregation(aggregate: Any) -> Aggregation | None:
    return next((kind for kind in Aggregation if getattr(aggregate, kind.value)), None)


def _class_weights(aggregate: Any) -> tuple[tuple[int, float], ...]:
    if aggregate.HasField("top_k_list") and aggregate.class_weights:
        raise WrongArgument(
            "eval_config: class_weights cannot be combined with top_k_list in aggregate. Leave one of them"
        )
    return tuple(sorted(aggregate.class_weights.items()))
