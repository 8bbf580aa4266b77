"""How the user's source files differ, as far as their texts were kept."""

from __future__ import annotations

import difflib

from millwork.analysis.differences.difference import Change
from millwork.analysis.differences.recorded import RecordedRun
from millwork.core.snapshots import kept_source


def code_difference(change: Change, before: RecordedRun, after: RecordedRun) -> tuple[str, str]:
    """What is to be said of a module whose digest changed, and the difference in unified format if it is known."""
    sides = ((change.before, before), (change.after, after))
    texts = [kept_source(run.root, digest) if digest else "" for digest, run in sides]
    verb = "is new" if change.before is None else "is no longer used" if change.after is None else "changed"
    missing = [word for word, text in zip(("before", "after"), texts, strict=True) if text is None]
    if missing:
        return f"{change.name} {verb}; the text of {' and '.join(missing)} was not kept", ""
    was, has = (text or "" for text in texts)
    return f"{change.name} {verb}", unified(change.name, was, has, before.record.id, after.record.id)


def unified(name: str, before: str, after: str, earlier: str, later: str) -> str:
    """Two texts in unified format, with the runs where dates stand otherwise."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, name, earlier, later, lineterm=""
    )
    return "\n".join(lines)
