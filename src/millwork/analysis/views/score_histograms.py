"""Scores as histograms, those of each label by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from millwork.analysis.views.parts import figure
from millwork.core.artifacts import Predictions
from millwork.evaluation.reporting.names import name
from millwork.evaluation.reporting.square_plot import dash, swatch
from millwork.evaluation.reporting.xy_plot import XYPlot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BARS = 40
MOST_CLASSES = 8
UNKNOWN = "no label"


def score_figures(artifact: Predictions) -> list[Markup]:
    """For each split the score of the positive class by label, or of each class of its own rows and of others."""
    if artifact.problem == "regression":
        return []
    classes = artifact.classes[-1:] if len(artifact.classes) == 2 else artifact.classes[:MOST_CLASSES]
    shown = []
    for split in artifact.split_names:
        for one in classes:
            groups = _groups(artifact, split, one)
            of = f"score of {name(one, 30)}"
            caption = Markup("<bdi>{}</bdi> <small>{}</small>").format(name(split, 30), of)
            shown.append(figure(caption, _key(groups), _plot(groups, f"{name(split)}: {of}", of)))
    return shown


def _groups(artifact: Predictions, split: str, class_name: str) -> Mapping[str, Floats]:
    """The scores of one class, by label where there are two, else of the class's rows and of all others."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = artifact.split(split) / "predictions.parquet"
    found = pq.read_table(file, columns=["label", f"score_{class_name}"])
    scores = found.column(1).to_numpy().astype("float64")
    label = found.column(0).combine_chunks()
    if pa.types.is_null(label.type) or label.null_count == len(label):
        return {UNKNOWN: scores}
    if pa.types.is_list(label.type):
        return {"all rows": scores}
    label = label.cast(pa.string())
    names = artifact.classes if len(artifact.classes) == 2 else (class_name,)
    masks = {name(one): pc.equal(label, one).fill_null(False).to_numpy(zero_copy_only=False) for one in names}
    if len(artifact.classes) != 2:
        masks["all others"] = pc.not_equal(label, class_name).fill_null(False).to_numpy(zero_copy_only=False)
    if label.null_count:
        masks[UNKNOWN] = label.is_null().to_numpy(zero_copy_only=False)
    return {of: scores[mask] for of, mask in masks.items() if mask.any()}


def _plot(groups: Mapping[str, Floats], told: str, across: str) -> Markup:
    import numpy as np

    finite = {of: scores[np.isfinite(scores)] for of, scores in groups.items()}
    values = np.concatenate([np.zeros(0), *finite.values()])
    if not len(values):
        return Markup("<p>There are no rows.</p>")
    low, high = float(values.min()), float(values.max())
    low, high = (0.0, 1.0) if low >= 0 and high <= 1 else (low, high if high > low else low + 1)
    counted = {of: np.histogram(scores, BARS, (low, high)) for of, scores in finite.items() if len(scores)}
    shares = {of: 100 * counts / counts.sum() for of, (counts, _) in counted.items()}
    most = max(float(share.max()) for share in shares.values())
    plot = XYPlot(across, "% of rows", f"Distribution of {told}", (low, high), (0, 1.05 * most), 370, 190)
    edges = np.linspace(low, high, BARS + 1)
    for series, (of, share) in reversed(list(enumerate(shares.items(), start=1))):
        steps = _steps(plot, edges, share)
        if series == 1:
            plot.add('<path class="shade s1" d="{path}"/>', path=steps)
        plot.add(
            '<g><title>{title}</title><path class="curve s{series}"{dash} d="{path}"/></g>',
            title=of,
            series=series,
            dash=dash(series),
            path=steps,
        )
    return plot.svg()


def _steps(plot: XYPlot, edges: Floats, shares: Floats) -> str:
    corners: list[tuple[float, float]] = [(float(edges[0]), 0.0)]
    for place, share in enumerate(shares.tolist()):
        corners += [(float(edges[place]), share), (float(edges[place + 1]), share)]
    return plot.path([*corners, (float(edges[-1]), 0.0)])


def _key(groups: Mapping[str, Sequence[float] | Floats]) -> Markup:
    entries = [
        Markup('<span class="series">{}<bdi>{}</bdi> ({:,})</span>').format(swatch(series), of, len(scores))
        for series, (of, scores) in enumerate(groups.items(), start=1)
    ]
    return Markup('<p class="soft">{}</p>').format(Markup(" ").join(entries))
