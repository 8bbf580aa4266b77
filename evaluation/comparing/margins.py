"""How much worse is no worse, and which change is too small to matter: numbers, or shares of the baseline's value."""

from __future__ import annotations

import math
from collections.abc import Mapping

from millwork.core.errors import WrongArgument, did_you_mean
from millwork.evaluation.comparing.metric_catalog import METRICS, Metric

OTHERS = ""
"""The key for all metrics that have none of their own."""


def check_amounts(option: str, amounts: Mapping[str, str]) -> None:
    """Refuse what is no amount, and names of metrics that do not exist."""
    known = [metric.name for metric in METRICS]
    for name, amount in amounts.items():
        if name != OTHERS and name not in known:
            raise WrongArgument(f"{option}: there is no metric {name!r}. {did_you_mean(name, known)}")
        _parsed(option, amount)


def amount_for(metric: Metric, amounts: Mapping[str, str], default: str, baseline: float | None) -> float:
    """In the metric's own unit. A share of a value that is not defined is 0."""
    number, relative = _parsed(metric.name, amounts.get(metric.name, amounts.get(OTHERS, default)))
    return number * abs(baseline or 0.0) if relative else number


def _parsed(option: str, amount: str) -> tuple[float, bool]:
    """The number, and whether it is a share of the baseline's value: `0.01` or `2%`."""
    text = str(amount).strip()
    relative = text.endswith("%")
    try:
        number = float(text.removesuffix("%")) / (100 if relative else 1)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise WrongArgument(
            f"{option}: {amount!r} is no amount. Write a number such as 0.01, or a share of the baseline's "
            "value such as 2%, not below 0"
        )
    return number, relative
