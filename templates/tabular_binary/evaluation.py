"""What is measured of a model, for whom, and how good it must be."""

from millwork.templates.tabular_binary.features import LABEL, SLICES

LIMIT = {
    "value_threshold": {"lower_bound": 0.6},
    "change_threshold": {"direction": "HIGHER_IS_BETTER", "absolute": -0.01},
}
"""For all rows together: slices are shown, but too small to be judged."""

EVAL_CONFIG = {
    "model_specs": [{"label_key": LABEL}],
    "slicing_specs": [{}, *({"feature_keys": [name]} for name in SLICES)],
    "metrics_specs": [
        {
            "metrics": [
                {"class_name": "ExampleCount"},
                {"class_name": "BinaryAccuracy"},
                {
                    "class_name": "AUC",
                    "per_slice_thresholds": [{"slicing_specs": [{}], "threshold": LIMIT}],
                },
                {"class_name": "CalibrationPlot"},
            ]
        }
    ],
}
"""TFMA's EvalConfig. A model may be worse than the one in service by a hundredth of AUC, and no more."""
