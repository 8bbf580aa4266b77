"""What the page's slider moves through."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sample_contests import binary_contest

from millwork.evaluation.reporting.threshold_counts import threshold_counts


@pytest.mark.parametrize("weighted", [False, True])
def test_counts_are_those_of_comparing_each_score_with_the_threshold(weighted: bool) -> None:
    contest = binary_contest(500, weighted=weighted)
    counts = threshold_counts(contest, None)
    contender, found = contest.contenders[1], counts.models[1]
    weights = np.ones(500) if contender.weights is None else contender.weights
    for place in (0, 57, counts.start, len(counts.thresholds) - 1):
        passed = contender.scores > counts.thresholds[place]
        assert found.tp[place] == pytest.approx(weights[passed & (contender.labels == 1)].sum())
        assert found.fp[place] == pytest.approx(weights[passed & (contender.labels == 0)].sum())


def test_the_models_own_decisions_are_kept_beside() -> None:
    contest = binary_contest(500)
    contender = contest.contenders[0]
    counts = threshold_counts(contest, None)
    decided = contender.predicted == 1
    assert counts.models[0].own == (
        (decided & (contender.labels == 1)).sum(),
        (decided & (contender.labels == 0)).sum(),
    )


def test_it_begins_at_the_threshold_of_the_settings_or_in_the_middle() -> None:
    contest = binary_contest(500)
    counts = threshold_counts(contest, 0.3)
    assert counts.thresholds[counts.start] == 0.3
    counts = threshold_counts(contest, None)
    assert counts.thresholds[counts.start] == 0.5


@pytest.mark.parametrize(("factor", "shift"), [(0.02, 0.0), (1.0, 0.0), (40.0, -20.0)])
def test_thresholds_are_some_hundred_round_numbers_where_scores_are(factor: float, shift: float) -> None:
    contest = binary_contest(500)
    moved = tuple(replace(c, scores=c.scores * factor + shift) for c in contest.contenders)
    counts = threshold_counts(replace(contest, contenders=moved), None)
    assert 80 <= len(counts.thresholds) <= 202
    assert all(round(t, counts.decimals) == t for t in counts.thresholds)
    assert np.quantile(moved[0].scores, 0.01) > counts.thresholds[0]


def test_equal_scores_do_no_harm() -> None:
    contest = binary_contest(50)
    same = tuple(replace(c, scores=np.full(50, 0.25)) for c in contest.contenders)
    counts = threshold_counts(replace(contest, contenders=same), None)
    assert 1 <= len(counts.thresholds) <= 202


def test_it_is_small() -> None:
    counts = threshold_counts(binary_contest(20_000, (1.2,) * 5), None)
    assert len(counts.document) < 20_000
    assert len(json.loads(counts.document)["models"]) == 5
