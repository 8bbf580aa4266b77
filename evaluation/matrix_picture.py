"""Drawing a confusion matrix: true classes down, predicted ones across; right is blue, wrong is orange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from millwork.evaluation.pictures import number, percent, picture, shortened, text_width

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Share = Literal["none", "true", "predicted", "all"]
Kind = Literal["right", "wrong", "mixed"]

MAX_CLASSES = 24
"""A confusion matrix with more cannot be read: the smallest classes are drawn as one."""
STRONG: dict[Kind, float] = {"right": 0.74, "wrong": 0.83, "mixed": 0.82}
"""From these shades on white text reads better than black (on a light page)."""

MATRIX = """
<text class="mw-soft mw-middle" x="{{ left + side / 2 }}" y="{{ top - axis - 14 }}">predicted</text>
<text class="mw-soft mw-middle" transform="translate(26 {{ top + side / 2 }}) rotate(-90)">true</text>
{%- for name, label in labels %}
{%- set middle = (loop.index0 + 0.5) * size %}
<text class="mw-ink mw-end" font-size="{{ label_size }}" x="{{ left - 9 }}" y="{{ top + middle }}">
<title>{{ name }}</title>{{ label }}</text>
<text class="mw-ink{{ '' if slanted else ' mw-middle' }}" font-size="{{ label_size }}"
 transform="translate({{ left + middle }} {{ top - 13 }}){{ ' rotate(-45)' if slanted }}">
<title>{{ name }}</title>{{ label }}</text>
{%- endfor %}
{%- for cell in cells %}
{%- set x, y = left + cell.x * size, top + cell.y * size %}
<g><title>{{ cell.told }}</title>
<rect class="mw-{{ cell.kind }}" x="{{ x + 1 }}" y="{{ y + 1 }}" rx="3"
 width="{{ size - 2 }}" height="{{ size - 2 }}" fill-opacity="{{ '%.3f' % (0.05 + 0.95 * cell.shade) }}"/>
<g class="mw-middle {{ 'mw-strong' if cell.strong else 'mw-cell' }}">
{%- if cell.main %}<text class="mw-bold" font-size="{{ main_size }}" x="{{ x + size / 2 }}"
 y="{{ y + size / 2 - (8 if cell.below else 0) }}">{{ cell.main }}</text>{% endif %}
{%- if cell.below %}
<text x="{{ x + size / 2 }}" y="{{ y + size / 2 + 13 }}">{{ cell.below }}</text>{% endif %}
</g></g>
{%- endfor %}
<rect class="mw-right" x="20" y="{{ height - 31 }}" width="11" height="11" rx="2"/>
<text class="mw-soft" x="37" y="{{ height - 25 }}">right</text>
<rect class="mw-wrong" x="78" y="{{ height - 31 }}" width="11" height="11" rx="2"/>
<text class="mw-soft" x="95" y="{{ height - 25 }}">wrong; the stronger, the larger its share of {{ whole }}
</text>
"""


@dataclass(frozen=True)
class Cell:
    """One pair of classes, as it is drawn."""

    x: int
    y: int
    kind: Kind
    shade: float
    main: str
    below: str
    told: str

    @property
    def strong(self) -> bool:
        """True if the text on it is white on any page."""
        return self.shade > STRONG[self.kind]


def matrix_svg(
    classes: Sequence[str], matrix: NDArray[np.float64], *, normalize: Share, title: str, subtitle: str
) -> str:
    """The picture. `normalize` chooses the number written large; rows or shares are written small."""
    names, counts = smallest_as_one(classes, matrix)
    size = max(26, min(92, 620 // len(names)))
    label_size = 13 if size >= 36 else 11
    shown = [shortened(name, 20) for name in names]
    label_width = int(max(text_width(label, label_size) for label in shown))
    slanted = label_width > size - 8
    axis = int(label_width * 0.72) + 18 if slanted else 24
    left, top, side = 56 + label_width, 94 + axis, size * len(names)
    overhang = axis if slanted else 0
    return picture(
        MATRIX,
        width=max(left + side + 24 + overhang, 470),
        height=top + side + 52,
        left=left,
        top=top,
        side=side,
        size=size,
        main_size=17 if size >= 60 else 13 if size >= 44 else 10,
        axis=axis,
        slanted=slanted,
        label_size=label_size,
        labels=list(zip(names, shown, strict=True)),
        cells=_cells(names, counts, normalize, grouped=len(names) < len(classes), size=size),
        title=title,
        subtitle=subtitle,
        summary=f"{title}. {subtitle}",
        whole={"predicted": "the predicted class", "all": "all"}.get(normalize, "the true class"),
    )


def _cells(
    names: Sequence[str], counts: NDArray[np.float64], normalize: Share, *, grouped: bool, size: int
) -> list[Cell]:
    """Shades follow the shares, raised so that small ones show. Of the group nobody can say what is right."""
    shares = _shares(counts, "true" if normalize == "none" else normalize)
    of = {"predicted": "of predicted {1}", "all": "of all"}.get(normalize, "of true {0}")
    cells = []
    for (y, x), count in [((y, x), counts[y, x]) for y in range(len(names)) for x in range(len(names))]:
        share = float(shares[y, x])
        texts = (number(float(count)), percent(share))
        main, below = texts if normalize == "none" else texts[::-1]
        told = (
            f"true {names[y]}, predicted {names[x]}: {texts[0]} ({texts[1]} {of.format(names[y], names[x])})"
        )
        kind: Kind = "wrong" if x != y else "mixed" if grouped and y == len(names) - 1 else "right"
        if size < 38:
            main = texts[0] if text_width(texts[0], 10) < size - 2 else ""
        cells.append(
            Cell(
                x, y, kind, 0.0 if share != share else share**0.6,
                main, below if size >= 60 else "", told,
            )
        )  # fmt: skip
    return cells


def smallest_as_one(
    classes: Sequence[str], matrix: NDArray[np.float64], by: NDArray[np.float64] | None = None
) -> tuple[list[str], NDArray[np.float64]]:
    """The classes with the most rows, in the model's order, and one group for all others.

    `by` is the matrix whose rows count, if several matrices are to have the same classes.
    """
    import numpy as np

    if len(classes) <= MAX_CLASSES:
        return list(classes), matrix
    kept = np.sort(np.argsort(-(matrix if by is None else by).sum(axis=1), kind="stable")[: MAX_CLASSES - 1])
    group = np.full(len(classes), len(kept))
    group[kept] = np.arange(len(kept))
    folded = np.zeros((len(kept) + 1, len(kept) + 1))
    np.add.at(folded, (group[:, None], group[None, :]), matrix)
    return [*(classes[i] for i in kept), f"({len(classes) - len(kept)} others)"], folded


def _shares(counts: NDArray[np.float64], of: Share) -> NDArray[np.float64]:
    """Each cell as a share of its row, its column or everything; NaN where that is empty."""
    import numpy as np

    axis = {"true": 1, "predicted": 0}.get(of)
    whole = np.broadcast_to(counts.sum(axis=axis, keepdims=True), counts.shape)
    return np.divide(counts, whole, out=np.full(counts.shape, np.nan), where=whole > 0)
