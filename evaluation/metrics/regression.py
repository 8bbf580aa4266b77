"""Mean errors, and how much of the labels' variance the scores explain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from millwork.evaluation.metrics.calibration import label, label_times_score, one, score
from millwork.evaluation.metrics.metric import Family, Metric, NotHere, Request
from millwork.evaluation.metrics.ratios import quotient, quotient_unless_zero
from millwork.evaluation.metrics.tallies import Additions, RowFunction, Sums
from millwork.evaluation.metrics.views import BatchRows, Columns, View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Errors:
    """The weights of rows whose error is defined, and their weighted errors."""

    view: View
    error: RowFunction
    components: int = 2

    def cells(self, classes: int) -> int:
        return 1

    def additions(self, rows: BatchRows) -> Additions:
        import numpy as np

        columns = rows.columns(self.view)
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = self.error(columns)
        defined = ~np.isnan(errors)
        return Additions((columns.weights * defined, columns.weights * np.where(defined, errors, 0.0)))


def absolute_error(columns: Columns) -> Array:
    import numpy as np

    error: Array = np.abs(columns.labels - columns.scores)
    return error


def squared_error(columns: Columns) -> Array:
    return (columns.labels - columns.scores) ** 2


def absolute_percentage_error(columns: Columns) -> Array:
    """Not defined for labels of 0."""
    import numpy as np

    quotients = np.abs((columns.labels - columns.scores) / columns.labels)
    return np.where(columns.labels == 0, np.nan, 100 * quotients)


def squared_logarithmic_error(columns: Columns) -> Array:
    """Not defined for labels and scores below -1."""
    import numpy as np

    error: Array = np.log(columns.labels + 1) - np.log(columns.scores + 1)
    return error**2


def _mean_error(request: Request, *, error: RowFunction) -> Iterator[Metric]:
    request.takes()
    yield Metric(request.key(), (Errors(request.view, error),), mean_of_errors)


def mean_of_errors(sums: Counted) -> Array:
    weights, errors = sums[:, :, 0]
    return quotient_unless_zero(errors, weights)


def squared_label(columns: Columns) -> Array:
    return columns.labels**2


def squared_score(columns: Columns) -> Array:
    return columns.scores**2


def squared_pearson_correlation(request: Request) -> Iterator[Metric]:
    request.takes()
    if request.sub_key is not None:
        raise NotHere("TFMA computes it over all classes whatever the binarization")
    functions = (one, label, score, squared_label, squared_score, label_times_score)
    yield Metric(request.key(), (Sums(request.view, functions),), _squared_correlation)


def _squared_correlation(sums: Counted) -> Array:
    weights, labels, scores, squared_labels, squared_scores, products = sums[:, :, 0]
    covariance = products - quotient(labels * scores, weights)
    variance_of_labels = squared_labels - quotient(labels**2, weights)
    variance_of_scores = squared_scores - quotient(scores**2, weights)
    return quotient(covariance**2, variance_of_labels * variance_of_scores)


def r2_score(request: Request) -> Iterator[Metric]:
    """Keras': the share of the labels' variance that the scores explain, 0 if they have none. TFMA cannot run it."""
    request.takes()
    if not request.view.is_scalar:
        raise NotHere("it is wanted over several scores of a row")
    sums = Sums(request.view, (one, label, squared_label, squared_error))
    yield Metric(request.key(), (sums,), _explained)


def _explained(sums: Counted) -> Array:
    import numpy as np

    weights, labels, squared_labels, errors = sums[:, :, 0]
    share = 1 - errors / (squared_labels - labels * (labels / weights))
    return np.where(np.isinf(share), 0.0, share)


METRICS: dict[str, Family] = {
    "MeanAbsoluteError": partial(_mean_error, error=absolute_error),
    "MeanSquaredError": partial(_mean_error, error=squared_error),
    "MeanAbsolutePercentageError": partial(_mean_error, error=absolute_percentage_error),
    "MeanSquaredLogarithmicError": partial(_mean_error, error=squared_logarithmic_error),
    "SquaredPearsonCorrelation": squared_pearson_correlation,
    "R2Score": r2_score,
}
