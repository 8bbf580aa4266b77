"""Findings made by hand: what those who tell about comparisons are given."""

from __future__ import annotations

from typing import Any

from millwork.evaluation.comparing.findings import Finding, Findings, MetricInfo, Settings, Verdict

AUC = MetricInfo("auc", "ROC AUC", higher_is_better=True)
RMSE = MetricInfo("rmse", "RMSE", higher_is_better=False)


def finding(**fields: Any) -> Finding:
    """A loss of 0.0012 in AUC on 6,000 rows, smaller than the margin, unless `fields` say otherwise."""
    usual: dict[str, Any] = {
        "model": "new",
        "slice": "Overall",
        "metric": "auc",
        "verdict": Verdict.NO_WORSE,
        "reason": "any loss is smaller than 0.01",
        "baseline_value": 0.81234,
        "value": 0.81114,
        "change": -0.0012,
        "lower": -0.0045,
        "upper": 0.0021,
        "p_value": 0.4,
        "adjusted_p_value": 0.4,
        "margin": 0.01,
        "minimum_effect": 0.0,
        "rows": 6_000,
        "challenger_rows": 6_000,
        "method": "DeLong",
        "detectable": 0.005,
        "rows_needed": 3_000,
    }
    return Finding(**(usual | fields))


def findings(*entries: Finding, **fields: Any) -> Findings:
    """Of a baseline `old`, and of the challengers, metrics and slices that the entries have."""
    found = entries or (finding(),)
    usual: dict[str, Any] = {
        "baseline": "old",
        "challengers": tuple(dict.fromkeys(entry.model for entry in found)),
        "problem": "binary",
        "paired": True,
        "unpaired_because": "",
        "settings": Settings(),
        "metrics": tuple(info for info in (AUC, RMSE) if info.name in {entry.metric for entry in found}),
        "slices": tuple(dict.fromkeys(["Overall", *(entry.slice for entry in found)])),
        "entries": found,
    }
    return Findings(**(usual | fields))


INCONCLUSIVE = Verdict.INCONCLUSIVE
WORSE = Verdict.WORSE
BETTER = Verdict.BETTER
