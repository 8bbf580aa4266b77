"""What binary models get right and wrong at some hundred thresholds, as small JSON for the page's slider."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.contest import Contender, Contest
from millwork.evaluation.reporting.scales import round_step

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEPS = 200


@dataclass(frozen=True, eq=False)
class Decisions:
    """One model's true and false positives: of its own decisions and at each threshold, as rows or sums of weights."""

    positives: float
    negatives: float
    own: tuple[float, float]
    tp: NDArray[np.float64]
    fp: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ThresholdCounts:
    """Of all models, at the same thresholds."""

    thresholds: tuple[float, ...]
    """Rows with a higher score are positive."""
    decimals: int
    models: tuple[Decisions, ...]
    paired: bool
    """Counts of two models may be subtracted."""
    start: int
    """The place in `thresholds` where the slider begins."""

    @property
    def document(self) -> str:
        """For the page's script."""
        models = [
            {
                "positives": _brief(m.positives),
                "negatives": _brief(m.negatives),
                "own": [_brief(m.own[0]), _brief(m.own[1])],
                "tp": [_brief(v) for v in m.tp.tolist()],
                "fp": [_brief(v) for v in m.fp.tolist()],
            }
            for m in self.models
        ]
        content = {
            "thresholds": self.thresholds,
            "decimals": self.decimals,
            "paired": self.paired,
            "models": models,
        }
        return json.dumps(content, separators=(",", ":"))


def threshold_counts(contest: Contest, threshold: float | None) -> ThresholdCounts:
    """Thresholds are round numbers over the range of nearly all scores. `threshold` is where the slider begins."""
    import numpy as np

    ends = [np.quantile(c.scores, [0.001, 0.999]) for c in contest.contenders if len(c)]
    low, high = min(float(e[0]) for e in ends), max(float(e[1]) for e in ends)
    step = round_step(max(high - low, 1e-9) / STEPS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    thresholds = tuple(round(n * step, decimals) for n in range(first, last + 1))
    models = tuple(_decisions(contender, np.array(thresholds)) for contender in contest.contenders)
    wanted = 0.5 if threshold is None else threshold
    start = min(range(len(thresholds)), key=lambda place: abs(thresholds[place] - wanted))
    return ThresholdCounts(thresholds, decimals, models, contest.paired, start)


def _decisions(contender: Contender, thresholds: NDArray[np.float64]) -> Decisions:
    import numpy as np

    weights = np.ones(len(contender)) if contender.weights is None else contender.weights
    positive = contender.labels == 1
    passed = np.searchsorted(thresholds, contender.scores)  # how many thresholds are below the score
    tp = _above(passed[positive], weights[positive], len(thresholds))
    fp = _above(passed[~positive], weights[~positive], len(thresholds))
    decided = contender.predicted == 1
    own = float(weights[positive & decided].sum()), float(weights[~positive & decided].sum())
    return Decisions(float(weights[positive].sum()), float(weights[~positive].sum()), own, tp, fp)


def _above(passed: NDArray[np.int64], weights: NDArray[np.float64], thresholds: int) -> NDArray[np.float64]:
    """For each threshold the weight of the rows whose score is higher."""
    import numpy as np

    counted = np.bincount(passed, weights, minlength=thresholds + 1)
    above: NDArray[np.float64] = counted[::-1].cumsum()[::-1][1:]
    return above


def _brief(value: float) -> float:
    """Whole numbers as such, sums of weights with seven digits."""
    return int(value) if value == int(value) else float(f"{value:.7g}")
