"""TFX's names of parts, and what they are called here."""

from __future__ import annotations

from typing import NamedTuple


class Here(NamedTuple):
    """Where a user of TFX finds a part."""

    name: str
    """In our catalog."""
    how: str = ""
    """What differs."""


TFX_NAMES = {
    "ImportExampleGen": Here("TfRecordExampleGen", "Parquet files are read by ParquetExampleGen"),
    "FileBasedExampleGen": Here(
        "CsvExampleGen", "There is one for each format: CSV, Parquet, Avro, TFRecord"
    ),
    "QueryBasedExampleGen": Here("QueryExampleGen"),
    "BigQueryExampleGen": Here(
        "QueryExampleGen", 'Its url is "bigquery://project" (pip install "millwork[bigquery]")'
    ),
    "PrestoExampleGen": Here(
        "QueryExampleGen", 'Its url is "trino://…" or "presto://…", with the driver installed'
    ),
    "ImportSchemaGen": Here("ImportSchema"),
    "BulkInferrer": Here("Predict", "It keeps labels and slices beside the scores"),
    "ModelValidator": Here("Evaluator"),
    "Importer": Here("import_artifact"),
    "Resolver": Here(
        "latest_artifact",
        "Others are latest_artifacts, artifact_with_id, latest_blessed_model and span_range",
    ),
    "LatestArtifactStrategy": Here("latest_artifact"),
    "LatestBlessedModelStrategy": Here("latest_blessed_model"),
    "SpanRangeStrategy": Here("span_range"),
    "latest_created": Here("latest_artifact", "Several are latest_artifacts(Examples, 3)"),
    "rolling_range": Here("span_range", "span_range(Examples, last=7)"),
    "static_range": Here("span_range", "span_range(Examples, first_span=1, last_span=7)"),
    "exit_handler": Here("on_exit"),
}
"""What is called the same here is not in it."""
