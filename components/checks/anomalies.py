"""TFDV's anomalies: written, told in a line each, turned into a verdict, and a reason to stop the run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.core.errors import GateNotMet

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies

logger = logging.getLogger(__name__)

FILE_NAME = "SchemaDiff.pb"

NOT_BLESSED, BLESSED, NO_BASELINE = 0, 1, 2
"""TFX's values of a verdict."""


def write_anomalies(folder: Path, anomalies: Anomalies) -> None:
    """Write `SchemaDiff.pb` into `folder`; the same anomalies give the same bytes."""
    folder.mkdir(parents=True)
    (folder / FILE_NAME).write_bytes(anomalies.SerializeToString(deterministic=True))


def anomaly_lines(anomalies: Anomalies) -> list[str]:
    """One line for each feature that has anomalies, and for what is wrong with the whole split."""
    lines = [
        f"feature {name!r}: {info.short_description} ({info.description.strip()})"
        for name, info in sorted(anomalies.anomaly_info.items())
    ]
    if anomalies.HasField("dataset_anomaly_info"):
        info = anomalies.dataset_anomaly_info
        lines.append(f"the whole split: {info.short_description} ({info.description.strip()})")
    if anomalies.data_missing:
        lines.append("the whole split: No examples (it has no rows)")
    return lines


def tell(found: Mapping[str, Sequence[str]], kind: str = "split") -> list[str]:
    """Log the anomalies of each split, or pair of splits, as warnings, and return these lines."""
    lines = [f"{kind} {name!r}, {line}" for name, lines in found.items() for line in lines]
    for line in lines:
        logger.warning("Anomaly in %s", line)
    return lines


def stop(wrong: str, lines: Sequence[str], remedy: str) -> GateNotMet:
    """What to raise so that nothing after the step runs. All lines are in it, for a step that fails leaves no files."""
    count = f"{len(lines)} anomalies" if len(lines) > 1 else "1 anomaly"
    listed = "\n".join(f"  {line}" for line in lines)
    return GateNotMet(f"{wrong}: {count}\n{listed}\n{remedy}")
