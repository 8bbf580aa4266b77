"""Which view is whose: by artifact type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from millwork.analysis.views.anomalies import anomalies_sections
from millwork.analysis.views.blessings import infra_blessing_sections, model_blessing_sections
from millwork.analysis.views.comparisons import comparison_sections
from millwork.analysis.views.evaluations import evaluation_sections
from millwork.analysis.views.files import files_sections
from millwork.analysis.views.matrices import confusion_matrix_sections, roc_sections
from millwork.analysis.views.models import model_sections, pushed_model_sections
from millwork.analysis.views.predictions import predictions_sections_of
from millwork.analysis.views.reports import report_sections, value_sections
from millwork.analysis.views.rows import examples_diff_sections, examples_sections
from millwork.analysis.views.schemas import schema_sections
from millwork.analysis.views.statistics import statistics_sections
from millwork.analysis.views.training_logs import model_run_sections
from millwork.analysis.views.transforms import transform_cache_sections, transform_graph_sections
from millwork.analysis.views.tuning import hyperparameters_sections, tuner_results_sections
from millwork.core import artifacts as stock
from millwork.core.graph import Artifact
from millwork.evaluation.reporting.report_section import ReportSection

Sections = Callable[[Any], Iterable[ReportSection]]

VIEWS: Mapping[type[Artifact], Sections] = {
    stock.Examples: examples_sections,
    stock.ExampleStatistics: statistics_sections,
    stock.Schema: schema_sections,
    stock.ExampleAnomalies: anomalies_sections,
    stock.ExamplesDiff: examples_diff_sections,
    stock.TransformGraph: transform_graph_sections,
    stock.TransformCache: transform_cache_sections,
    stock.HyperParameters: hyperparameters_sections,
    stock.TunerResults: tuner_results_sections,
    stock.Model: model_sections,
    stock.ModelRun: model_run_sections,
    stock.Predictions: predictions_sections_of,
    stock.ConfusionMatrix: confusion_matrix_sections,
    stock.RocCurve: roc_sections,
    stock.ModelEvaluation: evaluation_sections,
    stock.ModelBlessing: model_blessing_sections,
    stock.Comparison: comparison_sections,
    stock.InfraBlessing: infra_blessing_sections,
    stock.PushedModel: pushed_model_sections,
    stock.Report: report_sections,
    stock.ValueArtifact: value_sections,
}


def sections_of(artifact: Artifact) -> Iterable[ReportSection]:
    """What the artifact's type has to show; of a type that nobody here knows, its files."""
    shown = next((view for kind, view in VIEWS.items() if isinstance(artifact, kind)), files_sections)
    return shown(artifact)
