"""What Transform says of the rows before and after: statistics as the user wants them, and their anomalies."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from millwork.components.data.statistics import read_statistics
from millwork.core.artifacts import ExampleAnomalies, ExampleStatistics
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import tensorflow_data_validation as tfdv
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema

ANOMALIES_FILE = "SchemaDiff.pb"


class StatsType(IntEnum):
    """Which statistics a `stats_options_updater_fn` is asked about. Names and numbers are TFX's."""

    PRE_TRANSFORM = 1
    POST_TRANSFORM = 2


def options_for(
    kind: StatsType, schema: Schema, updater: Callable[..., Any] | None = None
) -> tfdv.StatsOptions:
    """TFDV's options, as the user's function changes them if there is one."""
    import tensorflow_data_validation as tfdv

    options = tfdv.StatsOptions(schema=schema)
    if updater is None:
        return options
    changed = updater(kind, options)
    if not isinstance(changed, tfdv.StatsOptions):
        raise BadInput(
            f"stats_options_updater_fn returned {changed!r:.80} for {kind.name}. It must return tfdv.StatsOptions: "
            "those that it was given, with its changes"
        )
    return changed


def validate(statistics: ExampleStatistics, schema: Schema, target: ExampleAnomalies) -> None:
    """Write to `target` where the statistics of a split do not fit the schema."""
    import tensorflow_data_validation as tfdv

    target.split_names, target.span = statistics.split_names, statistics.span
    counts = {}
    for split in statistics.split_names:
        anomalies = tfdv.validate_statistics(read_statistics(statistics, split), schema)
        counts[split] = len(anomalies.anomaly_info) + anomalies.HasField("dataset_anomaly_info")
        counts[split] += bool(anomalies.data_missing)
        target.split(split).mkdir()
        (target.split(split) / ANOMALIES_FILE).write_bytes(anomalies.SerializeToString(deterministic=True))
    target.blessed = json.dumps({split: int(not count) for split, count in counts.items()})
    target.num_anomalies = sum(counts.values())
