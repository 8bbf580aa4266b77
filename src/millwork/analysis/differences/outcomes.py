"""What came of two runs: how their steps ended, their verdicts, their metrics."""

from __future__ import annotations

from collections.abc import Iterator

from millwork.analysis.differences.difference import Change
from millwork.analysis.differences.recorded import RecordedStep
from millwork.analysis.differences.tracing import Tracing
from millwork.analysis.differences.values import number_change
from millwork.analysis.run_metrics import numbers_of
from millwork.core import artifacts as stock
from millwork.core.records import ArtifactRecord, State

_WITH_REMARK = {
    kind.type_name: kind
    for kind in (stock.ModelBlessing, stock.InfraBlessing, stock.PushedModel, stock.ExampleAnomalies)
}
"""What says in words how it went."""
_ROWS = (stock.Examples.type_name, stock.Predictions.type_name)
_WORKED = (State.COMPLETE.value, State.CACHED.value)


def outcomes(tracing: Tracing) -> Iterator[Change]:
    """Where the results differ, step by step."""
    left_out = tracing.before.unselected | tracing.after.unselected
    for before, after in tracing.shared:
        if after.id in left_out:
            continue
        if _ending(before) != _ending(after):
            yield Change(after.id, _told(before), _told(after))
            continue
        for name in after.outputs:
            was, has = before.outputs.get(name, ()), after.outputs[name]
            if len(was) == len(has) == 1:
                yield from _differing(f"{after.id}.{name}", was[0], has[0])


def _ending(step: RecordedStep) -> str:
    """Whether work was done or found in the cache makes no difference to what came of it."""
    return State.COMPLETE.value if step.state in _WORKED else step.state


def _told(step: RecordedStep) -> str:
    if step.state in _WORKED:
        return State.COMPLETE.value
    error = str(step.execution.properties.get("__error__", "")) if step.execution else ""
    why = error or step.reason
    return f"{step.state}: {why}" if why else step.state


def _differing(place: str, before: ArtifactRecord, after: ArtifactRecord) -> Iterator[Change]:
    if before.id == after.id or after.type_name in _ROWS:
        return
    if kind := _WITH_REMARK.get(after.type_name):
        was, has = (artifact.load(kind).remark for artifact in (before, after))
        if was != has:
            yield Change(place, was or "none", has or "none")
        return
    numbers = [dict(numbers_of(place, [artifact])) for artifact in (before, after)]
    for name in dict.fromkeys([*numbers[0], *numbers[1]]):
        if numbers[0].get(name) != numbers[1].get(name):
            yield number_change(name, numbers[0].get(name), numbers[1].get(name))
