"""Three-way merge of a file: as the template made it, as it is now, as the template would make it today."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from millwork.templates.record import File
from millwork.templates.repositories import merge_files

MARK = b"<<<<<<< yours"
"""Where a conflict begins in a file."""


class Action(StrEnum):
    """What an update does to a file."""

    ADDED = "added"
    CHANGED = "changed"
    """By the template only."""
    MERGED = "merged"
    """By the template and by the user, in different places."""
    CONFLICT = "conflict"
    """By both in the same place: both versions are in the file, marked, or the template's lies beside it."""
    DELETED = "deleted"
    """By the template, and never changed by the user."""
    KEPT = "kept"
    """Deleted by the template, but changed by the user."""
    ABSENT = "absent"
    """Deleted by the user: it stays so, though the template has changed it."""


@dataclass(frozen=True)
class Change:
    """What happens to one file."""

    path: str
    action: Action
    reason: str
    writes: File | None = None
    """The new content, if there is one."""
    beside: bool = False
    """The content is written to a file next to it: what is there cannot be merged."""


def change_of(path: str, base: File | None, ours: File | None, theirs: File | None) -> Change | None:
    """What an update does to the file at `path`; None if nothing."""
    if theirs in (base, ours):
        return None
    if theirs is None:
        if ours is None:
            return None
        if ours == base:
            return Change(path, Action.DELETED, "the template no longer has it")
        return Change(path, Action.KEPT, "the template no longer has it, but you changed it")
    if base is None and ours is None:
        return Change(path, Action.ADDED, "new in the template", theirs)
    if ours is None:
        return Change(path, Action.ABSENT, "the template changed it, but you deleted it")
    if ours == base:
        return Change(path, Action.CHANGED, "you did not change it", theirs)
    return _both_changed(path, base, ours, theirs)


def _both_changed(path: str, base: File | None, ours: File, theirs: File) -> Change | None:
    old = base.content if base else b""
    executable = theirs.executable if base and ours.executable == base.executable else ours.executable
    if theirs.content in (old, ours.content):
        merged, conflicts = ours.content, False
    elif old == ours.content and base:
        merged, conflicts = theirs.content, False
    elif any(_is_binary(content) for content in (old, ours.content, theirs.content)):
        why = "both changed it, and it is not text: the template's lies beside it"
        return Change(path, Action.CONFLICT, why, theirs, beside=True)
    else:
        merged, conflicts = merge(old, ours.content, theirs.content)
    if conflicts:
        what = "both changed the same lines" if base else "both have a new file of this name"
        return Change(path, Action.CONFLICT, f"{what}: they are marked", File(merged, executable))
    if File(merged, executable) == ours:
        return None
    return Change(path, Action.MERGED, "both changed it, in different places", File(merged, executable))


def merge(base: bytes, ours: bytes, theirs: bytes) -> tuple[bytes, bool]:
    """The merged text, and whether it holds conflicts."""
    with tempfile.TemporaryDirectory(prefix="millwork-merge-") as folder:
        paths = []
        for name, content in (("yours", ours), ("before", base), ("template", theirs)):
            paths.append(Path(folder, name))
            paths[-1].write_bytes(content)
        return merge_files(*paths)


def _is_binary(content: bytes) -> bool:
    try:
        return "\0" in content.decode("utf-8")
    except UnicodeDecodeError:
        return True
