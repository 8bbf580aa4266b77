"""What a training wrote for TensorBoard: each scalar as a line over its steps, read without TensorFlow."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from markupsafe import Markup

from millwork.analysis.views.files import files_sections
from millwork.analysis.views.parts import figure, note, section, side_by_side, table
from millwork.core.artifacts import ModelRun
from millwork.core.storage import files_below
from millwork.evaluation.eval_files import read_messages
from millwork.evaluation.reporting.figures import short
from millwork.evaluation.reporting.names import name
from millwork.evaluation.reporting.palette import SERIES
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.square_plot import dash, swatch
from millwork.evaluation.reporting.xy_plot import XYPlot

MOST_BYTES = 200_000_000
"""Of one file. Larger ones hold more than scalars, and are TensorBoard's."""
MOST_PLOTS, MOST_POINTS = 24, 400

Points = list[tuple[int, float]]
Runs = Mapping[str, Points]


def model_run_sections(artifact: ModelRun) -> Iterator[ReportSection]:
    """A plot for each scalar of several steps, with a line for each folder of logs: `train`, `validation`."""
    scalars = read_scalars(artifact.path)
    if scalars:
        runs = list(dict.fromkeys(run for lines in scalars.values() for run in lines))
        series = {run: place for place, run in enumerate(runs)}
        drawn = {
            t: lines for t, lines in scalars.items() if any(len(points) > 1 for points in lines.values())
        }
        titles = [name(run) for run in runs]
        last = [_last(tag, lines, runs) for tag, lines in scalars.items()]
        yield section(
            "scalars",
            "Scalars",
            _key(series) if drawn else "",
            side_by_side([_plot(tag, lines, series) for tag, lines in list(drawn.items())[:MOST_PLOTS]]),
            note(f"{MOST_PLOTS} of {len(drawn):,} scalars are drawn.") if len(drawn) > MOST_PLOTS else "",
            table("The last values", ("scalar", *titles), last, titles, narrow=True),
        )
    yield from files_sections(artifact)


def read_scalars(folder: Path) -> dict[str, dict[str, Points]]:
    """By tag, by folder of logs: steps and values. A file that was cut off gives what is whole in it."""
    from tensorboard.compat.proto.event_pb2 import Event

    found: dict[str, dict[str, Points]] = {}
    for file in files_below(folder):
        if "tfevents" not in file.name or file.stat().st_size > MOST_BYTES:
            continue
        run = file.parent.relative_to(folder).as_posix()
        for event in _whole(read_messages(file, Event)):
            for value in event.summary.value:
                number = _scalar(value)
                if number is not None:
                    found.setdefault(value.tag, {}).setdefault(run, []).append((event.step, number))
    return found


def _whole(events: Iterator[Any]) -> Iterator[Any]:
    """Those before the place where the file was cut off, as that of a process that was killed."""
    try:
        yield from events
    except (struct.error, DecodeError):
        return


def _scalar(value: Any) -> float | None:
    """The number in a summary: TensorFlow 1 has a field for it, TensorFlow 2 a tensor without dimensions."""
    if value.HasField("simple_value"):
        return float(value.simple_value)
    if not value.HasField("tensor") or value.tensor.tensor_shape.dim:
        return None
    tensor = value.tensor
    for numbers in (tensor.float_val, tensor.double_val):
        if numbers:
            return float(numbers[0])
    layout = {1: "<f", 2: "<d"}.get(tensor.dtype)
    if layout and len(tensor.tensor_content) == struct.calcsize(layout):
        return float(struct.unpack(layout, tensor.tensor_content)[0])
    return None


def _plot(tag: str, lines: Runs, series: Mapping[str, int]) -> Markup:
    kept = {run: _thinned([p for p in points if math.isfinite(p[1])]) for run, points in lines.items()}
    points = [point for line in kept.values() for point in line]
    title = Markup("<bdi>{}</bdi>").format(name(tag, 60))
    if not points:
        return figure(title, Markup("<p>No value is finite.</p>"))
    (left, right), (low, high) = _range([x for x, _ in points]), _range([y for _, y in points])
    plot = XYPlot("step", "", f"{name(tag)} over steps", (left, right), (low, high), 370, 190)
    for run, line in kept.items():
        if not line:
            continue
        colour = series[run]
        plot.add(
            '<g><title>{title}</title><path class="curve s{series}"{dash} d="{path}"/></g>',
            title=f"{name(run)}: last {short(line[-1][1])}",
            series=colour % SERIES,
            dash=dash(colour),
            path=plot.path(line),
        )
        for x, y in line if len(line) <= 30 else ():
            plot.add(
                '<circle class="dot s{s}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>',
                s=colour % SERIES,
                x=plot.x(x),
                y=plot.y(y),
            )
    return figure(title, plot.svg())


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def _thinned(points: Points) -> Points:
    """At most so many, evenly, with the last one."""
    if len(points) <= MOST_POINTS:
        return points
    step = len(points) / MOST_POINTS
    return [*(points[int(place * step)] for place in range(MOST_POINTS)), points[-1]]


def _last(tag: str, lines: Runs, runs: Sequence[str]) -> list[str]:
    return [name(tag, 60), *(short(lines[run][-1][1]) if run in lines else "" for run in runs)]


def _key(series: Mapping[str, int]) -> Markup:
    entries = [
        Markup('<span class="series">{}<bdi>{}</bdi></span>').format(swatch(n), name(run))
        for run, n in series.items()
    ]
    return Markup('<p class="soft">{}</p>').format(Markup(" ").join(entries))
