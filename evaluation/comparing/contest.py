"""What is compared: several models' predictions as arrays, of the same rows or of different ones, and their slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

Problem = Literal["binary", "multiclass", "regression"]

OVERALL = "Overall"


@dataclass(frozen=True, eq=False)
class Contender:
    """One model's predictions: the rows that have a label, all splits as one data set.

    problem      labels                        scores
    binary       (n,) int64, 1 is the positive  (n,) float64, the positive class's
    multiclass   (n,) int64, place in classes   (n, classes) float64
    regression   (n,) float64                   (n,) float64
    """

    name: str
    """What the user called it; no two of a contest have the same."""
    problem: Problem
    classes: tuple[str, ...]
    """In the same order for all contenders of a contest. The last of two is the positive one."""
    ids: NDArray[Any]
    """What identifies each row."""
    labels: NDArray[Any]
    scores: NDArray[np.float64]
    predicted: NDArray[np.int64]
    """The classes that the model decided for; empty for a regression."""
    weights: NDArray[np.float64] | None = None
    """None: every row weighs 1."""
    columns: dict[str, pa.Array] = field(default_factory=dict)
    """What slices are made of, by name of the feature."""
    positional: bool = False
    """Ids are places in the data, so that they identify rows only if both models had the same data."""
    unlabelled: int = 0
    """Rows that were left out, because nobody knows the truth about them."""
    splits: tuple[tuple[str, int], ...] = ()
    """Where rows come from several splits: the name of each and its rows. They follow one another, and ids are unique
    within each."""
    features: tuple[str, ...] = ()
    """All that one could slice by, whether `columns` has it or not."""
    notes: tuple[str, ...] = ()
    """What was taken for granted when these predictions were read."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class SliceOfRows:
    """Some of the rows: of each contender, by their places. Paired contenders share one array."""

    name: str
    """`Overall`, `health:poor`, `age>60`, `sex:f, health:poor`."""
    rows: tuple[NDArray[np.int64], ...]
    """For each contender."""


@dataclass(frozen=True, eq=False)
class Contest:
    """Two or more models on the same question. The first is the baseline."""

    contenders: tuple[Contender, ...]
    paired: bool
    """All contenders have the same rows in the same order, with the same labels and weights."""
    slices: tuple[SliceOfRows, ...]
    """The first is `Overall`."""
    unpaired_because: str = ""
    """Why the rows could not be paired, in words."""
    notes: tuple[str, ...] = ()
    """What a reader should know about how the contenders were brought together."""

    @property
    def problem(self) -> Problem:
        return self.contenders[0].problem

    @property
    def baseline(self) -> Contender:
        return self.contenders[0]

    @property
    def challengers(self) -> Sequence[Contender]:
        return self.contenders[1:]
