"""Which slices a report shows, if there are more than fit."""

from __future__ import annotations

from dataclasses import replace

from millwork.evaluation.comparing.findings import Finding, Findings, Verdict

MOST_FINDINGS = 2_000
"""Each takes about a kilobyte, drawn and as data."""

_ORDER = (Verdict.WORSE, Verdict.BETTER, Verdict.INCONCLUSIVE, Verdict.NO_WORSE)


def telling(findings: Findings) -> tuple[Findings, int]:
    """The findings in as many slices as fit, and how many were left out. Worse ones stay first, then large ones."""
    each = max(len(findings.challengers) * len(findings.metrics), 1)
    room = max(MOST_FINDINGS // each, 2)
    if len(findings.slices) <= room:
        return findings, 0
    by_slice: dict[str, list[Finding]] = {slice: [] for slice in findings.slices}
    for entry in findings.entries:
        by_slice[entry.slice].append(entry)
    ranked = sorted(findings.slices[1:], key=lambda slice: _rank(by_slice[slice]))
    kept = {findings.slices[0], *ranked[: room - 1]}
    shown = replace(
        findings,
        slices=tuple(slice for slice in findings.slices if slice in kept),
        entries=tuple(entry for entry in findings.entries if entry.slice in kept),
    )
    return shown, len(findings.slices) - len(kept)


def _rank(entries: list[Finding]) -> tuple[int, int]:
    """The verdict to worry about most, then the number of rows."""
    worst = min((_ORDER.index(entry.verdict) for entry in entries), default=len(_ORDER))
    return worst, -max((entry.rows for entry in entries), default=0)
