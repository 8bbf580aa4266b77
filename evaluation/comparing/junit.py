"""A comparison as JUnit's XML, so that any CI system shows which slice is worse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from millwork.evaluation.comparing.findings import Finding, Findings, Verdict
from millwork.evaluation.comparing.wording import (
    change_decimals,
    decimals,
    interval,
    metric_of,
    name_of,
    number,
    rows_of,
    signed,
)


def junit(findings: Findings, fail_on: Sequence[str] = (), *, at: datetime | None = None) -> str:
    """A suite for each challenger, a case for each metric and slice.

    Worse is a failure; inconclusive is skipped, or a failure if `fail_on` names it. Valid for the schemas of Ant and
    Jenkins, which want a time: `at`, by default now.
    """
    root = Element("testsuites")
    moment = (at or datetime.now()).strftime("%Y-%m-%dT%H:%M:%S")
    for place, model in enumerate(findings.challengers):
        _suite(root, findings, model, place, moment, fail_on)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(
    root: Element, findings: Findings, model: str, place: int, moment: str, fail_on: Sequence[str]
) -> None:
    suite = SubElement(root, "testsuite", name=name_of(model), package="millwork.compare", id=str(place))
    suite.attrib |= {"timestamp": moment, "hostname": "localhost", "time": "0"}
    properties = SubElement(suite, "properties")
    for name, value in (
        ("baseline", findings.baseline),
        ("verdict", findings.verdict_on(model)),
        ("paired", str(findings.paired).lower()),
    ):
        SubElement(properties, "property", name=name, value=name_of(value))
    entries = list(findings.of(model))
    kinds = [_case(suite, findings, entry, fail_on) for entry in entries]
    suite.attrib |= {"tests": str(len(entries)), "errors": "0"}
    suite.attrib |= {"failures": str(kinds.count("failure")), "skipped": str(kinds.count("skipped"))}
    SubElement(suite, "system-out").text = "\n".join(map(name_of, findings.notes))
    SubElement(suite, "system-err")


def _case(suite: Element, findings: Findings, entry: Finding, fail_on: Sequence[str]) -> str:
    """Add one test case. Says whether it is a failure, skipped, or neither."""
    kind = ""
    if entry.verdict is Verdict.WORSE or (
        entry.verdict is Verdict.INCONCLUSIVE and "inconclusive" in fail_on
    ):
        kind = "failure"
    elif entry.verdict is Verdict.INCONCLUSIVE:
        kind = "skipped"
    names = {"classname": f"{name_of(entry.model)}.{entry.metric}", "name": name_of(entry.slice), "time": "0"}
    case = SubElement(suite, "testcase", names)
    if kind:
        told = SubElement(case, kind, message=name_of(entry.reason))
        if kind == "failure":
            told.set("type", entry.verdict.value)
            told.text = _details(findings, entry)
    return kind


def _details(findings: Findings, entry: Finding) -> str:
    places = decimals(entry)
    lines = (
        f"{metric_of(findings, entry.metric).title}: baseline {number(entry.baseline_value, places)}, "
        f"challenger {number(entry.value, places)}",
        f"change {signed(entry.change, change_decimals(entry))}, {100 * findings.settings.confidence:.4g} % interval "
        f"{interval(entry) or 'not known'}, margin {entry.margin:.4g}",
        f"{rows_of(entry)} rows, {entry.method}",
    )
    return "\n".join(lines)
