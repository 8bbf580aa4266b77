"""A graph is drawn from left to right, without overlaps, and is the same each time."""

from __future__ import annotations

import itertools
import random
import re
import xml.etree.ElementTree as ET
from graphlib import CycleError

import pytest

from millwork.evaluation.reporting.graph_layout import Layout, layout
from millwork.evaluation.reporting.graph_picture import Arrow, Box, Mark, Port, graph_svg

SVG = "{http://www.w3.org/2000/svg}"

Graph = tuple[dict[str, tuple[float, float]], list[tuple[str, str, str]]]


def random_graph(seed: int, steps: int = 20) -> Graph:
    """Boxes of many sizes, and arrows from earlier to later ones."""
    chance = random.Random(seed)
    sizes = {f"s{i}": (chance.uniform(60, 200), chance.uniform(30, 160)) for i in range(steps)}
    wires = [
        (f"s{chance.randrange(i)}", chance.choice("ab"), f"s{i}")
        for i in range(1, steps)
        for _ in range(chance.randrange(1, 4))
    ]
    return sizes, list(dict.fromkeys(wires))


@pytest.fixture(params=range(10))
def graph(request: pytest.FixtureRequest) -> Graph:
    return random_graph(request.param)


def rectangles(placed: Layout, sizes: dict[str, tuple[float, float]]) -> list[tuple[float, ...]]:
    return [(x, y, x + sizes[n][0], y + sizes[n][1]) for n, (x, y) in placed.places.items()]


def test_boxes_do_not_overlap_and_are_inside_the_picture(graph: Graph) -> None:
    placed = layout(*graph)
    boxes = rectangles(placed, graph[0])
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    assert min(b[0] for b in boxes) >= 0 and min(b[1] for b in boxes) >= 0
    assert max(b[2] for b in boxes) <= placed.width
    assert max(b[3] for b in boxes) <= placed.height + 1e-6


def test_every_arrow_leads_to_the_right_and_passes_no_box(graph: Graph) -> None:
    sizes, wires = graph
    placed = layout(sizes, wires)
    boxes = rectangles(placed, sizes)
    for (source, _, target), lanes in zip(wires, placed.lanes, strict=True):
        assert placed.places[source][0] + sizes[source][0] <= placed.ends[source] < placed.places[target][0]
        for left, right, y in lanes:
            assert not any(x0 < right and left < x1 and y0 < y < y1 for x0, y0, x1, y1 in boxes)


def test_the_same_graph_has_the_same_layout(graph: Graph) -> None:
    assert layout(*graph) == layout(*graph)


def test_a_chain_is_a_straight_line() -> None:
    placed = layout({"a": (50, 30), "b": (50, 60), "c": (50, 30)}, [("a", "", "b"), ("b", "", "c")])
    centres = {y + height / 2 for (_, y), height in zip(placed.places.values(), (30, 60, 30), strict=True)}
    assert max(centres) - min(centres) < 1e-6


def test_two_arrows_that_need_not_cross_do_not() -> None:
    names = ["a", "b", "x", "y"]
    placed = layout(dict.fromkeys(names, (50.0, 30.0)), [("a", "", "y"), ("b", "", "x")])
    down = {name: placed.places[name][1] for name in names}
    assert (down["a"] < down["b"]) == (down["y"] < down["x"])


def test_what_goes_round_in_circles_is_refused() -> None:
    with pytest.raises(CycleError):
        layout({"a": (1, 1), "b": (1, 1)}, [("a", "", "b"), ("b", "", "a")])


def test_nothing_can_be_drawn_too() -> None:
    assert ET.fromstring(graph_svg([], [], title="Empty")).tag == f"{SVG}svg"


def drawn() -> str:
    boxes = [
        Box("load", "load", (Port("rows", "Examples 1"), Port("more", "Report 2")), Mark.CAUSE, "data"),
        Box("train", "train", (Port("model", "Model 3"),), Mark.FOLLOWS),
        Box("old", "old", mark=Mark.BEFORE),
        Box("given", "Schema 4", is_step=False),
    ]
    arrows = [Arrow("load", "train", "rows", Mark.FOLLOWS), Arrow("given", "train")]
    return graph_svg(boxes, arrows, title="What differs", subtitle="a → b")


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_marks_are_words_and_borders_not_only_colours() -> None:
    said = texts(drawn())
    assert {"first cause · data", "follows", "only before"} <= set(said)
    assert "differs by itself: a first cause" in said, "the legend explains the borders"
    borders = {
        (r.get("class"), r.get("stroke-width"), r.get("stroke-dasharray"))
        for r in ET.fromstring(drawn()).iter(f"{SVG}rect")
        if r.get("stroke-width")
    }
    assert len(borders) == 4


def test_without_marks_there_is_no_legend() -> None:
    said = texts(graph_svg([Box("a", "a"), Box("b", "b")], [Arrow("a", "b")], title="t"))
    assert said == ["t", "", "a", "b"]


def test_names_are_text_whatever_they_hold_and_long_ones_are_shortened() -> None:
    name = "<script>alert(1)</script>&\x00" + "x" * 100
    svg = graph_svg([Box("a", name, (Port("p", name),))], [], title=name)
    assert "<script" not in svg
    assert "\x00" not in svg
    ET.fromstring(svg)
    [_, _, shown, port] = texts(svg)
    assert len(shown) < 40 and "…" in shown and "…" in port


def test_the_picture_needs_nothing_else_and_is_the_same_each_time() -> None:
    svg = drawn()
    assert svg == drawn()
    assert not re.search(r"href|url\(|<script|http://(?!www\.w3\.org/2000/svg)", svg)
    assert "prefers-color-scheme:dark" in svg
