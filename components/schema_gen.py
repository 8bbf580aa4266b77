"""Infer a schema from statistics."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from millwork.components.data import schema_file, statistics
from millwork.core.artifacts import ExampleStatistics, Schema
from millwork.core.component import Component, output
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

logger = logging.getLogger(__name__)


class SchemaGen(Component):
    """Infer types, presence, valency and string domains: from the first split, widened by the others.

    A split without rows says nothing about the data and is passed over with a warning. If no split has rows,
    there is nothing to infer and the step fails.

        schema = SchemaGen(statistics=statistics.statistics).schema
    """

    base_type = "mlmd.Process"
    libraries = ("tensorflow_data_validation",)

    statistics: ExampleStatistics
    infer_feature_shape: bool = True
    """Declare the shape of a feature that has equally many values in every row; else only how many values."""
    exclude_splits: tuple[str, ...] = ()
    schema: Schema = output()

    def run(self) -> None:
        import tensorflow_data_validation as tfdv

        first, *others = self._informative()
        schema = tfdv.infer_schema(first, infer_feature_shape=self.infer_feature_shape)
        for further in others:
            schema = tfdv.update_schema(schema, further)
        schema_file.write_schema(self.schema.path, schema)

    def _informative(self) -> list[DatasetFeatureStatisticsList]:
        """The statistics of the splits that have rows."""
        found = []
        for split in statistics.splits_without(self.statistics, self.exclude_splits):
            described = statistics.read_statistics(self.statistics, split)
            if statistics.num_examples(described):
                found.append(described)
            else:
                # TFDV would mark every feature as deprecated, because this split has none of them.
                logger.warning("Split %r has no rows: the schema is inferred without it", split)
        if not found:
            raise BadInput("No split has rows, so there is nothing to infer a schema from")
        return found
