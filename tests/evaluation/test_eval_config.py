"""An EvalConfig is understood in every form that people give it, and what is wrong with it is said at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import text_format

from millwork.core.errors import WrongArgument
from millwork.evaluation.eval_config import config_data, config_message, thresholds_in
from millwork.evaluation.tfma_protos import tfma_protos

DATA: dict[str, Any] = {
    "model_specs": [{"label_key": "tips"}],
    "slicing_specs": [{}, {"feature_keys": ["hour"]}],
    "metrics_specs": [
        {
            "metrics": [
                {
                    "class_name": "AUC",
                    "config": '"num_thresholds": 100',
                    "threshold": {"value_threshold": {"lower_bound": 0.6}},
                }
            ]
        }
    ],
}


def test_all_forms_say_the_same(tmp_path: Path) -> None:
    message = config_message(DATA)
    as_text = tmp_path / "config.pbtxt"
    as_text.write_text(text_format.MessageToString(message))
    as_yaml = tmp_path / "config.yaml"
    as_yaml.write_text(yaml.safe_dump(DATA))
    as_json = tmp_path / "config.json"
    as_json.write_text(json.dumps(DATA))
    forms: list[Any] = [
        DATA,
        message,
        as_text,
        as_yaml,
        as_json,
        str(as_yaml),
        as_yaml.read_text(),
        json.dumps(DATA),
    ]
    for form in forms:
        assert config_message(config_data(form)) == message, form
    assert config_data(config_data(DATA)) == config_data(DATA)


def test_the_message_of_tfma_itself_is_taken() -> None:
    import tensorflow_model_analysis as tfma

    config = tfma.EvalConfig(
        model_specs=[tfma.ModelSpec(label_key="tips")], slicing_specs=[tfma.SlicingSpec()]
    )
    assert config_data(config) == {"model_specs": [{"label_key": "tips"}], "slicing_specs": [{}]}


def test_wrapped_values_json_names_and_config_as_a_mapping_are_taken() -> None:
    data = config_data(
        {
            "metricsSpecs": [
                {
                    "metrics": [
                        {
                            "className": "AUC",
                            "config": {"num_thresholds": 100},
                            "threshold": {"value_threshold": {"lower_bound": {"value": 0.6}}},
                        }
                    ]
                }
            ]
        }
    )
    (metric,) = config_message(data).metrics_specs[0].metrics
    assert metric.threshold.value_threshold.lower_bound.value == 0.6
    assert json.loads(metric.config) == {"num_thresholds": 100}


def test_every_threshold_is_found_with_its_place() -> None:
    value = {"value_threshold": {"lower_bound": 0.5}}
    config = config_message(
        {
            "metrics_specs": [
                {
                    "metrics": [
                        {
                            "class_name": "AUC",
                            "threshold": value,
                            "per_slice_thresholds": [{"slicing_specs": [{}], "threshold": value}],
                        }
                    ],
                    "thresholds": {"accuracy": value},
                }
            ]
        }
    )
    assert [place for place, _ in thresholds_in(config)] == [
        "AUC.threshold",
        "AUC.per_slice_thresholds",
        "metrics_specs[0].thresholds['accuracy']",
    ]


def metric(**of: Any) -> dict[str, Any]:
    return {"metrics_specs": [{"metrics": [{"class_name": "AUC", **of}]}]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"slicing_spec": []}, r"eval_config has no field 'slicing_spec'\. Did you mean 'slicing_specs'"),
        (metric(treshold={}), r"eval_config\.metrics_specs\[0\]\.metrics\[0\] has no field 'treshold'"),
        ({"slicing_specs": {}}, r"eval_config\.slicing_specs must be a list, but got \{\}"),
        ({"slicing_specs": ["sex"]}, "must be a mapping of SlicingSpec's fields, but got 'sex'"),
        ({"slicing_specs": [{"feature_values": ["sex"]}]}, "must be a mapping, but got"),
        ({"metrics_specs": [{"metrics": [{}]}]}, "a metric has no class_name"),
        (metric(config="num_thresholds=3"), "the config of metric AUC is no JSON: 'num_thresholds=3'"),
        (metric(threshold={}), "AUC.threshold is empty"),
        (metric(threshold={"change_threshold": {"absolute": 0.1}}), "needs a direction: HIGHER_IS_BETTER"),
        (
            metric(threshold={"change_threshold": {"direction": "LOWER_IS_BETTER"}}),
            "needs an absolute or a relative",
        ),
        (metric(threshold={"change_threshold": {"direction": "UP"}}), "direction cannot be 'UP'"),
        (metric(threshold={"value_threshold": {"lower_bound": "high"}}), "eval_config: .*high"),
        (
            metric(threshold={"value_threshold": {"lower_bound": "NaN"}}),
            "lower_bound of AUC.threshold is nan",
        ),
        (
            metric(threshold={"value_threshold": {"lower_bound": 2, "upper_bound": 1}}),
            "bound 2 above the upper bound 1",
        ),
        (metric(per_slice_thresholds=[{"threshold": {}}]), "names no slices. Add slicing_specs"),
        (
            {"slicing_specs": [{"feature_keys": ["a"], "feature_values": {"a": "1"}}]},
            "names 'a' among its feature_keys",
        ),
        ({"model_specs": [{"name": "a"}, {"name": "b"}]}, "2 model_specs, 0 of them with is_baseline"),
        ({"model_specs": [{"name": "a"}, {"name": "a", "is_baseline": True}]}, "need two names, but got"),
        ({"model_specs": [{"label_keys": {"x": "y"}}]}, "label_keys is for models with several outputs"),
        ({"metrics_specs": [{"output_names": ["x"]}]}, "output_names are for models with several outputs"),
        ("nowhere.yaml", "there is no file 'nowhere.yaml'"),
        ("- a\n- b\n", "must hold the fields of an EvalConfig"),
        ("a: [\n", "is not valid YAML"),
    ],
)
def test_a_wrong_config_is_refused(given: Any, message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        config_data(given)


def test_another_message_is_refused() -> None:
    with pytest.raises(
        WrongArgument, match="but got a message of type tensorflow_model_analysis.SlicingSpec"
    ):
        config_data(tfma_protos().config.SlicingSpec())


def test_files_that_are_no_text_or_no_text_format_are_refused(tmp_path: Path) -> None:
    binary, text = tmp_path / "a.yaml", tmp_path / "b.pbtxt"
    binary.write_bytes(b"\xff\xfe")
    text.write_text("slicing_specs {")
    with pytest.raises(WrongArgument, match="is no text"):
        config_data(binary)
    with pytest.raises(WrongArgument, match="is no EvalConfig in text format"):
        config_data(text)
