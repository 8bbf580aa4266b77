"""What is answered to predict, classify and regress, held against TensorFlow Serving's documentation.

https://www.tensorflow.org/tfx/serving/api_rest
"""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from millwork.components.models.scorers import LoadOptions
from millwork.components.serving.requests import answer
from millwork.components.serving.servable import Servable, load_servable
from millwork.core.errors import BadInput

X, Z = [0.1, -2.5, 3.25], [1.0, 0.0, -1.5]


def ask(servable: Servable, verb: str = "predict", /, **request: Any) -> dict[str, Any]:
    """The answer after its way over the wire."""
    said: dict[str, Any] = json.loads(json.dumps(answer(servable, verb, json.dumps(request).encode())))
    return said


def refusal(servable: Servable, verb: str = "predict", /, **request: Any) -> str:
    with pytest.raises(BadInput) as caught:
        ask(servable, verb, **request)
    return str(caught.value)


def b64(data: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(data).decode()}


def tf_example(**features: float) -> bytes:
    from tensorflow.core.example import example_pb2

    made = example_pb2.Example()
    for name, value in features.items():
        made.features.feature[name].float_list.value.append(value)
    serialized: bytes = made.SerializeToString()
    return serialized


EXAMPLES = [{"x": x, "z": z} for x, z in zip(X, Z, strict=True)]


# Rows


def test_one_input_and_one_output_need_no_names(saved: Servable, probabilities: list[float]) -> None:
    instances = [b64(tf_example(**example)) for example in EXAMPLES]
    said = ask(saved, instances=instances)
    assert said.keys() == {"predictions"}
    np.testing.assert_allclose(said["predictions"], [[p] for p in probabilities], rtol=1e-6)
    assert ask(saved, instances=[{"examples": one} for one in instances]) == said


def test_several_outputs_are_an_object_for_each_row(saved: Servable, probabilities: list[float]) -> None:
    instances = [{"x": [x], "z": [z]} for x, z in zip(X, Z, strict=True)]
    said = ask(saved, signature_name="tensors", instances=instances)
    assert [row["sum"] for row in said["predictions"]] == pytest.approx(np.add(X, Z))
    np.testing.assert_allclose(
        [row["probability"] for row in said["predictions"]], [[p] for p in probabilities]
    )


def test_a_number_is_its_shortest_decimal_in_float32(saved: Servable) -> None:
    said = answer(saved, "predict", b'{"signature_name": "tensors", "instances": [{"x": [0.1], "z": [0.1]}]}')
    assert said["predictions"][0]["sum"] == 0.2  # and not 0.20000000298


def test_a_keras_file_takes_its_inputs_by_name(keras_file: Servable, probabilities: list[float]) -> None:
    said = ask(keras_file, instances=[{"x": [x], "z": [z]} for x, z in zip(X, Z, strict=True)])
    np.testing.assert_allclose(said["predictions"], [[p] for p in probabilities], rtol=1e-6)


def test_a_sequential_keras_model_takes_rows(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, use_bias=False, kernel_initializer="ones")]
    )
    model.save(tmp_path / "model.keras")
    servable = load_servable(tmp_path, LoadOptions())
    assert ask(servable, instances=[[1, 2, 3], [0, 0, 0.5]]) == {"predictions": [[6, 6], [0.5, 0.5]]}


def test_several_keras_inputs_and_outputs_of_any_shape(tmp_path: Path) -> None:
    import keras

    a, b = keras.Input((3,), name="a"), keras.Input((2, 2), name="b")
    flat = keras.layers.Flatten(name="flat")(b)
    keras.Model([a, b], [keras.layers.Rescaling(2, name="double")(a), flat]).save(tmp_path / "model.keras")
    servable = load_servable(tmp_path, LoadOptions())
    said = ask(servable, instances=[{"b": [[1, 2], [3, 4]], "a": [1, 2, 3]}])["predictions"]
    assert [sorted(row.values()) for row in said] == [[[1, 2, 3, 4], [2, 4, 6]]]


def test_strings_are_text_and_binary_ones_base64(saved: Servable) -> None:
    rows = [{"text": "Köln", "whole": 1}, {"text": b64(b"\xff"), "whole": -(2**63)}]
    said = ask(saved, signature_name="echo", instances=rows)["predictions"]
    assert [row["text"] for row in said] == ["Köln", b64(b"\xff")]
    assert [row["raw_bytes"] for row in said] == [b64("Köln".encode()), b64(b"\xff")]
    assert [row["whole"] for row in said] == [1, -(2**63)]


def test_numbers_that_are_none_travel_as_tokens(saved: Servable) -> None:
    body = (
        b'{"signature_name": "tensors", "instances": [{"x": [NaN], "z": [1]}, {"x": [Infinity], "z": [1]}]}'
    )
    said = answer(saved, "predict", body)["predictions"]
    assert math.isnan(said[0]["sum"])
    assert said[1]["sum"] == math.inf


# Columns


def test_columns_are_answered_in_columns(saved: Servable, probabilities: list[float]) -> None:
    inputs = {"x": [[x] for x in X], "z": [[z] for z in Z]}
    said = ask(saved, signature_name="tensors", inputs=inputs)
    assert said.keys() == {"outputs"}
    assert said["outputs"]["sum"] == pytest.approx(np.add(X, Z))
    np.testing.assert_allclose(said["outputs"]["probability"], [[p] for p in probabilities], rtol=1e-6)


def test_the_only_output_in_columns_has_no_name(saved: Servable, probabilities: list[float]) -> None:
    examples = [b64(tf_example(**example)) for example in EXAMPLES]
    for inputs in (examples, {"examples": examples}):
        np.testing.assert_allclose(
            ask(saved, inputs=inputs)["outputs"], [[p] for p in probabilities], rtol=1e-6
        )


# Classify and regress


def test_classify_pairs_labels_with_scores(saved: Servable, probabilities: list[float]) -> None:
    said = ask(saved, "classify", signature_name="classification", examples=EXAMPLES)
    assert said.keys() == {"results"}
    assert [[label for label, _ in row] for row in said["results"]] == [["no", "yes"]] * 3
    assert [row[1][1] for row in said["results"]] == pytest.approx(probabilities)


def test_what_all_examples_share_is_in_the_context(saved: Servable) -> None:
    request = {"signature_name": "regression", "context": {"z": 1.0}}
    said = ask(saved, "regress", **request, examples=[{"x": 0.5}, {"x": [1.5]}])
    alone = ask(
        saved, "regress", signature_name="regression", examples=[{"x": x, "z": 1.0} for x in (0.5, 1.5)]
    )
    assert said == alone
    assert "must not be in 'examples'" in refusal(saved, "regress", **request, examples=EXAMPLES)


def test_regress_gives_a_value_for_each_example(saved: Servable, probabilities: list[float]) -> None:
    said = ask(saved, "regress", signature_name="regression", examples=EXAMPLES)
    assert said["results"] == pytest.approx(probabilities)


def test_a_signature_for_something_else_is_refused(saved: Servable) -> None:
    assert "outputs classes and scores" in refusal(saved, "classify", examples=EXAMPLES)
    assert "Ask it with :predict" in refusal(saved, "regress", signature_name="tensors", examples=EXAMPLES)


# scikit-learn


def test_a_classifier_gives_its_prediction_and_its_scores(classifier: Servable) -> None:
    said = ask(classifier, instances=[{"x": 3, "z": 1}, {"z": 0, "x": -3}])["predictions"]
    assert [row["predicted"] for row in said] == ["yes", "no"]
    assert all(sum(row["scores"]) == pytest.approx(1) for row in said)
    assert ask(classifier, instances=[[3, 1], [-3, 0]])["predictions"] == said
    columns = ask(classifier, inputs={"x": [3, -3], "z": [1, 0]})["outputs"]
    assert columns == {name: [row[name] for row in said] for name in ("predicted", "scores")}


def test_a_classifier_classifies_examples_without_naming_a_signature(classifier: Servable) -> None:
    said = ask(classifier, "classify", context={"z": 1}, examples=[{"x": 3}, {"x": -3}])["results"]
    assert [[label for label, _ in row] for row in said] == [["no", "yes"]] * 2
    assert said[0][1][1] > 0.5 > said[1][1][1]


def test_a_regressor_gives_plain_values(tmp_path: Path) -> None:
    import joblib
    from sklearn.linear_model import LinearRegression

    joblib.dump(
        LinearRegression().fit([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]], [0, 1, 2]), tmp_path / "m.joblib"
    )
    servable = load_servable(tmp_path, LoadOptions(features=("a", "b"), trusted=True))
    assert ask(servable, instances=[{"a": 2, "b": 7}])["predictions"] == pytest.approx([2])
    assert ask(servable, "regress", examples=[{"a": 2, "b": 7}])["results"] == pytest.approx([2])


def test_a_model_that_takes_nulls_gets_them(tmp_path: Path) -> None:
    import joblib
    import pandas as pd
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [3.0, 4.0, 8.0]})
    model = make_pipeline(SimpleImputer(), LinearRegression()).fit(frame, frame.a)
    joblib.dump(model, tmp_path / "m.joblib")
    servable = load_servable(tmp_path, LoadOptions(trusted=True))
    expected = model.predict(pd.DataFrame({"a": [None, 1.0], "b": [5.0, 6.0]}))
    assert ask(servable, inputs={"a": [None, 1.0], "b": [5, 6]})["outputs"] == pytest.approx(expected)
    alone = answer(servable, "predict", b'{"instances": [{"a": NaN, "b": 5}]}')
    assert alone["predictions"] == pytest.approx(expected[:1])


# What is refused


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "JSON Parse error"),
        (b"[1]", "not a JSON object"),
        (b"{}", "must have one of 'instances' (a list of rows) and 'inputs'"),
        (b'{"instances": [1], "inputs": [1]}', "must have one of"),
        (b'{"instances": []}', "at least one row"),
        (b'{"instances": 1}', "must be a list"),
        (b'{"instances": [1], "signature_name": 3}', "'signature_name' must be a string"),
        (
            b'{"instances": [1], "signature_name": "tensor"}',
            'name: "tensor" not found in signature def. Did you mean',
        ),
        (b'{"instances": [1]}', "'examples' takes strings, but got 1"),
        (
            b'{"instances": [{"x": 1, "z": 2}]}',
            "keys examples, but got x, z. This input most likely takes serialised",
        ),
        (b'{"instances": [{"b64": "?"}]}', "not base64"),
        (b'{"instances": ["no example"]}', "TensorFlow says"),
        (b'{"instances": [{"x": [1]}], "signature_name": "tensors"}', "must be an object with the keys x, z"),
        (
            b'{"instances": [[1], [2]], "signature_name": "tensors"}',
            "must be a list of objects with the keys x, z",
        ),
        (
            b'{"instances": [{"x": [1], "z": ["a"]}], "signature_name": "tensors"}',
            "'z' takes float32, but got text",
        ),
        (b'{"instances": [{"x": [1], "z": [null]}], "signature_name": "tensors"}', "'z' takes float32"),
        (
            b'{"instances": [{"x": 1, "z": 1}], "signature_name": "tensors"}',
            "shape [1], but the model takes float32",
        ),
        (b'{"inputs": {"x": [[1], [2, 3]], "z": [[1], [2]]}, "signature_name": "tensors"}', "same lengths"),
        (b'{"inputs": {"x": [[1]]}, "signature_name": "tensors"}', "'inputs' has no 'z'"),
        (b'{"inputs": {"x": [[1]], "z": [[1]], "y": [1]}, "signature_name": "tensors"}', "'inputs' has 'y'"),
        (b'{"inputs": [[1]], "signature_name": "tensors"}', "must be an object with the keys x, z"),
        (
            b'{"inputs": {"text": ["a"], "whole": [1.5]}, "signature_name": "echo"}',
            "takes int64, but got 1.5",
        ),
        (
            b'{"inputs": {"text": ["a", ["b"]], "whole": [1]}, "signature_name": "echo"}',
            "takes strings, but got ['b']",
        ),
        (
            b'{"inputs": {"text": ["a"], "whole": [1, 2, 18446744073709551615]}, "signature_name": "echo"}',
            "int64",
        ),
    ],
)
def test_a_request_that_the_model_cannot_answer_says_why(saved: Servable, body: bytes, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        answer(saved, "predict", body)
    assert says in str(caught.value)


def test_columns_of_scikit_learn_are_checked_too(classifier: Servable) -> None:
    assert "keys x, z" in refusal(classifier, instances=[{"x": 1}])
    assert "as many rows" in refusal(classifier, inputs={"x": [1], "z": [1, 2]})
    assert "does not take these values" in refusal(classifier, inputs={"x": ["a"], "z": ["b"]})
    assert "does not take these values" in refusal(classifier, inputs={"x": [None], "z": [1]})
    assert "does not take these values" in refusal(classifier, inputs={"x": [10**400], "z": [1]})
    assert "Example 1 has no 'z'" in refusal(classifier, "classify", examples=[{"x": 1, "z": 1}, {"x": 1}])
    assert "must be a list with a value" in refusal(classifier, inputs={"x": 1, "z": 1})


def test_examples_must_be_objects_of_numbers_or_strings(saved: Servable) -> None:
    for wrong in (None, [], [1], "x"):
        assert "'examples' must be a list" in refusal(
            saved, "regress", signature_name="regression", examples=wrong
        )
    for value in (None, {"a": 1}, [1, "a"]):
        said = refusal(saved, "regress", signature_name="regression", examples=[{"x": value, "z": 1.0}])
        assert "Feature 'x' must be numbers or strings" in said
    said = refusal(saved, "regress", signature_name="regression", examples=[{"x": "text", "z": 1.0}])
    assert "TensorFlow says" in said
