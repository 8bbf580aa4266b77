"""How models are to be compared, in a file that is reviewed: the part `comparison:` of policies/blessing.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from millwork.core.errors import WrongArgument, did_you_mean
from millwork.evaluation.comparing.document import DEFAULT
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.comparing.margins import OTHERS, check_amounts

SECTION = "comparison"
FAIL_ON = ("regression", "inconclusive")


Said = Mapping[str, Any]
"""What somebody says about a comparison: fields of Settings, and `fail_on`. What is not said stays as it is."""


@dataclass(frozen=True)
class Policy:
    """How to compare, and what is not good enough."""

    settings: Settings = field(default_factory=Settings)
    fail_on: tuple[str, ...] = ()


def policy_of(*said: Said) -> Policy:
    """The policy that several say together. The last word counts: of margins metric by metric, else as a whole."""
    policy = Policy()
    for one in said:
        values = dict(one)
        fail_on = values.pop("fail_on", policy.fail_on)
        for name in ("margin", "minimum_effect"):
            values[name] = {**getattr(policy.settings, name), **values.get(name, {})}
        policy = Policy(replace(policy.settings, **values), fail_on)
    return policy


def read_policy(file: Path) -> Said:
    """What a YAML file says in its part `comparison:`. WrongArgument for what cannot be read or understood."""
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as e:
        raise WrongArgument(f"The policy {str(file)!r} cannot be read: {e}") from e
    except yaml.YAMLError as e:
        raise WrongArgument(f"The policy {str(file)!r} is not YAML: {e}") from e
    if not isinstance(content, dict) or SECTION not in content:
        raise WrongArgument(
            f"The policy {str(file)!r} has no part `{SECTION}:`. Below it go keys such as margin, by and fail_on"
        )
    return checked(content[SECTION] or {}, f"`{SECTION}:` in {str(file)!r}")


def checked(content: object, where: str) -> Said:
    """Plain data, each value of the type that its key wants. WrongArgument names what is wrong, and where."""
    if not isinstance(content, Mapping):
        raise WrongArgument(f"{where} must hold keys and values, such as `margin: 0.01`, not {content!r}")
    said = {}
    for key, value in content.items():
        if key not in _READERS:
            raise WrongArgument(f"{where} has no key {key!r}. {did_you_mean(str(key), _READERS)}")
        said[key] = _READERS[key](value, f"{where}: {key}")
    return said


def amounts(given: Iterable[str], where: str) -> dict[str, str]:
    """Margins, or minimum effects, as options give them: `0.01` for all metrics, `auc=0.005`, `rmse=2%`."""
    found = {}
    for text in given:
        name, equals, amount = text.rpartition("=")
        if equals and not name.strip():
            raise WrongArgument(f"{where} takes a number, or METRIC=NUMBER, but got {text!r}")
        found[_metric(name.strip())] = amount.strip()
    check_amounts(where, found)
    return found


def checked_fail_on(words: Iterable[str], where: str) -> tuple[str, ...]:
    """What a gate stops for: `regression`, or `inconclusive`, which stops for a regression, too."""
    found = tuple(dict.fromkeys(words))
    for word in found:
        if word not in FAIL_ON:
            raise WrongArgument(f"{where} knows no {word!r}. {did_you_mean(word, FAIL_ON)}")
    return found


def _metric(name: str) -> str:
    return OTHERS if name == DEFAULT else name


def _read_amounts(value: object, where: str) -> dict[str, str]:
    given = value if isinstance(value, Mapping) else {DEFAULT: value}
    found = {_metric(str(name)): str(amount) for name, amount in given.items()}
    check_amounts(where, found)
    return found


def _read_names(value: object, where: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise WrongArgument(f"{where} must be a name or a list of names, but is {value!r}")
    return tuple(names)


def _read_fail_on(value: object, where: str) -> tuple[str, ...]:
    return checked_fail_on(_read_names(value, where), where)


def _number(kind: type[int] | type[float]) -> Callable[[object, str], float]:
    def read(value: object, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | kind):
            article = "a whole number" if kind is int else "a number"
            raise WrongArgument(f"{where} must be {article}, but is {value!r}")
        return kind(value)

    return read


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "metrics": _read_names,
    "by": _read_names,
    "margin": _read_amounts,
    "minimum_effect": _read_amounts,
    "confidence": _number(float),
    "resamples": _number(int),
    "seed": _number(int),
    "threshold": _number(float),
    "fail_on": _read_fail_on,
}
"""By key. Every field of Settings has one."""
