"""Verdicts: of an evaluation with its checks, of a trial in a server with its latencies, of a push."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from millwork.analysis.amounts import file_size
from millwork.analysis.views.bars import bar
from millwork.analysis.views.files import text_beginning
from millwork.analysis.views.parts import Cell, facts, paragraph, section, table
from millwork.core.artifacts import InfraBlessing, ModelBlessing
from millwork.evaluation.reporting.figures import plain, signed
from millwork.evaluation.reporting.names import name, sentence, slice_name
from millwork.evaluation.reporting.report_section import ReportSection

LOG_LINES, MOST_CHECKS = 80, 1_000


def model_blessing_sections(artifact: ModelBlessing) -> Iterator[ReportSection]:
    """The verdict, and every check behind it: what failed comes first."""
    file = artifact.path / "blessing.json"
    content = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    found = next((word for word in _WORDS if (artifact.path / word).exists()), "")
    known = {
        "Verdict": found or artifact.verdict,
        "Model": _model(artifact.current_model_id, artifact.current_model),
        "Baseline": _model(artifact.baseline_model_id, artifact.baseline_model),
        "Given by": "a person, whatever the evaluation said" if artifact.forced else artifact.component_id,
    }
    reason = paragraph(sentence(artifact.reason)) if artifact.reason else ""
    yield section("verdict", "Verdict", facts({k: sentence(v) for k, v in known.items()}), reason)
    checks = sorted(content.get("checks", ()), key=lambda check: bool(check.get("passed")))
    if checks:
        columns = ("verdict", "metric", "slice", "what", "value", "baseline", "change", "threshold", "reason")
        rows = [_check(check) for check in checks[:MOST_CHECKS]]
        told = f"{len(checks):,} checks, of which {sum(not c.get('passed') for c in checks):,} failed"
        yield section("checks", "Checks", table(told, columns, rows, columns[4:7], sortable=True))
    missing = content.get("missing_slices", ())
    if missing:
        rows_of = [(sentence(str(one)),) for one in missing]
        yield section(
            "missing", "Missing slices", table("They have thresholds, but no rows", ("slice",), rows_of)
        )


_WORDS = ("BLESSED", "NOT_BLESSED", "NOT_EVALUATED")


def _model(id: int, uri: str) -> str:
    return f"artifact {id}: {uri}" if id else uri


def _check(check: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        "passed" if check.get("passed") else "failed",
        name(str(check.get("metric", ""))),
        slice_name(str(check.get("slice", ""))),
        {"value": "value", "change": "change from the baseline"}.get(
            str(check.get("kind")), str(check.get("kind"))
        ),
        _number(check.get("value")),
        _number(check.get("baseline")),
        "" if check.get("change") is None else signed(check["change"], 4),
        _threshold(check.get("threshold") or {}),
        sentence(str(check.get("reason") or "")),
    )


def _number(value: float | None) -> str:
    return "" if value is None else plain(value, 4)


def _threshold(threshold: Mapping[str, Any]) -> str:
    """`lower bound 0.6`, `absolute −0.01, higher is better`."""
    words = []
    for key, value in threshold.items():
        told = key.replace("_", " ")
        words.append(str(value).replace("_", " ").lower() if key == "direction" else f"{told} {value}")
    return ", ".join(words)


def infra_blessing_sections(artifact: InfraBlessing) -> Iterator[ReportSection]:
    """Whether a server could load the model, how long that took, and how fast it answered."""
    file = artifact.path / "infra.json"
    content = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    blessed = (artifact.path / "INFRA_BLESSED").exists()
    known = {
        "Verdict": "INFRA_BLESSED" if blessed else "INFRA_NOT_BLESSED",
        "Mode": str(content.get("mode", "")),
        "Ready after": f"{artifact.load_seconds:.1f} s" if artifact.load_seconds else "",
        "Memory, at most": file_size(artifact.peak_memory) if artifact.peak_memory else "",
        "Requests": str(content.get("requests") or ""),
        "Signatures": ", ".join(map(str, content.get("signatures", ()))),
    }
    reason = paragraph(sentence(artifact.reason)) if artifact.reason else ""
    latencies = content.get("latency_ms") or {}
    most = max((value for value in latencies.values() if value), default=0.0)
    rows = [
        (sentence(which), plain(value, 1), bar(value, most=most))
        for which, value in latencies.items()
        if value is not None
    ]
    shown = (
        table("Milliseconds from the request to the answer", ("latency", "ms", ""), rows, ("ms",))
        if rows
        else ""
    )
    yield section("verdict", "Verdict", facts({k: sentence(v) for k, v in known.items()}), reason, shown)
    server_log = artifact.path / "server.log"
    if server_log.is_file() and server_log.stat().st_size:
        yield section("log", "The server's log", text_beginning(server_log, lines=LOG_LINES))
