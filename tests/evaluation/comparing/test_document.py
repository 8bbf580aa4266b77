"""millwork/compare/v1: plain data for programs."""

from __future__ import annotations

import json
import math

from sample_findings import INCONCLUSIVE, WORSE, finding, findings

from millwork.evaluation.comparing.document import FindingDocument, SourceDocument, document
from millwork.evaluation.comparing.findings import Finding, Settings

SOURCE = SourceDocument(given="latest", predictions=7, uri="/x", run="r", step="predict", model=3)


def test_everything_that_was_found_is_there() -> None:
    made = document(findings(finding(verdict=WORSE, reason="0.05 lower")), {"new": SOURCE})
    assert made["schema"] == "millwork/compare/v1"
    assert (made["verdict"], made["baseline"], made["problem"], made["paired"]) == (
        "worse",
        "old",
        "binary",
        True,
    )
    old, new = made["models"]
    assert (old["role"], old["verdict"], old["source"]) == ("baseline", None, None)
    assert (new["role"], new["verdict"], new["why"]) == ("challenger", "worse", "ROC AUC: 0.05 lower")
    assert new["source"] == SOURCE
    assert made["findings"][0]["change"] == -0.0012
    assert made["metrics"] == [{"name": "auc", "title": "ROC AUC", "higher_is_better": True}]


def test_a_finding_keeps_all_its_fields() -> None:
    assert set(FindingDocument.__annotations__) == set(Finding.__annotations__)


def test_what_is_no_number_is_null() -> None:
    made = document(findings(finding(value=math.nan, lower=-math.inf, change=None)))
    text = json.dumps(made, allow_nan=False)
    entry = json.loads(text)["findings"][0]
    assert (entry["value"], entry["lower"], entry["change"]) == (None, None, None)


def test_settings_are_told_as_users_write_them() -> None:
    settings = Settings(margin={"": "0.01", "rmse": "2%"}, by=("age>60",), threshold=0.4)
    told = document(findings(settings=settings))["settings"]
    assert told["margin"] == {"default": "0.01", "rmse": "2%"}
    assert (told["by"], told["threshold"], told["resamples"]) == (["age>60"], 0.4, 1_000)


def test_the_gate_says_whether_it_is_met() -> None:
    found = findings(finding(verdict=INCONCLUSIVE))
    assert document(found)["gate"] == {"fail_on": [], "met": True, "failing": 0}
    assert document(found, fail_on=("regression",))["gate"]["met"]
    assert document(found, fail_on=("inconclusive",))["gate"] == {
        "fail_on": ["inconclusive"],
        "met": False,
        "failing": 1,
    }


def test_a_gate_for_what_is_inconclusive_does_not_let_a_worse_model_pass() -> None:
    worse = findings(finding(verdict=WORSE))
    assert document(worse, fail_on=("inconclusive",))["gate"]["failing"] == 1
