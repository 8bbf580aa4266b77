"""Which steps of a plan are to be run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from millwork.core.errors import NotFound, did_you_mean
from millwork.core.plan import Plan


def select(
    plan: Plan, from_: Sequence[str] = (), to: Sequence[str] = (), only: Sequence[str] = ()
) -> frozenset[str] | None:
    """The steps downstream of `from_` and upstream of `to` (both inclusive), or exactly `only`. None: all.

    What runs at exit belongs to every selection.
    """
    known = [s.id for s in plan.steps]
    for name in (*from_, *to, *only):
        if name not in known:
            raise NotFound(f"Pipeline {plan.pipeline!r} has no step {name!r}. {did_you_mean(name, known)}")
    if not (from_ or to or only):
        return None
    chosen = set(only) if only else set(known)
    if from_:
        chosen &= _downstream(plan, from_)
    if to:
        chosen &= _upstream(plan, to)
    return frozenset(chosen | {s.id for s in plan.steps if s.at_exit})


def _downstream(plan: Plan, start: Iterable[str]) -> set[str]:
    reached = set(start)
    for step in plan.steps:
        if any(w.step in reached for w in step.needs()):
            reached.add(step.id)
    return reached


def _upstream(plan: Plan, end: Iterable[str]) -> set[str]:
    reached = set(end)
    for step in reversed(plan.steps):
        if step.id in reached:
            reached |= {w.step for w in step.needs()}
    return reached
