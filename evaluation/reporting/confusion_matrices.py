"""Confusion matrices as tables: of a model, and of how one differs from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.contest import Contender
from millwork.evaluation.pictures import number, percent, render
from millwork.evaluation.reporting.figures import MINUS, count
from millwork.evaluation.reporting.names import name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

DEPTHS = 5
"""Shades besides the lightest."""
STRENGTH = 10.0
"""Differences of shares are small: they are shaded so many times as deep as shares."""
FEW = 4
"""Classes of which cells have room for a share below the count."""
BINARY_CELLS = (("tn", "fp"), ("fn", "tp"))

MATRIX = """
<table class="matrix{{ ' many' if many }}">
<caption>{{ caption }}</caption>
<thead><tr><td></td><th scope="colgroup" colspan="{{ classes | length }}"><small>predicted</small></th></tr>
<tr><td class="corner"><small>true</small></td>
{%- for class in classes %}<th scope="col"><bdi>{{ class }}</bdi></th>{% endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr><th scope="row"><bdi>{{ classes[loop.index0] }}</bdi></th>
{%- for cell in row %}<td data-tone="{{ cell.tone }}" data-depth="{{ cell.depth }}"
{%- if cell.id %} data-cell="{{ cell.id }}"{% endif -%}
{%- if many %} title="{{ cell.below }}"{% endif %}><b>{{ cell.main }}</b>
{%- if not many %}<small>{{ cell.below }}</small>{% endif %}</td>
{%- endfor %}</tr>
{%- endfor %}
</tbody></table>
"""


@dataclass(frozen=True)
class Cell:
    """One pair of classes."""

    main: str
    below: str
    tone: str
    """`right`, `wrong`, or `none`."""
    depth: int
    id: str = ""
    """By which the page's script finds it."""


def counted(contender: Contender) -> Matrix:
    """Truth down, decisions across: rows, or sums of weights."""
    import numpy as np

    classes = len(contender.classes)
    cells = contender.labels * classes + contender.predicted
    found = np.bincount(cells, contender.weights, minlength=classes**2)
    return found.reshape(classes, classes).astype(float)


def matrix_table(classes: Sequence[str], matrix: Matrix, caption: str, id: str = "") -> str:
    """Counts, with their shares of the true class. `id` names the cells of a matrix that the script moves."""
    shares = shares_of_truth(matrix)
    rows = [
        [
            Cell(
                _amount(float(matrix[y, x]), len(matrix)),
                percent(float(shares[y, x])),
                "right" if x == y else "wrong",
                _depth(float(shares[y, x])),
                f"{id}-{BINARY_CELLS[y][x]}" if id else "",
            )
            for x in range(len(matrix))
        ]
        for y in range(len(matrix))
    ]
    return _table(classes, rows, caption)


def difference_table(
    classes: Sequence[str], matrix: Matrix, baseline: Matrix, caption: str, *, paired: bool, id: str = ""
) -> str:
    """How a model differs from the baseline. Without pairs only shares can be compared."""
    moved, changes = matrix - baseline, shares_of_truth(matrix) - shares_of_truth(baseline)
    rows = [
        [
            _changed(
                float(moved[y, x]),
                float(changes[y, x]),
                classes=len(matrix),
                diagonal=x == y,
                paired=paired,
                id=f"{id}-{BINARY_CELLS[y][x]}-change" if id else "",
            )
            for x in range(len(matrix))
        ]
        for y in range(len(matrix))
    ]
    return _table(classes, rows, caption)


def shares_of_truth(matrix: Matrix) -> Matrix:
    """Of each row of a matrix; NaN where a class has no rows."""
    import numpy as np

    whole = np.broadcast_to(matrix.sum(axis=1, keepdims=True), matrix.shape)
    return np.divide(matrix, whole, out=np.full(matrix.shape, np.nan), where=whole > 0)


def signed_percent(change: float) -> str:
    """A difference of two shares, in points."""
    text = "n/a" if change != change else f"{100 * abs(change):.1f}%"
    return _sign(change, text)


def _changed(moved: float, change: float, *, classes: int, diagonal: bool, paired: bool, id: str) -> Cell:
    tone = "none" if not change or change != change else "right" if (change > 0) == diagonal else "wrong"
    told = signed_percent(change)
    main, below = (_sign(moved, _amount(abs(moved), classes)), told) if paired else (told, "")
    return Cell(main, below, tone, _depth(STRENGTH * abs(change)), id)


def _amount(value: float, classes: int) -> str:
    """In full where there is room."""
    return count(value) if classes <= FEW else number(value)


def _sign(value: float, text: str) -> str:
    if not any(digit in text for digit in "123456789"):
        return text
    return f"{MINUS if value < 0 else '+'}{text}"


def _depth(share: float) -> int:
    return 0 if share != share else min(DEPTHS, round(DEPTHS * share))


def _table(classes: Sequence[str], rows: list[list[Cell]], caption: str) -> str:
    columns = 22 if len(classes) <= FEW else 12
    return render(
        MATRIX,
        classes=[name(c, columns) for c in classes],
        rows=rows,
        caption=caption,
        many=len(classes) > FEW,
    )
