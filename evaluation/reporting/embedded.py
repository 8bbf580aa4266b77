"""The findings as JSON inside of a report: as `millwork compare --json` prints them, but small."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from millwork.evaluation.comparing.document import SourceDocument, document
from millwork.evaluation.comparing.findings import Findings
from millwork.evaluation.pictures import shortened

DIGITS = 7
LONGEST = (300, 100, 40)
"""Names of slices come from data, and are in every finding: the first of these lengths that keeps it small."""
MOST_CHARACTERS = 900_000


def findings_json(findings: Findings, sources: Mapping[str, SourceDocument] | None = None) -> str:
    """A document of schema millwork/compare/v1, with numbers to DIGITS digits and without the middle of long texts."""
    content, text = document(findings, sources), ""
    for longest in LONGEST:
        text = json.dumps(_small(content, longest), allow_nan=False, separators=(",", ":"))
        if len(text) <= MOST_CHARACTERS:
            break
    return text


def _small(value: Any, longest: int) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, str):
        return value if len(value) <= longest else shortened(value, longest)
    if isinstance(value, dict):
        return {_small(key, longest): _small(item, longest) for key, item in value.items()}
    return [_small(item, longest) for item in value] if isinstance(value, list) else value
