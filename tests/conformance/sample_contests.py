"""Contests made from seeds: models of known quality on rows that never were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from millwork.evaluation.comparing.contest import OVERALL, Contender, Contest, SliceOfRows

REGIONS = ("north", "south", "east", "west", "overseas")
SHARES = (0.4, 0.3, 0.2, 0.09, 0.01)


def binary_contest(
    rows: int = 4_000,
    noise: Sequence[float] = (1.2, 1.0),
    names: Sequence[str] = ("logistic", "boosted", "deep", "bayes", "forest"),
    classes: tuple[str, str] = ("stayed", "left"),
    *,
    slices: Sequence[str] = REGIONS,
    worse_in: str = "",
    weighted: bool = False,
    seed: int = 7,
) -> Contest:
    """Paired models that see what decides, each through its own noise. In slice `worse_in` all but the first guess."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(size=rows)
    labels = (draw.random(rows) < _logistic(1.6 * truth - 0.4)).astype(np.int64)
    place = draw.choice(len(slices), rows, p=_shares(len(slices)))
    weights = draw.uniform(0.5, 2.0, rows) if weighted else None
    contenders = []
    for number, (name, amount) in enumerate(zip(names, noise, strict=False)):
        seen = truth + amount * draw.normal(size=rows)
        if number and worse_in:
            seen = np.where(place == list(slices).index(worse_in), draw.normal(size=rows), seen)
        scores = _logistic(1.6 / (1 + amount**2) * seen - 0.4)
        contenders.append(
            _contender(name, "binary", classes, labels, scores, (scores > 0.5).astype(np.int64), weights)
        )
    return Contest(tuple(contenders), True, _sliced(slices, place, len(contenders)))


def multiclass_contest(rows: int = 2_000, classes: int = 4, models: int = 2, seed: int = 7) -> Contest:
    """Paired models of several classes; later ones are a little better."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(classes, size=rows)
    contenders = []
    for number in range(models):
        logits = draw.normal(size=(rows, classes))
        logits[np.arange(rows), labels] += 1.2 + 0.2 * number
        scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        names = tuple(f"class {n}" for n in range(classes))
        contenders.append(
            _contender(f"model {number}", "multiclass", names, labels, scores, scores.argmax(axis=1))
        )
    return Contest(tuple(contenders), True, _sliced(REGIONS, draw.choice(5, rows, p=SHARES), models))


def regression_contest(rows: int = 2_000, noise: Sequence[float] = (3.0, 2.5), seed: int = 7) -> Contest:
    """Paired models whose errors grow with what they predict."""
    draw = np.random.default_rng(seed)
    truth = draw.gamma(4.0, 5.0, rows)
    labels = truth + draw.normal(size=rows)
    contenders = [
        _contender(
            f"model {number}", "regression", (), labels, truth + amount * draw.normal(size=rows) * truth / 20,
            np.empty(0, np.int64),
        )
        for number, amount in enumerate(noise)
    ]  # fmt: skip
    return Contest(tuple(contenders), True, _sliced(REGIONS, draw.choice(5, rows, p=SHARES), len(contenders)))


def unpaired(contest: Contest, because: str = "the models were given different rows") -> Contest:
    """The same models, each with every other of the rows."""
    halves = []
    for number, contender in enumerate(contest.contenders):
        kept = slice(number % 2, None, 2)
        fields = {**vars(contender), "ids": contender.ids[kept], "labels": contender.labels[kept]}
        fields |= {"scores": contender.scores[kept], "predicted": contender.predicted[kept]}
        fields |= {"weights": None if contender.weights is None else contender.weights[kept]}
        halves.append(Contender(**fields))
    everything = SliceOfRows(OVERALL, tuple(np.arange(len(half)) for half in halves))
    return Contest(tuple(halves), False, (everything,), because)


def _contender(
    name: str,
    problem: str,
    classes: tuple[str, ...],
    labels: NDArray[np.generic],
    scores: NDArray[np.float64],
    predicted: NDArray[np.int64],
    weights: NDArray[np.float64] | None = None,
) -> Contender:
    ids = np.arange(len(labels))
    return Contender(name, problem, classes, ids, labels, scores, predicted, weights)  # type: ignore[arg-type]


def _sliced(names: Sequence[str], place: NDArray[np.int64], models: int) -> tuple[SliceOfRows, ...]:
    found = [SliceOfRows(OVERALL, (np.arange(len(place)),) * models)]
    for number, name in enumerate(names):
        found.append(SliceOfRows(f"region:{name}", (np.flatnonzero(place == number),) * models))
    return tuple(found)


def _shares(count: int) -> NDArray[np.float64]:
    shares = np.array(SHARES) if count == len(SHARES) else np.linspace(2, 1, count)
    whole: NDArray[np.float64] = shares / shares.sum()
    return whole


def _logistic(value: NDArray[np.float64]) -> NDArray[np.float64]:
    likely: NDArray[np.float64] = 1 / (1 + np.exp(-value))
    return likely
