"""Hold statistics against a schema, and list what does not fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from millwork.components.checks.anomalies import (
    BLESSED,
    NOT_BLESSED,
    anomaly_lines,
    stop,
    tell,
    write_anomalies,
)
from millwork.components.data import schema_file, statistics
from millwork.core.artifacts import ExampleAnomalies, ExampleStatistics, Schema
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema as SchemaProto


class ExampleValidator(Component):
    """Find values, types and gaps that the schema does not allow, and give a verdict per split.

    Each anomaly is logged as a warning. A split is blessed if it has none; a split without rows has one. What comes
    after can depend on the verdict, `with when(validator.anomalies.is_empty()):`, or the step stops the run.

        anomalies = ExampleValidator(
            statistics=statistics.statistics, schema=schema.schema, fail_on_anomalies=True
        ).anomalies
    """

    base_type = "mlmd.Process"
    libraries = ("tensorflow_data_validation",)

    statistics: ExampleStatistics
    schema: Schema
    exclude_splits: tuple[str, ...] = ()
    environment: str | Mapping[str, str] | None = None
    """One of the schema's environments, such as SERVING, where the label need not be there. For some splits only:
    `{"serving": "SERVING"}`."""
    fail_on_anomalies: bool = False
    """Stop the run if there is an anomaly: the step fails with GateNotMet, which lists them all, and nothing that needs
    it runs. `millwork run` then exits with 3."""
    anomalies: ExampleAnomalies = output()

    def run(self) -> None:
        self.anomalies.split_names = statistics.splits_without(self.statistics, self.exclude_splits)
        self.anomalies.span = self.statistics.span
        schema = schema_file.read_schema(self.schema.path)
        self._check_environments(schema)
        found = {split: self._validate(split, schema) for split in self.anomalies.split_names}
        verdicts = {split: NOT_BLESSED if lines else BLESSED for split, lines in found.items()}
        self.anomalies.blessed = json.dumps(verdicts)
        self.anomalies.num_anomalies = sum(len(lines) for lines in found.values())
        lines = tell(found)
        if lines and self.fail_on_anomalies:
            raise stop("The examples do not fit the schema", lines, "Correct the data or the schema")

    def _environment_of(self, split: str) -> str | None:
        return self.environment.get(split) if isinstance(self.environment, Mapping) else self.environment

    def _check_environments(self, schema: SchemaProto) -> None:
        named = self.environment if isinstance(self.environment, Mapping) else {}
        for split in named:
            if split not in self.statistics.split_names:
                known = did_you_mean(split, self.statistics.split_names)
                raise BadInput(
                    f"environment names the split {split!r}, but the statistics have none such. {known}"
                )
        for split in self.anomalies.split_names:
            environment = self._environment_of(split)
            if environment is not None and environment not in schema.default_environment:
                known = did_you_mean(environment, schema.default_environment)
                raise BadInput(f"The schema has no environment {environment!r}. {known}")

    def _validate(self, split: str, schema: SchemaProto) -> list[str]:
        """Write one split's anomalies, and return a line for each."""
        import tensorflow_data_validation as tfdv

        described = statistics.read_statistics(self.statistics, split)
        anomalies = tfdv.validate_statistics(described, schema, environment=self._environment_of(split))
        write_anomalies(self.anomalies.split(split), anomalies)
        return anomaly_lines(anomalies)
