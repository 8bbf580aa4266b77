"""Hold the distributions of a data set against those of another: an earlier one (drift), or serving's (skew)."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from millwork.components.checks.anomalies import (
    BLESSED,
    NO_BASELINE,
    NOT_BLESSED,
    anomaly_lines,
    stop,
    tell,
    write_anomalies,
)
from millwork.components.checks.comparators import DistributionValidatorConfig, GivenConfig, settled
from millwork.components.checks.distributions import Comparison, compare
from millwork.components.checks.split_pairs import Pair, chosen, pair_name, same_names
from millwork.components.data.statistics import read_statistics
from millwork.core.artifacts import ExampleAnomalies, ExampleStatistics
from millwork.core.component import Component, output
from millwork.core.errors import WrongArgument

logger = logging.getLogger(__name__)

REPORT = "distances.json"


class DistributionValidator(Component):
    """Find features whose distribution differs too much from a baseline's, and give a verdict per pair of splits.

    Every distance is logged and written to `distances.json`, not only those above a threshold. A feature that should
    be compared and cannot be is an anomaly. Without a baseline, because a resolver found none, nothing is compared,
    and the verdict is TFX's 2, "no baseline".

        drift = DistributionValidator(
            statistics=statistics.statistics,
            baseline_statistics=statistics.statistics,  # of an earlier span
            config={
                "default_comparator": {"jensen_shannon_divergence": 0.1},
                "num_examples_comparator": {"min_fraction_threshold": 0.5, "max_fraction_threshold": 2.0},
            },
        ).anomalies
    """

    base_type = "mlmd.Process"
    libraries = ("tensorflow_data_validation",)

    statistics: ExampleStatistics
    baseline_statistics: ExampleStatistics | None = None
    config: GivenConfig
    """Thresholds, as a mapping or a `DistributionValidatorConfig`: `default_comparator` for all features, `features`
    for some of them by name (or by a tuple with the steps of the path of a nested one; None: not compared), and
    `num_examples_comparator`. TFX's message of that name, and its JSON as a mapping, are taken as well."""
    include_split_pairs: tuple[Pair, ...] = ()
    """Splits to compare, each with one of the baseline: `(("train", "eval"),)`. Without: those of one name."""
    comparison: Comparison = "drift"
    """What the anomalies speak of: `drift` from an earlier data set, or `skew` between training and serving."""
    fail_on_anomalies: bool = False
    """Stop the run if there is an anomaly, as ExampleValidator does."""
    anomalies: ExampleAnomalies = output()

    def check(self) -> None:
        self.config = settled(self.config)
        if self.comparison == "skew" and self.config.num_examples_comparator:
            raise WrongArgument(
                "DistributionValidator: a num_examples_comparator is for drift, from one data set to the next. Leave "
                "it out, or compare the number of rows in another step"
            )

    def run(self) -> None:
        self.anomalies.span = self.statistics.span
        if self.baseline_statistics is None:
            self.anomalies.blessed = json.dumps(dict.fromkeys(self.statistics.split_names, NO_BASELINE))
            logger.warning("There is no baseline: nothing was compared")
            return
        pairs = self._pairs(self.baseline_statistics)
        self.anomalies.split_names = tuple(map(pair_name, pairs))
        found = {pair_name(pair): self._compare(pair, self.baseline_statistics) for pair in pairs}
        verdicts = {pair: NOT_BLESSED if lines else BLESSED for pair, lines in found.items()}
        self.anomalies.blessed = json.dumps(verdicts)
        self.anomalies.num_anomalies = sum(len(lines) for lines in found.values())
        lines = tell(found, "pair of splits")
        if lines and self.fail_on_anomalies:
            remedy = "Look into the data, or raise the thresholds if this much change is to be expected"
            raise stop("The distributions differ too much from the baseline", lines, remedy)

    def _pairs(self, baseline: ExampleStatistics) -> list[Pair]:
        splits, base = self.statistics.split_names, baseline.split_names
        return (
            chosen(self.include_split_pairs, splits, base)
            if self.include_split_pairs
            else same_names(splits, base)
        )

    def _compare(self, pair: Pair, baseline: ExampleStatistics) -> list[str]:
        """Write what one pair's comparison found, and return a line for each anomaly."""
        assert isinstance(self.config, DistributionValidatorConfig)
        split, base = pair
        current, before = read_statistics(self.statistics, split), read_statistics(baseline, base)
        outcome = compare(current, before, self.config, self.comparison)
        folder = self.anomalies.split_pair(pair_name(pair))
        write_anomalies(folder, outcome.anomalies)
        report = {"split": split, "baseline_split": base, **outcome.report}
        (folder / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False))
        logger.info("Split %r against the baseline's %r:\n%s", split, base, _table(report["distances"]))
        return anomaly_lines(outcome.anomalies)


def _table(distances: Sequence[dict[str, Any]]) -> str:
    """The distances for people, the largest first."""
    return (
        "\n".join(
            f"  {one['distance']:8.4f} {'> ' if one['exceeded'] else '<='} {one['threshold']:<8g} {one['feature']} "
            f"({one['measure']})"
            for one in distances
        )
        or "  no feature was compared"
    )
