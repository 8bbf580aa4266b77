"""The metrics that are left to TensorFlow Model Analysis, and why."""

from __future__ import annotations

from typing import Any

from millwork.core.errors import WrongArgument, did_you_mean
from millwork.evaluation.metrics.catalog import FAMILIES

_REASONS: dict[str, tuple[str, ...]] = {
    "it is a metric of Keras that is not known here": (
        *(
            "BinaryIoU",
            "CategoricalHinge",
            "CosineSimilarity",
            "FBetaScore",
            "IoU",
            "MeanIoU",
            "MeanMetricWrapper",
        ),
        *("MeanRelativeError", "MeanTensor", "Metric", "OneHotIoU", "OneHotMeanIoU", "Sum"),
    ),
    "its plot has rates that are not those of its counts": ("ScoreDistributionPlot",),
    "it ranks the rows of a query": ("MinLabelPosition", "NDCG", "QueryStatistics"),
    "it compares two models row by row": (
        *("BooleanFlipRates", "SymmetricFlipRate", "NegToNegFlipRate", "NegToPosFlipRate"),
        *("PosToNegFlipRate", "PosToPosFlipRate", "SymmetricPredictionDifference", "ModelCosineSimilarity"),
    ),
    "it is about text": ("Bleu", "ExactMatch", "Rouge"),
    "it is about sets of classes in text": ("SetMatchPrecision", "SetMatchRecall"),
    "it is about objects in images": (
        *("COCOAveragePrecision", "COCOAverageRecall", "COCOMeanAveragePrecision", "COCOMeanAverageRecall"),
        *("ObjectDetectionConfusionMatrixPlot", "ObjectDetectionMaxRecall", "ObjectDetectionPrecision"),
        *("ObjectDetectionPrecisionAtRecall", "ObjectDetectionRecall", "ObjectDetectionThresholdAtRecall"),
        *("SemanticSegmentationConfusionMatrix", "SemanticSegmentationFalsePositive"),
        "SemanticSegmentationTruePositive",
    ),
    "it needs features, or attributions, beside label and score": (
        *("FalseNegativeFeatureSampler", "FalsePositiveFeatureSampler", "FixedSizeSample", "Mean"),
        *("MeanAbsoluteAttributions", "MeanAttributions"),
        *("TotalAbsoluteAttributions", "TotalAttributions"),
    ),
}
ELSEWHERE: dict[str, str] = {name: reason for reason, names in _REASONS.items() for name in names}

STOCK_MODULES = ("tensorflow_model_analysis", "tf_keras", "keras", "tensorflow")


def reason_for_tfma(metric: Any) -> str | None:
    """Why a `MetricConfig` is not computed here, whatever its settings. None if it is."""
    name, module = metric.class_name, metric.module
    if module and module.split(".")[0] not in STOCK_MODULES:
        return f"it is a class of the module {module!r}"
    if ".losses" in module:
        return "it is a loss function of Keras"
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    if name not in FAMILIES and not module:
        raise WrongArgument(
            f"eval_config: there is no metric {name!r}. {did_you_mean(name, [*FAMILIES, *ELSEWHERE])} A class of your "
            "own needs its module"
        )
    return None if name in FAMILIES else f"it is not known here (module {module!r})"
