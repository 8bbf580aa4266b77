"""Where the boxes of a graph go: in layers from left to right, each after all that lead to it.

Sugiyama's method: longest paths choose the layer, barycentres the order within one, and arrows over several layers
pass through each of them at a place of their own. The same graph always has the same layout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import pairwise

GAP = 22
"""Between the boxes of a layer."""
LAYER_GAP = 40
"""Between layers, where arrows turn."""
_LANE = 6
"""The height of an arrow's place in a layer that it passes."""
_SWEEPS = 12

Wire = tuple[str, str, str]
"""From a box, from which of its ports, and to which box."""

Node = str | tuple[str, str, int]
"""The name of a box, or where arrows from a port of a box pass a layer: they go side by side as far as they can."""


@dataclass
class Layout:
    """Places of boxes by their upper left corner, and for each arrow where it passes the layers on its way."""

    places: dict[str, tuple[float, float]]
    lanes: list[list[tuple[float, float, float]]]
    """For each arrow, from left to right: the left and the right end of the layer, and how far down."""
    ends: dict[str, float]
    """For each box: the right end of its layer, from where arrows may turn."""
    width: float
    height: float


@dataclass
class _Layers:
    """Boxes, and places of passing arrows, layer by layer in their order from above."""

    layers: list[list[Node]]
    heights: Mapping[Node, float]
    before: dict[Node, list[Node]] = field(default_factory=dict)
    after: dict[Node, list[Node]] = field(default_factory=dict)

    def connect(self, source: Node, target: Node) -> None:
        self.after.setdefault(source, []).append(target)
        self.before.setdefault(target, []).append(source)


def layout(sizes: Mapping[str, tuple[float, float]], arrows: Sequence[Wire]) -> Layout:
    """Arrange boxes, given by width and height, so that every arrow leads to the right. ValueError if one cannot."""
    ranks = _ranks(list(sizes), arrows)
    graph = _with_lanes(sizes, ranks, arrows)
    _order(graph)
    centres = _centres(graph)
    lefts, rights = _columns(sizes, ranks)
    top = min((centres[node] - graph.heights[node] / 2 for node in graph.heights), default=0.0)
    places = {name: (lefts[ranks[name]], centres[name] - sizes[name][1] / 2 - top) for name in sizes}
    lanes = [
        [(lefts[r], rights[r], centres[(a, port, r)] - top) for r in range(ranks[a] + 1, ranks[b])]
        for a, port, b in arrows
    ]
    height = max((centres[node] + graph.heights[node] / 2 - top for node in graph.heights), default=0.0)
    ends = {name: rights[ranks[name]] for name in sizes}
    return Layout(places, lanes, ends, rights[-1] if rights else 0.0, height)


def _ranks(names: Sequence[str], arrows: Sequence[Wire]) -> dict[str, int]:
    """The layer of each box: after all that lead to it. What nothing leads to stands next to what it leads to."""
    sources: dict[str, list[str]] = {name: [] for name in names}
    targets: dict[str, list[str]] = {name: [] for name in names}
    for source, _, target in arrows:
        sources[target].append(source)
        targets[source].append(target)
    ranks: dict[str, int] = {}
    for name in TopologicalSorter(sources).static_order():
        ranks[name] = 1 + max((ranks[source] for source in sources[name]), default=-1)
    for name in names:
        if not sources[name] and targets[name]:
            ranks[name] = min(ranks[target] for target in targets[name]) - 1
    return ranks


def _with_lanes(
    sizes: Mapping[str, tuple[float, float]], ranks: Mapping[str, int], arrows: Sequence[Wire]
) -> _Layers:
    layers: list[list[Node]] = [[] for _ in range(1 + max(ranks.values(), default=-1))]
    heights: dict[Node, float] = {name: height for name, (_, height) in sizes.items()}
    graph = _Layers(layers, heights)
    for name in sizes:
        layers[ranks[name]].append(name)
    for source, port, target in arrows:
        last: Node = source
        for rank in range(ranks[source] + 1, ranks[target]):
            lane = (source, port, rank)
            if lane not in heights:
                layers[rank].append(lane)
                heights[lane] = _LANE
                graph.connect(last, lane)
            last = lane
        graph.connect(last, target)
    return graph


def _order(graph: _Layers) -> None:
    """Sort each layer by where its neighbours are, to and fro, and keep the order with the fewest crossings."""
    best = [list(layer) for layer in graph.layers]
    fewest = _crossings(graph)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        neighbours = graph.before if forward else graph.after
        for index in range(len(graph.layers)) if forward else reversed(range(len(graph.layers))):
            beside = index - 1 if forward else index + 1
            if 0 <= beside < len(graph.layers):
                _sort(graph.layers[index], graph.layers[beside], neighbours)
        crossings = _crossings(graph)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in graph.layers], crossings
    graph.layers[:] = best


def _sort(layer: list[Node], beside: Sequence[Node], neighbours: Mapping[Node, Sequence[Node]]) -> None:
    places = {node: place / max(1, len(beside) - 1) for place, node in enumerate(beside)}
    own = {node: place / max(1, len(layer) - 1) for place, node in enumerate(layer)}

    def barycentre(node: Node) -> float:
        known = [places[n] for n in neighbours.get(node, ())]
        return sum(known) / len(known) if known else own[node]

    layer.sort(key=barycentre)


def _crossings(graph: _Layers) -> int:
    count = 0
    for left, right in pairwise(graph.layers):
        places = {node: place for place, node in enumerate(right)}
        ends = [places[n] for node in left for n in sorted(graph.after.get(node, ()), key=places.__getitem__)]
        count += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return count


def _centres(graph: _Layers) -> dict[Node, float]:
    """How far down each is: near the mean of its neighbours, in the order of its layer and without overlap."""
    centres: dict[Node, float] = {}
    for layer in graph.layers:
        _spread(layer, graph.heights, centres, lambda node: 0.0)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for layer in graph.layers if forward else reversed(graph.layers):

            def wanted(node: Node) -> float:
                near = [*graph.before.get(node, ()), *graph.after.get(node, ())]
                return sum(centres[n] for n in near) / len(near) if near else centres[node]

            _spread(layer, graph.heights, centres, wanted)
    return centres


def _spread(
    layer: Sequence[Node],
    heights: Mapping[Node, float],
    centres: dict[Node, float],
    wanted: Callable[[Node], float],
) -> None:
    """Halfway between pushing down what overlaps and pushing it up: both keep the distances, so their mean does."""
    goals = [wanted(node) for node in layer]
    apart = [
        (heights[a] + heights[b]) / 2 + (GAP if isinstance(a, str) and isinstance(b, str) else GAP / 2)
        for a, b in pairwise(layer)
    ]
    down, up = list(goals), list(goals)
    for i in range(1, len(layer)):
        down[i] = max(goals[i], down[i - 1] + apart[i - 1])
    for i in reversed(range(len(layer) - 1)):
        up[i] = min(goals[i], up[i + 1] - apart[i])
    centres.update({node: (a + b) / 2 for node, a, b in zip(layer, down, up, strict=True)})


def _columns(
    sizes: Mapping[str, tuple[float, float]], ranks: Mapping[str, int]
) -> tuple[list[float], list[float]]:
    """The left and the right end of each layer."""
    widths = [0.0] * (1 + max(ranks.values(), default=-1))
    for name, (width, _) in sizes.items():
        widths[ranks[name]] = max(widths[ranks[name]], width)
    lefts = [sum(widths[:i]) + i * LAYER_GAP for i in range(len(widths))]
    return lefts, [left + width for left, width in zip(lefts, widths, strict=True)]
