"""Values over samples: their differences, and their intervals by Student's t-distribution, as TFMA's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from millwork.evaluation.metrics.sampling import RESAMPLES, Method, Sampling
from millwork.evaluation.metrics.values import BoundedValue, Plain, Value

if TYPE_CHECKING:
    from millwork.evaluation.metrics.metric import Found

NOT_MEASURED = ("thresholds", "lower", "upper")
"""Arrays that say where a value is, not what it is."""


def difference(candidate: Found, baseline: Found) -> Found:
    """Sample by sample, so that the interval is that of the difference."""
    change: Found = _each(lambda one, other: one - other, candidate, baseline)
    return change


def point(samples: Found) -> Any:
    """The value of all rows."""
    return _plain(_each(lambda values: values[0].copy(), samples))


def bounded(samples: Found, sampling: Sampling) -> Value:
    """The value of all rows, with its 95 % interval. Jackknife: of pseudo-values (Efron and Tibshirani, 1993)."""
    value, mean, error = point(samples), _each(_mean, samples), _each(_error_of(sampling), samples)
    width = _each(lambda values: values * _quantile(RESAMPLES - 1), error)
    return BoundedValue(
        value,
        _plain(mean),
        _plain(error),
        RESAMPLES - 1,
        _plain(_each(lambda middle, half: middle - half, mean, width)),
        _plain(_each(lambda middle, half: middle + half, mean, width)),
    )


def _mean(values: Any) -> Any:
    return values[1:].mean(axis=0)


def _error_of(sampling: Sampling) -> Callable[[Any], Any]:
    return _jackknife_error if sampling.method is Method.JACKKNIFE else _bootstrap_error


def _jackknife_error(values: Any) -> Any:
    count = len(values) - 1
    return (values[0] * count - values[1:] * (count - 1)).std(axis=0, ddof=1) / count**0.5


def _bootstrap_error(values: Any) -> Any:
    return values[1:].std(axis=0, ddof=1)


@cache
def _quantile(degrees_of_freedom: int) -> float:
    """How many standard errors are on either side."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, 0.975))


def _each(function: Callable[..., Any], first: Any, *others: Any) -> Any:
    """A function of arrays, or of every array of values that hold some."""
    import numpy as np

    if isinstance(first, np.ndarray | float):
        return function(first, *others)
    names = [f.name for f in fields(first) if f.name not in NOT_MEASURED]
    return replace(first, **{n: function(getattr(first, n), *(getattr(o, n) for o in others)) for n in names})


def _plain(value: Any) -> Plain:
    """Scalars of NumPy as Python's."""
    import numpy as np

    return float(value) if isinstance(value, float | np.floating) else value
