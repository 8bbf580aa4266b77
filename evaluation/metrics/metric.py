"""A metric that is computed here: the tallies it needs, and what it makes of them. How families make metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from millwork.core.errors import WrongArgument
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.metrics.keys import Aggregation, MetricKey, SubKey
from millwork.evaluation.metrics.tallies import Tally
from millwork.evaluation.metrics.values import Plain, Plot
from millwork.evaluation.metrics.views import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Found = NDArray[np.float64] | Plain | Plot


@dataclass(frozen=True)
class Metric:
    """One metric or plot.

    `result` is called for each slice, with what each tally found there, in the order of `tallies`: arrays of
    components x samples x cells. It answers for all samples at once: an array, or a value of arrays, whose first
    axis is the samples. Samples are all rows first, then resamples, if there are confidence intervals. It must be
    a function of a module, or a partial of one, so that accumulators can be pickled.
    """

    key: MetricKey
    tallies: tuple[Tally, ...]
    result: Callable[..., Found]
    is_plot: bool = False
    has_interval: bool = True


class NotHere(Exception):
    """A family does not compute this; TFMA does. The message completes "is computed by TFMA: ..."."""


@dataclass(frozen=True)
class Request:
    """A metric that a config asks for, for one sub key and one kind of weights."""

    class_name: str
    default_name: str
    settings: Mapping[str, Any]
    task: Task
    model_name: str = ""
    sub_key: SubKey | None = None
    aggregation: Aggregation | None = None
    """MICRO, or None. Macro averages are put together from requests for single classes."""
    class_weights: tuple[tuple[int, float], ...] = ()
    weighted: bool = False

    @property
    def name(self) -> str:
        return str(self.settings.get("name") or self.default_name)

    def key(self, *, name: str = "", tells_aggregation: bool = False) -> MetricKey:
        """The key as TFMA writes it. Most of its metrics do not tell how classes were put together."""
        return MetricKey(
            name or self.name,
            self.model_name,
            sub_key=self.sub_key,
            aggregation_type=self.aggregation if tells_aggregation else None,
            example_weighted=self.weighted,
        )

    @property
    def view(self) -> View:
        return View(self.task, self.weighted, self.sub_key, self.aggregation, self.class_weights)

    def with_sub_key(self) -> Request:
        """With the class or the top k that stand in the metric's own settings."""
        own = {name: self.whole(name) for name in ("class_id", "top_k") if self.whole(name) is not None}
        if not own:
            return self
        for name in own:
            if self.sub_key is not None and getattr(self.sub_key, name) is not None:
                raise WrongArgument(
                    f"eval_config: {self.name} has {name} in its config, and its metrics spec has binarize. Leave one "
                    "of them"
                )
        return replace(self, sub_key=replace(self.sub_key or SubKey(), **own))

    def whole(self, setting: str) -> int | None:
        """A setting that is a whole number, if it is given."""
        given = self.settings.get(setting)
        if given is None or (isinstance(given, int) and not isinstance(given, bool)):
            return given
        raise WrongArgument(
            f"eval_config: {setting} of {self.name} must be a whole number, but got {given!r}"
        )

    def number(self, setting: str, default: float) -> float:
        """A setting that is a number."""
        given = self.settings.get(setting)
        if given is None:
            return default
        if isinstance(given, bool) or not isinstance(given, int | float) or given != given:
            raise WrongArgument(f"eval_config: {setting} of {self.name} must be a number, but got {given!r}")
        return float(given)

    def takes(self, *settings: str) -> None:
        """Leave a metric with other settings to TFMA. `name` is always known, and null is no setting."""
        known = {"name", *settings}
        if unknown := sorted(k for k, value in self.settings.items() if k not in known and value is not None):
            raise NotHere(f"the setting {unknown[0]!r} is not known here")


Family = Callable[[Request], Iterable[Metric]]
"""Makes the metrics of a class. Raises NotHere for what it does not compute, WrongArgument for what nobody could."""
