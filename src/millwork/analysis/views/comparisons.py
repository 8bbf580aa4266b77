"""A comparison of models as its report begins: the verdict, metrics and slices with their intervals."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from millwork.analysis.views.files import files_sections
from millwork.analysis.views.parts import facts, note, section
from millwork.core.artifacts import Comparison
from millwork.evaluation.comparing.document import DEFAULT
from millwork.evaluation.comparing.findings import Finding, Findings, MetricInfo, Settings, Verdict
from millwork.evaluation.reporting.metrics_section import metrics_section
from millwork.evaluation.reporting.names import name, sentence
from millwork.evaluation.reporting.reading_section import reading_section
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.slices_section import slices_section
from millwork.evaluation.reporting.telling_slices import telling
from millwork.evaluation.reporting.verdict_signs import badge


def comparison_sections(artifact: Comparison) -> Iterator[ReportSection]:
    """What `comparison.json` says; curves need the rows themselves, and are in the artifact's own report."""
    file = artifact.path / "comparison.json"
    if not file.is_file():
        yield section("verdict", "Verdict", facts({"Verdict": artifact.remark or "not compared"}))
        yield from files_sections(artifact)
        return
    content = json.loads(file.read_text("utf-8"))
    findings = findings_of(content)
    yield _verdict(artifact, content, findings)
    shown, left_out = telling(findings)
    for part in (
        metrics_section(findings),
        slices_section(shown, left_out),
        reading_section(findings, embedded=False),
    ):
        if part:
            yield part


def _verdict(artifact: Comparison, content: Mapping[str, Any], findings: Findings) -> ReportSection:
    models = {
        name(one["name"], 40): badge(Verdict(one["verdict"])) for one in content["models"] if one["verdict"]
    }
    whys = [
        note(f"{name(one['name'], 40)}: {sentence(one['why'])}") for one in content["models"] if one["why"]
    ]
    paired = "yes" if findings.paired else f"no: {sentence(findings.unpaired_because)}"
    known = {**models, "Baseline": name(findings.baseline), "Paired": paired}
    told = note(f"Curves, calibration and confusion are in {artifact.path / 'report.html'}")
    return section("verdict", "Verdict", facts(known), *whys, told)


def findings_of(content: Mapping[str, Any]) -> Findings:
    """The findings that a document of schema millwork/compare/v1 was written from."""
    return Findings(
        baseline=content["baseline"],
        challengers=tuple(one["name"] for one in content["models"] if one["role"] == "challenger"),
        problem=content["problem"],
        paired=content["paired"],
        unpaired_because=content["unpaired_because"],
        settings=_settings(content["settings"]),
        metrics=tuple(MetricInfo(**_known(MetricInfo, one)) for one in content["metrics"]),
        slices=tuple(content["slices"]),
        entries=tuple(_finding(one) for one in content["findings"]),
        notes=tuple(content["notes"]),
    )


def _settings(content: Mapping[str, Any]) -> Settings:
    given: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in _known(Settings, content).items()
    }
    for amount in ("margin", "minimum_effect"):
        given[amount] = {"" if k == DEFAULT else k: v for k, v in given[amount].items()}
    return Settings(**given)


def _finding(entry: Mapping[str, Any]) -> Finding:
    found = _known(Finding, entry)
    zeros = {key: found[key] or 0.0 for key in ("margin", "minimum_effect")}
    return Finding(**{**found, **zeros, "verdict": Verdict(entry["verdict"])})


def _known(kind: type, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What there is a field for: a later version may write more."""
    names = {f.name for f in fields(kind)}
    return {key: value for key, value in entry.items() if key in names}
