"""A difference between two runs as a picture: the steps, which of them are first causes, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from millwork.analysis.differences.difference import Outline, RunDifference
from millwork.evaluation.reporting.graph_picture import Arrow, Box, Mark, Port, graph_svg


def difference_svg(difference: RunDifference, title: str = "What differs, and why") -> str:
    """Each step of both runs, with the outputs that others read or that differ."""
    marks = {one.step: Mark.FOLLOWS for one in difference.consequences}
    marks |= {step: Mark.CAUSE for cause in difference.causes for step in cause.steps}
    kinds = _kinds(difference)
    read = {need for outline in difference.outlines for need in outline.needs}
    known = {outline.step: outline for outline in difference.outlines}
    boxes = [_box(outline, read, marks, kinds) for outline in difference.outlines]
    arrows = [arrow for outline in difference.outlines for arrow in _arrows(outline, known)]
    subtitle = f"{difference.before.id} → {difference.after.id}. ≠ marks outputs with other content"
    return graph_svg(boxes, arrows, title=title, subtitle=subtitle)


def _kinds(difference: RunDifference) -> Mapping[str, str]:
    """What the first causes at each step are."""
    found: dict[str, list[str]] = {}
    for cause in difference.causes:
        for step in cause.steps:
            found.setdefault(step, []).append(cause.kind.value)
    return {step: ", ".join(dict.fromkeys(kinds)) for step, kinds in found.items()}


def _box(
    outline: Outline, read: set[tuple[str, str]], marks: Mapping[str, Mark], kinds: Mapping[str, str]
) -> Box:
    shown = [o for o in outline.outputs if o in outline.differing or (outline.step, o) in read]
    ports = tuple(Port(name, f"≠ {name}" if name in outline.differing else name) for name in shown)
    if outline.only_in:
        return Box(outline.step, outline.step, ports, Mark(f"only {outline.only_in}"))
    mark = marks.get(outline.step, Mark.NONE)
    return Box(outline.step, outline.step, ports, mark, kinds.get(outline.step, ""))


def _arrows(outline: Outline, known: Mapping[str, Outline]) -> Iterator[Arrow]:
    """Those that carry something else are drawn as what they lead to."""
    for step, output in outline.needs:
        if step in known:
            carries = output in known[step].differing
            only = Mark(f"only {outline.only_in}") if outline.only_in else Mark.NONE
            yield Arrow(step, outline.step, output, only or (Mark.FOLLOWS if carries else Mark.NONE))
