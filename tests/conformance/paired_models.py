"""Models of known quality on generated rows: what comparisons are tested with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millwork.evaluation.comparing.contest import OVERALL, Contender, Contest, SliceOfRows

Slices = Mapping[str, NDArray[np.int64]]


def paired(labels: Any, *scores: Any, weights: Any = None, slices: Slices | None = None) -> Contest:
    """Models A, B, C, … on the same rows; the kind of problem follows from the arrays. They decide at 0.5."""
    labels = np.asarray(labels)
    contenders = tuple(
        _contender("ABCDEFGH"[n], labels, np.asarray(s, float), weights) for n, s in enumerate(scores)
    )
    overall = SliceOfRows(OVERALL, (np.arange(len(labels)),) * len(scores))
    others = [SliceOfRows(name, (rows,) * len(scores)) for name, rows in (slices or {}).items()]
    return Contest(contenders, True, (overall, *others))


def unpaired(*models: tuple[Any, Any]) -> Contest:
    """Models A, B, … by their own labels and scores."""
    contenders = tuple(
        _contender("ABCDEFGH"[n], np.asarray(labels), np.asarray(scores, float), None)
        for n, (labels, scores) in enumerate(models)
    )
    overall = SliceOfRows(OVERALL, tuple(np.arange(len(c)) for c in contenders))
    return Contest(contenders, False, (overall,), "they have other rows")


def rivals(
    rows: int, seed: int, *, noise: Sequence[float] = (0.5, 0.5), base: float = -0.5
) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """Labels, and the scores of different models; as noisy ones are as good."""
    random = np.random.default_rng(seed)
    truth = random.normal(base, 1.5, rows)
    labels = (random.random(rows) < logistic(truth)).astype(np.int64)
    return labels, [logistic(truth + random.normal(0, amount, rows)) for amount in noise]


def pieces(rows: int, number: int) -> dict[str, NDArray[np.int64]]:
    """Slices of equal size that share no row."""
    return {f"part:{n}": part for n, part in enumerate(np.array_split(np.arange(rows), number))}


def logistic(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """From logits to probabilities."""
    likely: NDArray[np.float64] = 1 / (1 + np.exp(-value))
    return likely


def weighted(contest: Contest, weights: NDArray[np.float64]) -> Contest:
    """The same rows with these weights."""
    return replace(contest, contenders=tuple(replace(one, weights=weights) for one in contest.contenders))


def _contender(name: str, labels: NDArray[Any], scores: NDArray[np.float64], weights: Any) -> Contender:
    ids = np.arange(len(labels))
    if scores.ndim > 1:
        classes = tuple(f"class {n}" for n in range(scores.shape[1]))
        return Contender(name, "multiclass", classes, ids, labels, scores, scores.argmax(axis=1), weights)
    if labels.dtype.kind == "f":
        nothing = np.empty(0, np.int64)
        return Contender(name, "regression", (), ids, labels, scores, nothing, weights)
    decided = (scores > 0.5).astype(np.int64)
    return Contender(name, "binary", ("no", "yes"), ids, labels, scores, decided, weights)
