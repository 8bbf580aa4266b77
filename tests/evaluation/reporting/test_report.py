"""The whole report: what it holds, in which order, how large it is, and that no text from data can do anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sample_contests import binary_contest, multiclass_contest, regression_contest, unpaired
from sample_page import HOSTILE, Page

from millwork.evaluation.comparing.comparing import compare
from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.findings import Findings, Settings, Verdict
from millwork.evaluation.reporting.change_sections import ChangeSection, FileDiff
from millwork.evaluation.reporting.report import report_html

EIGHT = ("auc", "pr_auc", "accuracy", "precision", "recall", "f1", "log_loss", "brier")


def embedded(html: str, id: str) -> dict[str, object]:
    found = re.search(rf'<script type="application/json" id="{id}">(.*?)</script>', html, re.S)
    assert found, id
    content: dict[str, object] = json.loads(found[1])
    return content


@pytest.fixture(scope="module")
def contest() -> Contest:
    return binary_contest(2_000, worse_in="west")


@pytest.fixture(scope="module")
def findings(contest: Contest) -> Findings:
    return compare(contest, Settings(by=("region",), resamples=200))


@pytest.fixture(scope="module")
def html(contest: Contest, findings: Findings) -> str:
    return report_html(findings, contest)


def test_the_verdict_comes_first_and_every_part_is_in_the_contents(html: str) -> None:
    page = Page(html)
    parts = [attributes["id"] for attributes in page.all("section")]
    assert parts == ["verdict", "metrics", "slices", "curves", "calibration", "confusion", "reading"]
    assert [a["href"] for a in page.all("a")] == ["#main", *(f"#{part}" for part in parts)]


def test_it_says_what_was_found_and_on_what_it_rests(html: str, findings: Findings) -> None:
    text = " ".join(Page(html).text.split())
    assert findings.verdict is Verdict.WORSE
    assert "Worse boosted against logistic" in text
    assert "It is worse in 1 of 5 slices: region:west." in text
    assert "Rows 2,000, the same for every model Paired yes" in text
    assert "Confidence 95 %" in text
    assert "Margin 0.01 in ROC AUC and Accuracy" in text


def test_different_rows_are_told(contest: Contest) -> None:
    apart = unpaired(contest, "their row ids differ")
    html = report_html(compare(apart, Settings(resamples=200)), apart)
    assert "no: their row ids differ" in Page(html).text
    assert "not paired" in Page(html).text


def test_programs_read_the_findings_from_it(html: str, findings: Findings) -> None:
    document = embedded(html, "findings")
    assert document["schema"] == "millwork/compare/v1"
    told = document["findings"]
    assert isinstance(told, list)
    assert [entry["verdict"] for entry in told] == [entry.verdict.value for entry in findings.entries]
    assert told[0]["change"] == pytest.approx(findings.entries[0].change, rel=1e-6)


def test_the_only_script_that_may_run_is_its_own(html: str) -> None:
    page = Page(html)
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    scripts = re.findall(r"<script>(.*?)</script>", html, re.S)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy.partition("script-src")[2]


def test_it_fetches_nothing(html: str) -> None:
    page = Page(html)
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "form")
        assert "src" not in attributes
        assert all(str(value).startswith("#") for name, value in attributes.items() if name == "href")
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize(
    "make",
    [
        lambda: binary_contest(400, (1.2, 1.0, 1.4)),
        lambda: binary_contest(400, weighted=True),
        lambda: multiclass_contest(400, models=3),
        lambda: multiclass_contest(300, classes=30),
        lambda: regression_contest(400),
        lambda: unpaired(binary_contest(400)),
    ],
    ids=["three models", "weighted", "four classes", "thirty classes", "regression", "unpaired"],
)  # fmt: skip
def test_every_problem_has_a_report_without_gaps(make: Callable[[], Contest]) -> None:
    made = make()
    findings = compare(made, Settings(resamples=100))
    html = report_html(findings, made)
    text = Page(html).text
    assert not re.search(r"\b(nan|None|inf)\b|Undefined|<function|array\(", text)
    assert ("weighted rows" in text) is (made.baseline.weights is not None)
    assert "NaN" not in re.sub(r"<script.*?</script>", "", html, flags=re.S)
    assert len(html) < 2_000_000


def test_rows_of_one_class_only_still_make_a_report() -> None:
    made = binary_contest(300)
    contenders = tuple(replace(c, labels=c.labels * 0) for c in made.contenders)
    html = report_html(compare(replace(made, contenders=contenders), Settings(resamples=100)),
                       replace(made, contenders=contenders))  # fmt: skip
    assert "No ROC curve: only one class has rows" in html


def test_the_same_findings_give_the_same_bytes(contest: Contest, findings: Findings, html: str) -> None:
    assert report_html(findings, contest) == html


def test_differences_and_lineage_are_shown_before_the_explanations(
    contest: Contest, findings: Findings
) -> None:
    changes = [
        ChangeSection(
            "Hyperparameters", "The first cause.", ("name", "before", "after"), (("steps", "100", "200"),)
        ),
        ChangeSection("Code", diffs=(FileDiff("model.py", "@@ -1 +1 @@\n-old\n+new\n"),)),
    ]
    html = report_html(findings, contest, changes=changes, lineage_svg="<svg><title>drawn</title></svg>")
    parts = [attributes["id"] for attributes in Page(html).all("section")]
    assert parts[-3:] == ["changes", "lineage", "reading"]
    assert "<svg><title>drawn</title></svg>" in html
    assert '<th scope="row">steps</th><td>100</td><td>200</td>' in html
    assert '<span class="removed">-old</span><span class="added">+new</span>' in html


def test_long_diffs_are_cut_and_say_so(contest: Contest, findings: Findings) -> None:
    diffs = tuple(FileDiff(f"{n}.py", "+x = 1\n" * 100_000) for n in range(20))
    html = report_html(findings, contest, changes=[ChangeSection("Code", diffs=diffs)])
    assert "99,600 more lines left out" in html
    assert len(html) < 1_000_000


def named_by(text: str) -> Contest:
    """A contest in which all names hold this text."""
    slices = [f"{text} {place}" for place in range(5)]
    names, classes = (f"base {text}", f"new {text}"), (f"no {text}", f"yes {text}")
    return binary_contest(400, names=names, classes=classes, slices=slices)


def test_hostile_names_stay_text() -> None:
    made = named_by(HOSTILE)
    findings = compare(made, Settings(by=(HOSTILE,), resamples=100))
    findings = replace(findings, notes=(HOSTILE,), unpaired_because=HOSTILE, paired=False)
    diffs = (FileDiff(HOSTILE, f"+{HOSTILE}"),)
    changes = [ChangeSection(HOSTILE, HOSTILE, (HOSTILE, "b"), ((HOSTILE, HOSTILE),), diffs)]
    html = report_html(findings, made, changes=changes, title=HOSTILE)

    page = Page(html)
    assert not page.all("img")
    assert len(page.all("script")) == 3
    assert all(not name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "49" not in page.text.partition("{{")[2][:10]
    assert "<img src=x onerror=alert(1)>" in page.text
    for unseen in ("\x00", "\u202e", "\ud800"):
        assert unseen not in html
    html.encode("utf-8")
    for id in ("findings", "threshold-counts"):
        text = re.search(rf'id="{id}">(.*?)</script>', html, re.S)
        assert text and not set("<>&\u2028") & set(text[1])


def test_names_of_any_length_leave_it_small() -> None:
    made = named_by("x" * 10_000)
    html = report_html(compare(made, Settings(by=("region",), resamples=100)), made)
    assert len(html) < 400_000


@pytest.fixture(scope="module")
def largest() -> tuple[Findings, Contest]:
    """Five models, fifty slices, eight metrics."""
    names = [f"a model with a name of its own {n}" for n in range(5)]
    slices = [f"segment of customers {n}" for n in range(50)]
    made = binary_contest(5_000, (1.2, 1.0, 1.2, 1.4, 1.19), names, slices=slices)
    return compare(made, Settings(by=("region",), metrics=EIGHT, resamples=100)), made


def test_five_models_and_fifty_slices_stay_below_two_megabytes(largest: tuple[Findings, Contest]) -> None:
    findings, made = largest
    html = report_html(findings, made)
    assert len(findings.entries) == 4 * 8 * 51
    assert len(html.encode()) < 2_000_000
    assert html.count('<th scope="row">region:segment of customers 49</th>') == 4 + 4 * 8


def test_of_too_many_slices_those_with_findings_are_shown(largest: tuple[Findings, Contest]) -> None:
    findings, made = largest
    more = tuple(f"more:{n}" for n in range(100))
    last = findings.entries[-1]
    entries = [replace(last, slice=name, verdict=Verdict.NO_WORSE, rows=10) for name in more]
    entries[-1] = replace(entries[-1], verdict=Verdict.WORSE)
    findings = replace(findings, slices=findings.slices + more, entries=findings.entries + tuple(entries))
    html = report_html(findings, made)
    assert len(html.encode()) < 2_200_000
    assert "more:99" in html
    assert "more:98" not in html
    assert "89 more slices left out" in html
