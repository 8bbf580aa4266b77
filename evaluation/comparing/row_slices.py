"""The slices of a contest: which rows are in `health:poor`, or in `age>60`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.core.errors import BadInput, did_you_mean
from millwork.evaluation.comparing.arrow_columns import alike
from millwork.evaluation.comparing.contest import OVERALL, Contender, SliceOfRows
from millwork.evaluation.comparing.slice_expressions import Part, parse
from millwork.evaluation.comparing.slice_values import NamedSlice, Rank, occurs, some_values, values_of
from millwork.evaluation.predictions import MAX_SLICES

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True)
class _Group:
    """Rows of one contender in one slice."""

    rank: Rank
    rows: NDArray[np.int64]


def slices(contenders: Sequence[Contender], paired: bool, by: Sequence[str]) -> tuple[SliceOfRows, ...]:
    """`Overall`, and what `by` says, each slice once. Paired contenders share the rows of each.

    Raises BadInput for features that nobody knows, conditions that make no sense, and too many slices.
    """
    import numpy as np

    everything = tuple(np.arange(len(one)) for one in contenders)
    found = {OVERALL: SliceOfRows(OVERALL, everything[:1] * len(contenders) if paired else everything)}
    for expression in by:
        parts = parse(expression)
        sources = _sources(contenders, paired, parts)
        _refuse_unseen(parts, sources)
        groups = [_groups(parts, columns, expression) for columns in sources]
        ranks = {name: group.rank for one in groups for name, group in one.items()}
        nothing = _Group((), np.zeros(0, np.int64))
        for name in sorted(ranks, key=ranks.__getitem__):
            rows = tuple(one.get(name, nothing).rows for one in groups)
            found.setdefault(name, SliceOfRows(name, rows * len(contenders) if paired else rows))
    return tuple(found.values())


def _sources(
    contenders: Sequence[Contender], paired: bool, parts: Sequence[Part]
) -> list[dict[str, pa.Array]]:
    """The columns that are needed: of paired contenders of the first that has each, else of each contender."""
    columns = {}
    for feature in dict.fromkeys(part.feature for part in parts):
        having = [one for one in contenders if feature in one.columns]
        if not having or (not paired and len(having) < len(contenders)):
            raise _unknown(feature, contenders, having)
        columns[feature] = alike([one.columns[feature] for one in (having[:1] if paired else having)])
        _refuse_odd(feature, columns[feature][0])
    return [
        {name: of[place] for name, of in columns.items()} for place in range(1 if paired else len(contenders))
    ]


def _unknown(feature: str, contenders: Sequence[Contender], having: Sequence[Contender]) -> BadInput:
    known = list(dict.fromkeys(name for one in contenders for name in (*one.features, *one.columns)))
    name, colon, value = feature.partition(":")
    if colon and name in known:
        return BadInput(
            f"No feature is called {feature!r}. For one value of {name!r} write {name}={value.strip()}"
        )
    if having:
        lacking = next(one for one in contenders if one not in having)
        problem = (
            f"{having[0].name!r} has the feature {feature!r} to slice by, and {lacking.name!r} has not. Their rows are "
            "not the same, so that each needs its own."
        )
    else:
        problem = f"The predictions cannot be sliced by {feature!r}. {did_you_mean(feature, known)}"
    return BadInput(
        f"{problem} Predict(slice_features=(...)) stores features with predictions; a file of predictions may have any "
        "columns"
    )


def _refuse_odd(feature: str, column: pa.Array) -> None:
    import pyarrow as pa

    if pa.types.is_nested(column.type):
        raise BadInput(f"The rows cannot be sliced by {feature!r}: a row has several values ({column.type})")
    if pa.types.is_duration(column.type) or pa.types.is_interval(column.type):
        raise BadInput(
            f"The rows cannot be sliced by {feature!r}: it holds {column.type}. Store it as a number"
        )


def _groups(parts: Sequence[Part], columns: Mapping[str, pa.Array], expression: str) -> dict[str, _Group]:
    """The slices of one expression, by name: those that occur, and if it has only conditions, the one in any case."""
    import numpy as np

    named: list[NamedSlice] = [("", ())]
    codes = np.zeros(len(columns[parts[0].feature]), np.int64)
    for part in parts:
        values = values_of(part, columns[part.feature])
        codes = np.where((codes < 0) | (values.codes < 0), -1, codes * len(values.slices) + values.codes)
        occurring: Iterable[int] = (0,)
        if any(not each.operator for each in parts):
            occurring, codes = _renumbered(codes)
        pairs = [divmod(code, len(values.slices)) for code in occurring]
        named = [_both(named[one], values.slices[two]) for one, two in pairs]
        if len(named) > MAX_SLICES:
            raise BadInput(
                f"Slicing by {expression!r} makes more than {MAX_SLICES:,} slices. Slice by features with fewer values"
            )
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(named) + 1))
    return {name: _Group(rank, order[ends[code] : ends[code + 1]]) for code, (name, rank) in enumerate(named)}


def _renumbered(codes: NDArray[np.int64]) -> tuple[Iterable[int], NDArray[np.int64]]:
    """The codes that occur, in order, and each row's place among them."""
    import numpy as np

    occurring, places = np.unique(codes, return_inverse=True)
    without = int(len(occurring) > 0 and occurring[0] < 0)
    return occurring[without:].tolist(), places - without


def _both(one: NamedSlice, two: NamedSlice) -> NamedSlice:
    return (f"{one[0]}, {two[0]}" if one[0] else two[0]), (*one[1], *two[1])


def _refuse_unseen(parts: Sequence[Part], sources: Sequence[Mapping[str, pa.Array]]) -> None:
    """A value that no row has is misspelt."""
    for part in parts:
        columns = [source[part.feature] for source in sources]
        if part.operator in ("=", "!=") and not any(occurs(part, column) for column in columns):
            known = {value for column in columns for value in some_values(column)}
            raise BadInput(f"{part}: no row has this value. {did_you_mean(part.value, known)}")
