"""Steps that run only if something about artifacts holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from millwork.core.errors import BadInput, WrongArgument
from millwork.core.graph import Condition, Property, open_conditions

JSON = dict[str, Any]


@contextmanager
def when(condition: Condition | Property) -> Iterator[None]:
    """Run the steps created in this block only if `condition` holds; else they are recorded as skipped.

        with when(accuracy >= 0.8):
            Pusher(model=model, destination="serving")

    What needs the output of a skipped step is skipped as well.
    """
    if isinstance(condition, Property):
        condition = condition.one_of(True, 1, "1")
    if not isinstance(condition, Condition):
        raise WrongArgument(
            f"when() takes a condition on an artifact, such as accuracy >= 0.8 or anomalies.prop('num_anomalies')"
            f".equals(0), but got {condition!r}. What is known while the pipeline is described needs only `if`"
        )
    token = open_conditions.set((*open_conditions.get(), condition))
    try:
        yield
    finally:
        open_conditions.reset(token)


def condition_to_json(condition: Condition) -> JSON:
    """The condition as part of a plan."""
    return {"operator": condition.operator, "operands": [_operand(o) for o in condition.operands]}


def holds(condition: Mapping[str, Any], value_of: Callable[[str, str, str], Any]) -> bool:
    """Evaluate a planned condition; `value_of(step, output, property)` looks a value up."""
    operator = condition["operator"]
    values = [_value(o, value_of) for o in condition["operands"]]
    if operator in ("and", "or"):
        return all(values) if operator == "and" else any(values)
    if operator == "not":
        return not values[0]
    left, right = values
    outcomes: dict[str, Callable[[], bool]] = {
        "<": lambda: left < right,
        "<=": lambda: left <= right,
        ">": lambda: left > right,
        ">=": lambda: left >= right,
        "==": lambda: left == right,
        "in": lambda: left in right,
    }
    try:
        return bool(outcomes[operator]())
    except TypeError as e:
        raise BadInput(f"{condition_text(condition)} cannot be decided: {e}") from e


def condition_text(condition: Mapping[str, Any]) -> str:
    """The condition for people: `trainer.accuracy.value >= 0.8`."""
    operator, operands = condition["operator"], [_text(o) for o in condition["operands"]]
    if operator == "not":
        return f"not ({operands[0]})"
    joined = f" {operator} ".join(operands)
    return f"({joined})" if operator in ("and", "or") else joined


def unmet_text(condition: Mapping[str, Any], value_of: Callable[[str, str, str], Any]) -> str:
    """Why a step is skipped: the condition does not hold, for its properties have these values."""
    negated = condition["operator"] == "not"
    text = _text(condition["operands"][0]) if negated else f"not {condition_text(condition)}"
    values = {_text(p): value_of(p["step"], p["output"], p["property"]) for p in _properties(condition)}
    if len(values) == 1:
        return f"{text}: it is {next(iter(values.values()))!r}"
    return f"{text}: " + ", ".join(f"{name} is {value!r}" for name, value in values.items())


def _properties(operand: Any) -> Iterator[Mapping[str, Any]]:
    """The properties of artifacts that a planned condition looks at."""
    if isinstance(operand, Mapping):
        if "operator" not in operand:
            yield operand
        for part in operand.get("operands", ()):
            yield from _properties(part)


def _operand(operand: object) -> Any:
    if isinstance(operand, Condition):
        return condition_to_json(operand)
    if isinstance(operand, Property):
        producer = operand.artifact.producer
        if producer is None:
            raise WrongArgument("when() needs the output of a step; this artifact has no producer")
        if producer.several:
            raise WrongArgument(
                f"when() needs one artifact, but {producer.id} stands for any number: which one's {operand.name}?"
            )
        output = next(n for n, a in producer.outputs.items() if a is operand.artifact)
        return {"step": producer.id, "output": output, "property": operand.name}
    return list(operand) if isinstance(operand, tuple) else operand


def _value(operand: Any, value_of: Callable[[str, str, str], Any]) -> Any:
    if isinstance(operand, Mapping):
        if "operator" in operand:
            return holds(operand, value_of)
        return value_of(operand["step"], operand["output"], operand["property"])
    return operand


def _text(operand: Any) -> str:
    if isinstance(operand, Mapping):
        if "operator" in operand:
            return condition_text(operand)
        return f"{operand['step']}.{operand['output']}.{operand['property']}"
    return repr(operand)
