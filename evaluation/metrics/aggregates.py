"""Macro averages: metrics of single classes, or of the k best scores, put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from millwork.core.errors import WrongArgument
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.metrics.keys import Aggregation, SubKey
from millwork.evaluation.metrics.metric import Family, Metric, Request
from millwork.evaluation.metrics.tallies import Additions
from millwork.evaluation.metrics.views import BatchRows, one_hot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class LabelsByClass:
    """The weights of the rows that have each class."""

    weighted: bool
    components: int = 1

    def cells(self, classes: int) -> int:
        return classes

    def additions(self, rows: BatchRows) -> Additions:
        import numpy as np

        labels = one_hot(rows.batch)
        classes = np.broadcast_to(np.arange(labels.shape[1]), labels.shape)
        return Additions((labels * rows.weights(weighted=self.weighted)[:, None],), classes)


def macro_average(family: Family, request: Request) -> Iterator[Metric]:
    """The average of a family's metrics over classes, or over the k best scores.

    A weighted one weighs each class by its share of the labels. TFMA's key calls it a macro average, too.
    """
    if request.task in (Task.BINARY, Task.REGRESSION):
        raise WrongArgument(
            f"eval_config: {request.name} cannot be averaged over classes: there is one score per row"
        )
    weights = _weights(request)
    children = [_child(family, request, sub_key) for sub_key in weights]
    tallies = [tally for child in children for tally in child.tallies]
    by_labels = request.aggregation is Aggregation.WEIGHTED_MACRO and all(
        s.class_id is not None for s in weights
    )
    if by_labels:
        tallies.append(LabelsByClass(request.weighted))
    result = partial(_averaged, tuple(children), tuple(weights.values()), tuple(weights) if by_labels else ())
    key = replace(children[0].key, sub_key=request.sub_key, aggregation_type=Aggregation.MACRO)
    yield Metric(key, tuple(tallies), result)


def _weights(request: Request) -> dict[SubKey, float]:
    """What is averaged, and what each part weighs by the config."""
    top_k = request.sub_key.top_k if request.sub_key is not None else None
    if top_k is not None:
        return {SubKey(k=k): 1.0 for k in range(1, top_k + 1)}
    if not request.class_weights:
        raise WrongArgument(
            f"eval_config: {request.name} is to be averaged over classes, so aggregate needs class_weights, such as "
            "{0: 1.0, 1: 1.0, 2: 1.0}, or a top_k_list"
        )
    return {SubKey(class_id=number): weight for number, weight in request.class_weights}


def _child(family: Family, request: Request, sub_key: SubKey) -> Metric:
    child = replace(request, sub_key=sub_key, aggregation=None, class_weights=())
    metrics = list(family(child.with_sub_key()))
    if len(metrics) != 1 or metrics[0].is_plot:
        raise WrongArgument(
            f"eval_config: {request.class_name} is no single number, and cannot be averaged over classes. Put it into "
            "a metrics spec without macro_average"
        )
    return metrics[0]


def _averaged(
    children: tuple[Metric, ...], weights: tuple[float, ...], by_labels: tuple[SubKey, ...], *found: Counted
) -> Array:
    """`by_labels`: the classes whose share of the labels is in the last tally."""
    import numpy as np

    total, total_weight = np.zeros(()), np.zeros(())
    shares = _shares(by_labels, found[-1]) if by_labels else None
    place = 0
    for number, child in enumerate(children):
        end = place + len(child.tallies)
        value: Any = child.result(*found[place:end])
        place = end
        weight = weights[number] * (shares[number] if shares is not None else np.ones(found[0].shape[1]))
        total = total + value * weight
        total_weight = total_weight + weight
    average: Array = np.where(total_weight == 0, np.nan, total / total_weight)
    return average


def _shares(classes: tuple[SubKey, ...], labels: Counted) -> Array:
    """Of all labels of these classes, the share of each: classes x samples. 0 without labels."""
    import numpy as np

    of_each: Array = np.stack([labels[0, :, c.class_id or 0] for c in classes])
    total = of_each.sum(axis=0)
    return np.divide(of_each, total, out=np.zeros_like(of_each), where=total > 0)
