"""Rates of a binary confusion matrix at one threshold, or at several: accuracy, precision, recall and their kin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from millwork.evaluation.metrics.binary_matrices import Matrices, matrices
from millwork.evaluation.metrics.metric import Family, Metric, Request
from millwork.evaluation.metrics.ratios import quotient

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

    Array = NDArray[np.float64]
    Rate = Callable[[Array, Array, Array, Array], Array]
    """Of true positives, true negatives, false positives and false negatives."""

MAX_RECALL_THRESHOLD = 1e-12


def rate_metric(request: Request, *, rate: Rate, setting: str = "thresholds") -> Iterator[Metric]:
    """A rate at each threshold: a number if there is one, else an array."""
    request.takes(setting, "num_thresholds", "class_id", "top_k")
    found = matrices(
        request,
        default=0.5,
        thresholds=request.settings.get(setting),
        num_thresholds=request.whole("num_thresholds"),
    )
    yield _rate(request, rate, found)


def max_recall(request: Request) -> Iterator[Metric]:
    request.takes("class_id", "top_k")
    yield _rate(request, true_positive_rate, matrices(request, thresholds=MAX_RECALL_THRESHOLD))


def _rate(request: Request, rate: Rate, found: Matrices) -> Metric:
    return Metric(request.key(tells_aggregation=True), (found.tally,), partial(_rates, rate, found))


def _rates(rate: Rate, found: Matrices, counted: Counted) -> Array:
    at = found(counted)
    rates = rate(at.tp, at.tn, at.fp, at.fn)
    return rates[:, 0] if len(found.thresholds) == 1 else rates


def true_positives(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return tp


def true_negatives(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return tn


def false_positives(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return fp


def false_negatives(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return fn


def accuracy(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(tp + tn, tp + tn + fp + fn)


def precision(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(tp, tp + fp)


def true_positive_rate(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(tp, tp + fn)


def true_negative_rate(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(tn, tn + fp)


def false_positive_rate(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(fp, fp + tn)


def false_negative_rate(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(fn, fn + tp)


def negative_predictive_value(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(tn, tn + fn)


def false_discovery_rate(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(fp, fp + tp)


def false_omission_rate(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(fn, fn + tn)


def prevalence(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(tp + fn, tp + tn + fp + fn)


def prevalence_threshold(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    """Balayla (2020): below this prevalence, the precision falls off steeply."""
    import numpy as np

    tpr, tnr = true_positive_rate(tp, tn, fp, fn), true_negative_rate(tp, tn, fp, fn)
    threshold: Array = (np.sqrt(tpr * (1 - tnr)) + tnr - 1) / (tpr + tnr - 1)
    return threshold


def threat_score(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(tp, tp + fn + fp)


def balanced_accuracy(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return (true_positive_rate(tp, tn, fp, fn) + true_negative_rate(tp, tn, fp, fn)) / 2


def f1(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(2 * tp, 2 * tp + fp + fn)


def matthews(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    import numpy as np

    return quotient(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def fowlkes_mallows(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    import numpy as np

    index: Array = np.sqrt(precision(tp, tn, fp, fn) * true_positive_rate(tp, tn, fp, fn))
    return index


def informedness(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return true_positive_rate(tp, tn, fp, fn) + true_negative_rate(tp, tn, fp, fn) - 1


def markedness(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return precision(tp, tn, fp, fn) + negative_predictive_value(tp, tn, fp, fn) - 1


def positive_likelihood_ratio(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(true_positive_rate(tp, tn, fp, fn), false_positive_rate(tp, tn, fp, fn))


def negative_likelihood_ratio(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(false_negative_rate(tp, tn, fp, fn), true_negative_rate(tp, tn, fp, fn))


def diagnostic_odds_ratio(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(quotient(tp, fn), quotient(fp, tn))


def predicted_positive_rate(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(tp + fp, tp + tn + fp + fn)


def predicted_negative_rate(tp: Array, tn: Array, fp: Array, fn: Array) -> Array:
    return quotient(tn + fn, tp + tn + fp + fn)


RATES: dict[str, Rate] = {
    **dict.fromkeys(("TruePositives", "TP"), true_positives),
    **dict.fromkeys(("TrueNegatives", "TN"), true_negatives),
    **dict.fromkeys(("FalsePositives", "FP"), false_positives),
    **dict.fromkeys(("FalseNegatives", "FN"), false_negatives),
    **dict.fromkeys(("Precision", "PPV"), precision),
    **dict.fromkeys(("Recall", "TPR"), true_positive_rate),
    **dict.fromkeys(("Specificity", "TNR"), true_negative_rate),
    **dict.fromkeys(("FallOut", "FPR"), false_positive_rate),
    **dict.fromkeys(("MissRate", "FNR"), false_negative_rate),
    **dict.fromkeys(("NegativePredictiveValue", "NPV"), negative_predictive_value),
    "FalseDiscoveryRate": false_discovery_rate,
    "FalseOmissionRate": false_omission_rate,
    "Prevalence": prevalence,
    "PrevalenceThreshold": prevalence_threshold,
    "ThreatScore": threat_score,
    "BalancedAccuracy": balanced_accuracy,
    "F1Score": f1,
    "MatthewsCorrelationCoefficient": matthews,
    "FowlkesMallowsIndex": fowlkes_mallows,
    "Informedness": informedness,
    "Markedness": markedness,
    "PositiveLikelihoodRatio": positive_likelihood_ratio,
    "NegativeLikelihoodRatio": negative_likelihood_ratio,
    "DiagnosticOddsRatio": diagnostic_odds_ratio,
    "PredictedPositiveRate": predicted_positive_rate,
}

METRICS: dict[str, Family] = {
    **{name: partial(rate_metric, rate=rate) for name, rate in RATES.items()},
    "BinaryAccuracy": partial(rate_metric, rate=accuracy, setting="threshold"),
    "MaxRecall": max_recall,
}
