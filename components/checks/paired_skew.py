"""How two data sets are compared row by row: settings as people give them, and as TFX's message has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from millwork.components.checks.settings import ConfigMessage, known_fields, plain, renamed
from millwork.core.errors import WrongArgument


@dataclass(frozen=True)
class PairedExampleSkew:
    """Which rows belong together, and when they differ."""

    identifier_features: tuple[str, ...]
    """Rows belong together that have the same values of all of these."""
    ignore_features: tuple[str, ...] = ()
    """Features that may differ."""
    float_round_ndigits: int | None = None
    """Round floats to so many digits after the point before they are compared. None: they must be equal."""
    allow_duplicate_identifiers: bool = False
    """Compare each row with every row of the same identifiers. False: rows whose identifiers occur more than once in
    one of the data sets are counted, but not compared."""
    skew_sample_size: int = 20
    """How many pairs that differ to write in full: a random choice, and the same each time."""
    confusion_config: tuple[str, ...] = ()
    """Features for whose pairs of values to count how often they occur: single strings or integers."""


GivenSkew = PairedExampleSkew | Mapping[str, Any] | ConfigMessage
"""Ours, the same as a mapping, or TFX's `ExampleDiffConfig`: the message, or its JSON as a mapping."""


def settled(given: GivenSkew) -> PairedExampleSkew:
    """The settings, checked. WrongArgument says what is wrong, and where."""
    content = plain(given)
    where = "config"
    if isinstance(content, Mapping) and (
        inner := {"paired_example_skew", "pairedExampleSkew"} & set(content)
    ):
        [key] = inner
        if others := [str(name) for name in content if name != key]:
            raise WrongArgument(f"config has, beside {key}, the unknown fields {', '.join(others)}")
        content, where = content[key], f"config.{key}"
    known = {n: v for n, v in known_fields(content, PairedExampleSkew, where).items() if v is not None}
    identifiers = _names(known.get("identifier_features", ()), f"{where}.identifier_features")
    if not identifiers:
        raise WrongArgument(
            f"{where} needs identifier_features: what tells rows apart, such as {{'identifier_features': ['id']}}"
        )
    confusion = known.get("confusion_config", ())
    if isinstance(confusion, list | tuple):
        confusion = [_confusion_feature(c, f"{where}.confusion_config[{i}]") for i, c in enumerate(confusion)]
    duplicates = known.get("allow_duplicate_identifiers", False)
    if not isinstance(duplicates, bool):
        raise WrongArgument(
            f"{where}.allow_duplicate_identifiers must be True or False, but got {duplicates!r}"
        )
    digits = known.get("float_round_ndigits")
    return PairedExampleSkew(
        identifier_features=identifiers,
        ignore_features=_names(known.get("ignore_features", ()), f"{where}.ignore_features"),
        float_round_ndigits=None if digits is None else _count(digits, f"{where}.float_round_ndigits"),
        allow_duplicate_identifiers=duplicates,
        skew_sample_size=_count(
            known.get("skew_sample_size", PairedExampleSkew.skew_sample_size), f"{where}.skew_sample_size"
        ),
        confusion_config=_names(confusion, f"{where}.confusion_config"),
    )


def _confusion_feature(given: Any, where: str) -> Any:
    """TFX has a message around the name."""
    if not isinstance(given, Mapping):
        return given
    content = renamed(given, where)
    if list(content) != ["feature_name"]:
        raise WrongArgument(f"{where} needs exactly a feature_name, but got {given!r}")
    return content["feature_name"]


def _names(given: Any, where: str) -> tuple[str, ...]:
    if (
        isinstance(given, str)
        or not isinstance(given, Sequence)
        or not all(isinstance(n, str) for n in given)
    ):
        raise WrongArgument(f"{where} must be a list of names of features, but got {given!r}")
    return tuple(dict.fromkeys(given))


def _count(given: Any, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise WrongArgument(f"{where} must be a whole number, 0 or more, but got {given!r}")
    return given
