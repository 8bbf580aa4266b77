"""Whether what a step wrote is still there, as it wrote it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from millwork.core.graph import Artifact
from millwork.core.records import ArtifactRecord
from millwork.core.storage import content_digest, exists, files_below, is_remote, local_path


def signature_of(path: Path) -> str:
    """Names, sizes and times of the files: cheap to take, and the same as long as nobody touches them."""
    root = path if path.is_dir() else path.parent
    total = hashlib.sha256()
    for file in files_below(path):
        about = file.stat()
        line = f"{file.relative_to(root).as_posix()}\0{about.st_size}\0{about.st_mtime_ns}\n"
        total.update(os.fsencode(line))
    return total.hexdigest()


def damage_to(artifact: Artifact | ArtifactRecord) -> str:
    """What happened to the files since they were published: `is gone`, `was changed`, or nothing.

    The content is read only if names, sizes or times say that it may have changed.
    """
    if not exists(artifact.uri):
        return "is gone"
    if is_remote(artifact.uri) or not artifact.signature:
        return ""
    path = local_path(artifact.uri)
    if signature_of(path) == artifact.signature or content_digest(path) == artifact.digest:
        return ""
    return "was changed"


def damaged_output(run: str, outputs: Mapping[str, Sequence[ArtifactRecord]]) -> str:
    """The first output of a run that cannot be used any more, and why: `model of run 2026… is gone`."""
    for name, records in outputs.items():
        for record in records:
            if damage := damage_to(record) if record.state == "live" else "is gone":
                return f"{name} of run {run} {damage}"
    return ""
