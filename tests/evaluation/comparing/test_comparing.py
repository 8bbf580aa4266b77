"""A whole comparison: what it says of all rows and of slices, what it refuses, and what it cannot tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from paired_models import logistic, paired, pieces, rivals, unpaired
from statsmodels.stats.multitest import multipletests

from millwork.core.errors import BadInput, WrongArgument
from millwork.evaluation.comparing.comparing import compare
from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.findings import Finding, Findings, Settings, Verdict
from millwork.evaluation.comparing.metric_catalog import metrics_of
from millwork.evaluation.comparing.multiplicity import adjusted

ALL = Settings(metrics=("all",), resamples=200)


def one(found: Findings, **names: str) -> Finding:
    """The only finding of these names."""
    (entry,) = found.of(**names)
    return entry


@pytest.fixture(scope="module")
def contest() -> Contest:
    """Two different models, as good, in four slices, one of them small."""
    labels, scores = rivals(4_000, seed=1)
    slices = {**pieces(4_000, 3), "few": np.arange(29)}
    return paired(labels, *scores, slices=slices)


@pytest.fixture(scope="module")
def found(contest: Contest) -> Findings:
    """All metrics."""
    return compare(contest, ALL)


def test_entries_are_by_challenger_metric_and_slice() -> None:
    labels, scores = rivals(300, seed=2, noise=(0.5,) * 5)
    contest = paired(labels, *scores, slices=pieces(300, 2))
    found = compare(contest, Settings(metrics=("brier", "auc", "brier"), resamples=100))
    assert (found.baseline, found.challengers) == ("A", ("B", "C", "D", "E"))
    assert [metric.name for metric in found.metrics] == ["brier", "auc"]
    expected = [
        (model, metric, name)
        for model in "BCDE"
        for metric in ("brier", "auc")
        for name in ("Overall", "part:0", "part:1")
    ]
    assert [(entry.model, entry.metric, entry.slice) for entry in found.entries] == expected


def test_a_challenger_is_judged_alike_among_others_and_alone() -> None:
    labels, scores = rivals(400, seed=2, noise=(0.5,) * 5)
    together = compare(paired(labels, *scores), ALL)
    alone = compare(paired(labels, scores[0], scores[4]), ALL)
    assert [replace(entry, model="B") for entry in together.of("E")] == list(alone.entries)


def test_a_model_against_itself_is_no_worse_anywhere() -> None:
    labels, (scores, _) = rivals(500, seed=3)
    labels[:40] = 1
    slices = {**pieces(500, 3), "one class": np.arange(40), "few": np.arange(3)}
    found = compare(paired(labels, scores, scores.copy(), slices=slices), replace(ALL, margin={"": "0"}))
    assert {entry.verdict for entry in found.entries} == {Verdict.NO_WORSE}
    assert {(entry.change, entry.lower, entry.upper, entry.method) for entry in found.entries} == {
        (0.0, 0.0, 0.0, "identical")
    }
    assert found.verdict is Verdict.NO_WORSE


def test_probabilities_that_only_rounding_parts_are_the_same() -> None:
    labels, (scores, other) = rivals(200, seed=3)
    rounded = scores.astype(np.float32).astype(float)
    assert (rounded != scores).any()
    found = compare(paired(labels, scores, rounded, other), ALL)
    assert {entry.method for entry in found.of("B")} == {"identical"}
    assert "identical" not in {entry.method for entry in found.of("C")}


def test_slices_are_corrected_for_and_all_rows_are_not(found: Findings) -> None:
    for metric in metrics_of("binary"):
        overall, *slices = found.of(metric=metric.name)
        assert overall.adjusted_p_value == overall.p_value
        judged = [entry for entry in slices if entry.slice != "few"]
        theirs = multipletests([entry.p_value for entry in judged], method="fdr_bh")[1]
        assert [entry.adjusted_p_value for entry in judged] == pytest.approx(list(theirs))
        assert one(found, metric=metric.name, slice="few").adjusted_p_value is None


def test_the_correction_is_benjamini_and_hochbergs() -> None:
    p_values = [0.5, 0.01, None, 0.04, 0.01, 0.9, 1e-9, 0.04]
    family = [p for p in p_values[1:] if p is not None]
    theirs = iter(multipletests(family, method="fdr_bh")[1])
    expected = [0.5, *[None if p is None else next(theirs) for p in p_values[1:]]]
    assert adjusted(p_values) == [p if p is None else pytest.approx(p) for p in expected]
    assert adjusted([0.3]) == [0.3] and adjusted([None, None]) == [None, None]


def test_methods(found: Findings) -> None:
    methods = {entry.metric: entry.method for entry in found.of(slice="Overall")}
    assert (methods.pop("auc"), methods.pop("accuracy")) == ("DeLong", "McNemar")
    assert set(methods.values()) == {"paired bootstrap"}


def test_methods_of_different_rows() -> None:
    labels, scores = rivals(600, seed=4)
    contest = unpaired((labels[:400], scores[0][:400]), (labels[400:], scores[1][400:]))
    found = compare(contest, ALL)
    methods = {entry.metric: entry.method for entry in found.entries}
    assert (methods.pop("auc"), methods.pop("accuracy")) == ("unpaired DeLong", "unpaired shares")
    assert set(methods.values()) == {"unpaired bootstrap"}
    assert {(entry.rows, entry.challenger_rows) for entry in found.entries} == {(400, 200)}
    assert found.unpaired_because == "they have other rows"


def test_accuracy_of_weighted_rows_is_by_the_bootstrap(contest: Contest) -> None:
    heavy = tuple(replace(c, weights=np.linspace(1, 3, 4_000)) for c in contest.contenders)
    found = compare(replace(contest, contenders=heavy), ALL)
    methods = {entry.metric: entry.method for entry in found.of(slice="Overall")}
    assert (methods["auc"], methods["accuracy"]) == ("DeLong", "paired bootstrap")


def test_too_few_rows_are_inconclusive_whatever_they_say(found: Findings) -> None:
    few = list(found.of(slice="few"))
    assert {entry.verdict for entry in few} == {Verdict.INCONCLUSIVE}
    assert {entry.reason for entry in few} == {"only 29 rows, and a verdict takes 30"}
    assert all(entry.change is not None for entry in few)


def test_unequal_weights_make_fewer_rows() -> None:
    labels, scores = rivals(200, seed=5)
    weights = np.full(200, 0.001)
    weights[:20] = 1
    entry = one(compare(paired(labels, *scores, weights=weights), ALL), metric="log_loss")
    assert entry.reason == "only 200 rows that, by their weights, say as much as 20, and a verdict takes 30"


def test_few_rows_of_a_class() -> None:
    labels, scores = rivals(100, seed=5)
    labels[:] = np.arange(100) < 9
    found = compare(paired(labels, *scores), ALL)
    why = "only 9 rows of class 'yes', and a verdict takes 10"
    reasons = {entry.metric for entry in found.entries if entry.reason == why}
    assert reasons == {"auc", "pr_auc", "precision", "recall", "f1"}
    flipped = compare(paired(1 - labels, *scores), ALL)
    reasons = {entry.metric for entry in flipped.entries if "of class 'no'" in entry.reason}
    assert reasons == {"auc", "pr_auc"}


def test_a_slice_of_one_class_has_no_curve() -> None:
    labels, scores = rivals(500, seed=6)
    rows = np.flatnonzero(labels == 0)
    found = compare(paired(labels, *scores, slices={"no": rows}), ALL)
    for name in ("auc", "pr_auc"):
        entry = one(found, metric=name, slice="no")
        assert (entry.verdict, entry.value, entry.change, entry.method) == (
            Verdict.INCONCLUSIVE, None, None, "none",
        )  # fmt: skip
        assert entry.reason == "not defined, as all rows are of class 'no'"
    assert one(found, metric="recall", slice="no").reason == "not defined, as no row is of class 'yes'"
    assert one(found, metric="log_loss", slice="no").value is not None


def test_a_model_that_calls_nothing_positive_has_no_precision() -> None:
    labels, (first, second) = rivals(500, seed=6)
    found = compare(paired(labels, first, second / 2), ALL)
    entry = one(found, metric="precision")
    assert entry.reason == "not defined, as the model calls no row 'yes'" and entry.baseline_value is not None
    assert one(found, metric="recall").value == 0
    assert one(found, metric="f1").verdict is Verdict.WORSE


def test_an_empty_slice() -> None:
    labels, scores = rivals(100, seed=6)
    found = compare(paired(labels, *scores, slices={"none": np.arange(0)}), Settings())
    nothing = list(found.of(slice="none"))
    assert {(entry.verdict, entry.reason) for entry in nothing} == {
        (Verdict.INCONCLUSIVE, "there are no rows")
    }
    assert {entry.change for entry in nothing} == {None}
    nobody = compare(unpaired((labels, scores[0]), (labels[:0], scores[1][:0])), Settings())
    assert {entry.reason for entry in nobody.entries} == {"there are no rows"}


def test_a_tiny_loss_in_302_rows_is_inconclusive() -> None:
    labels, (scores, _) = rivals(302, seed=7, noise=(0.5, 0.5))
    flipped = scores.copy()
    wrong = np.flatnonzero((scores > 0.5) == (labels == 1))[:3]
    flipped[wrong] = 1 - flipped[wrong]
    found = compare(paired(labels, scores, flipped), Settings(metrics=("accuracy",)))
    entry = one(found, metric="accuracy")
    assert entry.change == pytest.approx(-3 / 302) and entry.verdict is Verdict.INCONCLUSIVE
    assert entry.reason.startswith("the loss may be as large as 0.028") and "there are 302" in entry.reason
    assert entry.rows_needed is not None and entry.rows_needed > 302


def test_a_large_loss_is_worse_and_a_large_gain_better() -> None:
    labels, scores = rivals(3_000, seed=8, noise=(0.3, 1.5))
    lost, won = (
        compare(paired(labels, *models), ALL).of(slice="Overall") for models in (scores, scores[::-1])
    )
    assert {entry.verdict for entry in lost} == {Verdict.WORSE}
    assert {entry.verdict for entry in won} == {Verdict.BETTER}


@pytest.mark.parametrize("problem", ["multiclass", "regression"])
def test_other_problems(problem: str) -> None:
    random = np.random.default_rng(9)
    labels: Any
    if problem == "multiclass":
        labels, models = random.integers(0, 3, 2_000), []
        for strength in (1.5, 0.8):
            logits = random.normal(size=(2_000, 3))
            logits[np.arange(2_000), labels] += strength
            models.append(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    else:
        labels = random.normal(0, 10, 2_000)
        models = [labels + random.normal(0, spread, 2_000) for spread in (1, 1.3)]
    slices = pieces(2_000, 3)
    found = compare(paired(labels, *models, slices=slices), ALL)
    # A model that is less sure may be as well calibrated.
    entries = [entry for entry in found.entries if entry.metric != "calibration_error"]
    assert {entry.verdict for entry in entries} == {Verdict.WORSE}
    itself = compare(paired(labels, models[0], models[0], slices=slices), ALL)
    assert {entry.verdict for entry in itself.entries} == {Verdict.NO_WORSE}


def test_a_constant_difference_does_not_vary() -> None:
    labels = np.random.default_rng(1).normal(0, 10, 100)
    found = compare(paired(labels, labels + 1.0, labels + 2.0), Settings(metrics=("mae",)))
    entry = one(found, metric="mae")
    assert (entry.change, entry.lower, entry.upper) == pytest.approx((1, 1, 1), abs=1e-9)
    assert entry.verdict is Verdict.WORSE


def test_a_threshold_replaces_the_models_decisions(contest: Contest) -> None:
    found = compare(contest, Settings(metrics=("accuracy", "recall"), threshold=0.3))
    one_model = contest.contenders[1]
    right = (one_model.scores > 0.3) == (one_model.labels == 1)
    assert one(found, metric="accuracy", slice="Overall").value == pytest.approx(right.mean())
    recall = one(found, metric="recall", slice="Overall").value
    assert recall == pytest.approx((one_model.scores[one_model.labels == 1] > 0.3).mean())


def test_logits_have_no_log_loss() -> None:
    labels, (first, second) = rivals(300, seed=10)
    contest = paired(labels, first, np.log(second / (1 - second)))
    with pytest.raises(
        BadInput, match=r"log_loss: the scores of B go from -\d.* to \d.*, so they are no prob"
    ):
        compare(contest, Settings(metrics=("auc", "log_loss")))
    found = compare(contest, Settings())
    assert [metric.name for metric in found.metrics] == ["auc", "accuracy"]
    assert len(found.notes) == 1 and found.notes[0].startswith("log_loss, brier left out: the scores of B go")
    as_good = compare(paired(labels, first, second), Settings(metrics=("auc",)))
    assert one(found, metric="auc").value == pytest.approx(one(as_good, metric="auc").value)


def test_scores_of_classes_must_add_up_to_1() -> None:
    labels = np.arange(60) % 3
    scores = np.eye(3)[labels] * 0.9
    message = "the scores of A add up to 0.9 to 0.9 by row, not to 1"
    with pytest.raises(BadInput, match=message):
        compare(paired(labels, scores, scores), Settings(metrics=("brier",)))


def test_scores_that_are_no_numbers() -> None:
    labels, (first, second) = rivals(300, seed=10)
    second[7] = np.nan
    with pytest.raises(BadInput, match="B: 1 scores are no finite numbers"):
        compare(paired(labels, first, second), Settings())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"confidence": 95}, "confidence must be at least 0.5 and less than 1, but is 95"),
        ({"confidence": 1.0}, "confidence must be"),
        ({"resamples": 10}, "resamples must be from 100 to 20,000, but is 10"),
        ({"seed": -1}, "seed must not be below 0, but is -1"),
        ({"threshold": float("nan")}, "threshold must be a number, but is nan"),
        ({"metrics": ("auk",)}, "no metric 'auk' of a binary model. Did you mean 'auc'?"),
        ({"margin": {"auc": "much"}}, "margin: 'much' is no amount"),
        ({"minimum_effect": {"": "-1"}}, "minimum effect: '-1' is no amount"),
    ],
)
def test_settings_that_make_no_sense(contest: Contest, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        compare(contest, Settings(**settings))


def test_a_threshold_is_for_binary_models() -> None:
    labels = np.random.default_rng(1).normal(size=50)
    with pytest.raises(
        WrongArgument, match="threshold is for binary models, and these are regression models"
    ):
        compare(paired(labels, labels, labels), Settings(threshold=0.5))


def test_rows_without_a_label_are_noted(contest: Contest) -> None:
    baseline, challenger = contest.contenders
    some = replace(
        contest, contenders=(replace(baseline, unlabelled=1_234), replace(challenger, unlabelled=1))
    )
    assert compare(some, Settings(("auc",))).notes == (
        "A: 1,234 rows without a label left out",
        "B: 1 row without a label left out",
    )


def test_perfect_models_of_few_rows_are_not_called_equal() -> None:
    labels = np.arange(60) % 2
    first = np.where(labels == 1, 0.9, 0.1)
    second = logistic(np.where(labels == 1, 1.0, -1.0) + np.linspace(-0.5, 0.5, 60))
    entry = one(compare(paired(labels, first, second), Settings(("auc",))), metric="auc")
    assert (entry.value, entry.change, entry.verdict) == (1, 0, Verdict.INCONCLUSIVE)


def test_a_change_on_which_all_rows_agree_is_certain() -> None:
    labels = np.arange(200) % 2
    perfect, useless = np.where(labels == 1, 0.9, 0.1), np.full(200, 0.3)
    fallen = one(compare(paired(labels, perfect, useless), Settings(("auc",))), metric="auc")
    assert (fallen.value, fallen.verdict) == (0.5, Verdict.WORSE)
    assert fallen.p_value is not None and fallen.p_value < 1e-10
    reversed_ = one(compare(paired(labels, perfect, 1 - perfect), Settings(("auc",))), metric="auc")
    assert (reversed_.change, reversed_.lower, reversed_.p_value) == (-1, -1, 0)
    assert one(compare(paired(labels, useless, perfect), Settings(("auc",))), metric="auc").verdict is (
        Verdict.BETTER
    )
