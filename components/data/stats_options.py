"""TFDV's StatsOptions as part of a plan: the object itself, as TFX takes it, or its arguments as a mapping."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from millwork.core.errors import BadInput, WrongArgument, did_you_mean

if TYPE_CHECKING:
    import tensorflow_data_validation as tfdv

_UNUSED = ("experimental_slice_sqls", "slicing_config", "slice_functions", "experimental_slice_functions")
_FROM_JSON = "TYPE_NAME"
"""What TFDV marks its own JSON with."""


@runtime_checkable
class OptionsObject(Protocol):
    """`tfdv.StatsOptions(...)`."""

    def to_json(self) -> str:
        """The options as TFDV writes them."""


GivenOptions = OptionsObject | Mapping[str, Any]


def settled_options(given: GivenOptions | None) -> dict[str, Any]:
    """The options as plain data. WrongArgument if they hold code, which no plan can take along."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return dict(given)
    try:
        content: dict[str, Any] = json.loads(given.to_json())
    except ValueError as e:
        raise WrongArgument(f"StatisticsGen: stats_options cannot be part of a plan: {e}") from None
    return content


def said_twice(settled: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """The first of a component's own parameters that the options give as well; '' if there is none."""
    return next((name for name in own if name in settled or f"_{name}" in settled), "")


def load_options(settled: Mapping[str, Any]) -> tfdv.StatsOptions:
    """TFDV's object. BadInput if it does not know an option, or if we do not take it."""
    import tensorflow_data_validation as tfdv

    if _FROM_JSON in settled:
        options = tfdv.StatsOptions.from_json(json.dumps(dict(settled)))
    else:
        known = [n for n in inspect.signature(tfdv.StatsOptions).parameters if n != "generators"]
        for name in settled:
            if name not in known:
                raise BadInput(f"stats_options has no option {name!r}. {did_you_mean(name, known)}")
        try:
            options = tfdv.StatsOptions(**settled)
        except (TypeError, ValueError) as e:
            raise BadInput(f"stats_options: TFDV does not take {dict(settled)!r}: {e}") from e
    if name := next((n for n in _UNUSED if settled.get(n) or settled.get(f"{n}_json")), ""):
        raise BadInput(f"stats_options: {name} is not taken. Name the features in slice_features")
    return options
