"""Hold statistics against a schema, and list what does not fit."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from millwork.components.data import schema_file, statistics
from millwork.core.artifacts import ExampleAnomalies, ExampleStatistics, Schema
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema as SchemaProto

logger = logging.getLogger(__name__)

FILE_NAME = "SchemaDiff.pb"


class ExampleValidator(Component):
    """Find values, types and gaps that the schema does not allow, and give a verdict per split.

    Each anomaly is logged as a warning. A split is blessed if it has none; a split without rows has one.

        anomalies = ExampleValidator(statistics=statistics, schema=schema, fail_on_anomalies=True).anomalies
    """

    base_type = "mlmd.Process"
    libraries = ("tensorflow_data_validation",)

    statistics: ExampleStatistics
    schema: Schema
    exclude_splits: tuple[str, ...] = ()
    environment: str | None = None
    """One of the schema's environments, such as SERVING, where the label need not be there."""
    fail_on_anomalies: bool = False
    """Fail the step if there is an anomaly, so that nothing after it runs."""
    anomalies: ExampleAnomalies = output()

    def run(self) -> None:
        self.anomalies.split_names = statistics.splits_without(self.statistics, self.exclude_splits)
        self.anomalies.span = self.statistics.span
        schema = schema_file.read_schema(self.schema.path)
        self._check_environment(schema)
        found = {split: self._validate(split, schema) for split in self.anomalies.split_names}
        self.anomalies.blessed = json.dumps({split: int(not lines) for split, lines in found.items()})
        self.anomalies.num_anomalies = sum(len(lines) for lines in found.values())
        lines = [f"split {split!r}, {line}" for split, lines in found.items() for line in lines]
        for line in lines:
            logger.warning("Anomaly in %s", line)
        if lines and self.fail_on_anomalies:
            listed = "\n".join(f"  {line}" for line in lines)
            count = f"{len(lines)} anomalies" if len(lines) > 1 else "1 anomaly"
            raise BadInput(
                f"The examples do not fit the schema: {count}\n{listed}\nCorrect the data or the schema"
            )

    def _check_environment(self, schema: SchemaProto) -> None:
        if self.environment is not None and self.environment not in schema.default_environment:
            known = did_you_mean(self.environment, schema.default_environment)
            raise BadInput(f"The schema has no environment {self.environment!r}. {known}")

    def _validate(self, split: str, schema: SchemaProto) -> list[str]:
        """Write one split's anomalies, and return a line for each."""
        import tensorflow_data_validation as tfdv

        described = statistics.read_statistics(self.statistics, split)
        anomalies = tfdv.validate_statistics(described, schema, environment=self.environment)
        folder = self.anomalies.split(split)
        folder.mkdir(parents=True)
        (folder / FILE_NAME).write_bytes(anomalies.SerializeToString(deterministic=True))
        return _lines(anomalies)


def _lines(anomalies: Anomalies) -> list[str]:
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
