"""JUnit's XML: what CI systems show."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sample_findings import INCONCLUSIVE, WORSE, finding, findings

from millwork.evaluation.comparing.findings import Findings
from millwork.evaluation.comparing.junit import junit

MIXED = findings(
    finding(),
    finding(slice="health:poor", verdict=WORSE, rows=302, challenger_rows=302, reason="0.05 lower"),
    finding(slice="health:fair", verdict=INCONCLUSIVE, reason="too few rows"),
    finding(model="newer"),
    notes=("12 rows without a label",),
)


def parsed(found: Findings, *fail_on: str) -> Element:
    return ElementTree.fromstring(junit(found, fail_on, at=datetime(2026, 5, 3, 12, 0, 5)))


def test_each_challenger_is_a_suite_and_each_metric_and_slice_a_case() -> None:
    root = parsed(MIXED)
    assert [(s.get("name"), s.get("tests")) for s in root] == [("new", "3"), ("newer", "1")]
    cases = [(c.get("classname"), c.get("name")) for c in root[0].iter("testcase")]
    assert cases == [("new.auc", "Overall"), ("new.auc", "health:poor"), ("new.auc", "health:fair")]


def test_worse_is_a_failure_and_inconclusive_is_skipped() -> None:
    suite = parsed(MIXED)[0]
    assert (suite.get("failures"), suite.get("skipped"), suite.get("errors")) == ("1", "1", "0")
    _, worse, unknown = suite.iter("testcase")
    assert worse[0].tag == "failure"
    assert worse[0].attrib == {"message": "0.05 lower", "type": "worse"}
    assert "baseline 0.8123, challenger 0.8111" in str(worse[0].text)
    assert "302 rows, DeLong" in str(worse[0].text)
    assert unknown[0].tag == "skipped" and unknown[0].get("message") == "too few rows"


def test_inconclusive_is_a_failure_where_the_gate_stops_for_it() -> None:
    suite = parsed(MIXED, "inconclusive")[0]
    assert (suite.get("failures"), suite.get("skipped")) == ("2", "0")


def test_all_is_there_that_the_schemas_of_ant_and_jenkins_want() -> None:
    for suite in parsed(MIXED):
        wanted = {"name", "package", "id", "timestamp", "hostname", "time", "tests", "failures", "errors"}
        assert wanted <= set(suite.attrib)
        assert suite.get("timestamp") == "2026-05-03T12:00:05"
        tags = [child.tag for child in suite]
        assert tags == ["properties", *["testcase"] * int(suite.get("tests", 0)), "system-out", "system-err"]
        for case in suite.iter("testcase"):
            assert {"name", "classname", "time"} == set(case.attrib)
            assert len(case) <= 1
    assert parsed(MIXED)[0].findtext("system-out") == "12 rows without a label"


def test_names_from_data_stay_names() -> None:
    hostile = 'a"]]>&<b>\x00\x1b[31m\ud800\uffff'
    found = findings(
        finding(model=hostile), finding(model=hostile, slice=hostile, verdict=WORSE, reason=hostile)
    )
    text = junit(found)
    root = ElementTree.fromstring(text.encode())
    assert root[0].get("name") == 'a"]]>&<b>\ufffd\ufffd[31m\ufffd\ufffd'
    assert len(list(root.iter("testcase"))) == 2
