"""Are the rows of two contenders the same ones? Then each row is compared with itself, whatever the order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput
from millwork.evaluation.comparing.contest import Contender

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

TOLERANCE = 1e-6
"""Relative: how far labels and weights of one row may be apart. A file may hold float32, or decimals."""


def paired(contenders: Sequence[Contender]) -> tuple[tuple[Contender, ...], str]:
    """The contenders with the rows of all in the baseline's order, and ""; or as they were, and why not.

    Ids of the user's own say which rows are the same: BadInput if one of them occurs twice, or has two labels or two
    weights. Ids that are places in the data identify rows only if labels and weights agree in every row.
    """
    baseline, *others = contenders
    aligned = [baseline]
    for other in others:
        match = _Match(baseline, other)
        if match.unpaired_because:
            return tuple(contenders), match.unpaired_because
        aligned.append(_in_order(other, match.order, baseline))
    return tuple(aligned), ""


class _Match:
    """The rows of two contenders, side by side."""

    def __init__(self, baseline: Contender, other: Contender) -> None:
        self._baseline, self._other = baseline, other
        self._by_place = baseline.positional or other.positional
        self.order: NDArray[np.int64] | None = None
        """Where the other contender has each of the baseline's rows; None: in the same place."""
        self.unpaired_because = self._find()

    def _find(self) -> str:
        import pyarrow.compute as pc

        one, two = self._baseline, self._other
        if self._by_place and sorted(_names(one)) != sorted(_names(two)):
            return (
                f"{one.name!r} has rows of {_splits(one)} and {two.name!r} of {_splits(two)}, and their row ids are "
                "places within those"
            )
        if self._by_place and len(one) != len(two):
            return f"{one.name!r} has {len(one):,} rows with a label, and {two.name!r} {len(two):,}"
        own, theirs = _keys(one, two)
        for contender, keys in ((one, own), (two, theirs)):
            if not contender.positional:
                _refuse_repeated(contender, keys)
        if not own.equals(theirs):
            found = pc.index_in(own, value_set=theirs)
            if found.null_count or len(one) != len(two):
                return _missing(one, two, own, theirs)
            self.order = found.to_numpy().astype("int64")
        return self._contradiction("label") or self._contradiction("weight")

    def _contradiction(self, what: str) -> str:
        """The first row of which the two say different things."""
        import numpy as np

        one, two = (_facts(contender, what) for contender in (self._baseline, self._other))
        if one is None and two is None:
            return ""
        own = np.ones(len(self._baseline)) if one is None else one
        theirs = np.ones(len(self._baseline)) if two is None else two
        theirs = theirs if self.order is None else theirs[self.order]
        differ = own != theirs
        if own.dtype.kind == "f" and differ.any():
            differ &= ~np.isclose(own, theirs, rtol=TOLERANCE, atol=0)
        return self._differ(what, differ, own, theirs) if differ.any() else ""

    def _differ(self, what: str, differ: NDArray[np.bool_], own: NDArray[Any], theirs: NDArray[Any]) -> str:
        row, one, two = int(differ.argmax()), self._baseline, self._other
        classes = one.classes if what == "label" else ()
        said = [repr(classes[values[row]]) if classes else f"{values[row]:.12g}" for values in (own, theirs)]
        text = (
            f"row {_shown(one, row)} has the {what} {said[0]} in {one.name!r} and {said[1]} in {two.name!r}"
        )
        if more := int(differ.sum()) - 1:
            text += f", and {more:,} more {'row differs' if more == 1 else 'rows differ'}"
        if self._by_place:
            return f"{text}: row ids are places in the data, and these are not the same rows"
        raise BadInput(
            f"{text[0].upper()}{text[1:]}. Rows of the same id must be the same: score both models on the same examples"
        )


def _names(contender: Contender) -> list[str]:
    return [name for name, _ in contender.splits]


def _splits(contender: Contender) -> str:
    names = _names(contender)
    return f"the splits {', '.join(names)}" if names else "one split"


def _keys(one: Contender, two: Contender) -> tuple[pa.Array, pa.Array]:
    """What the rows of the two are known by: the id, and the split if both have the same several ones."""
    import numpy as np
    import pyarrow as pa

    ids = [pa.array(contender.ids) for contender in (one, two)]
    if ids[0].type != ids[1].type:
        ids = [_as_text(array) for array in ids]
    if sorted(_names(one)) != sorted(_names(two)) or not one.splits:
        return ids[0], ids[1]
    codes = pa.chunked_array(ids).dictionary_encode().unify_dictionaries()
    size, number = len(codes.chunk(0).dictionary), {name: place for place, name in enumerate(_names(one))}
    keys = []
    for contender, chunk in zip((one, two), codes.chunks, strict=True):
        split = np.repeat(
            [number[name] for name in _names(contender)], [rows for _, rows in contender.splits]
        )
        keys.append(pa.array(split * size + chunk.indices.to_numpy()))
    return keys[0], keys[1]


def _as_text(ids: pa.Array) -> pa.Array:
    """Whole numbers without a point, as a file of text has them."""
    import pyarrow as pa

    if pa.types.is_floating(ids.type):
        with suppress(pa.ArrowInvalid):  # not whole
            ids = ids.cast(pa.int64())
    return ids.cast(pa.string())


def _refuse_repeated(contender: Contender, keys: pa.Array) -> None:
    import numpy as np

    codes = keys.dictionary_encode()
    if len(codes.dictionary) == len(keys):
        return
    counts = np.bincount(codes.indices.to_numpy())
    row = int((codes.indices.to_numpy() == counts.argmax()).argmax())
    raise BadInput(
        f"Row id {_shown(contender, row)} occurs {counts.max():,} times in {contender.name!r}. An id names one row: "
        "use another feature, or none, and rows are known by their places"
    )


def _missing(one: Contender, two: Contender, own: pa.Array, theirs: pa.Array) -> str:
    """How many rows only one of the two has."""
    import pyarrow.compute as pc

    parts = []
    for contender, keys, other, known in ((one, own, two, theirs), (two, theirs, one, own)):
        alone = pc.is_null(pc.index_in(keys, value_set=known))
        if count := pc.sum(alone).as_py() or 0:
            example = _shown(contender, alone.index(True).as_py())
            some = f"{count:,} of the {len(keys):,} row ids of {contender.name!r} {'is' if count == 1 else 'are'}"
            parts.append(f"{some} not in {other.name!r}, such as {example}")
    return "; ".join(parts)


def _shown(contender: Contender, row: int) -> str:
    """The id of a row, with its split if there are several."""
    value = contender.ids[row]
    text = repr(str(value)) if isinstance(value, str) else str(value)
    first = 0
    for name, rows in contender.splits:
        if first <= row < first + rows:
            return f"{text} of split {name!r}"
        first += rows
    return text


def _facts(contender: Contender, what: str) -> NDArray[Any] | None:
    return contender.labels if what == "label" else contender.weights


def _in_order(other: Contender, order: NDArray[np.int64] | None, baseline: Contender) -> Contender:
    """The contender's answers for the baseline's rows, about which the baseline knows the rest."""
    moved = other
    if order is not None:
        moved = replace(
            other,
            scores=other.scores[order],
            predicted=other.predicted[order] if len(other.predicted) else other.predicted,
            columns={name: column.take(order) for name, column in other.columns.items()},
        )
    return replace(
        moved, ids=baseline.ids, labels=baseline.labels, weights=baseline.weights, splits=baseline.splits
    )
