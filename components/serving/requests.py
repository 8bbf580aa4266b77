"""What a model answers to the bodies of requests: `predict`, `classify` and `regress` of TensorFlow Serving."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from millwork.components.models.rest_format import (
    STRING,
    array_from_json,
    array_to_json,
    bytes_from_json,
    is_bytes,
)
from millwork.components.models.tensor_models import DEFAULT_SIGNATURE, TensorSignature
from millwork.components.serving.servable import Servable
from millwork.components.serving.sklearn_model import CLASSIFY, REGRESS
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Json = dict[str, Any]


def answer(servable: Servable, verb: str, body: bytes) -> Json:
    """The answer to one request. BadInput says what is wrong with it."""
    request = _parse(body)
    if verb == "predict":
        return _predict(servable, request)
    return _classify(servable, request) if verb == "classify" else _regress(servable, request)


def _parse(body: bytes) -> Json:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as e:
        raise BadInput(f"JSON Parse error: {e}") from e
    if not isinstance(request, dict):
        raise BadInput("The request is not a JSON object")
    if not isinstance(request.get("signature_name", ""), str):
        raise BadInput("'signature_name' must be a string")
    return request


def _predict(servable: Servable, request: Json) -> Json:
    if ("instances" in request) == ("inputs" in request):
        raise BadInput("The request must have one of 'instances' (a list of rows) and 'inputs' (columns)")
    name, signature = _signature(servable, request)
    if "instances" in request:
        columns = _columns_of_rows(request["instances"], signature)
        outputs = servable.call(name, _inputs(columns, signature))
        return {"predictions": _by_row(outputs)}
    columns = _columns(request["inputs"], signature)
    outputs = servable.call(name, _inputs(columns, signature))
    found = {name: array_to_json(value, name) for name, value in outputs.items()}
    return {"outputs": found if len(found) > 1 else next(iter(found.values()))}


def _signature(
    servable: Servable, request: Json, default: str = DEFAULT_SIGNATURE
) -> tuple[str, TensorSignature]:
    name = request.get("signature_name") or default
    known = servable.model.signatures
    if name not in known:
        raise BadInput(
            f'Serving signature name: "{name}" not found in signature def. {did_you_mean(name, known)}'
        )
    return name, known[name]


def _columns_of_rows(instances: Any, signature: TensorSignature) -> Json:
    """Rows, each an object with a value for each input, as one list for each input. One input needs no names."""
    names = [spec.name for spec in signature.inputs]
    if not isinstance(instances, list) or not instances:
        raise BadInput("'instances' must be a list with at least one row")
    named = [isinstance(row, dict) and not is_bytes(row) for row in instances]
    if not any(named):
        if signature.takes_columns and all(isinstance(r, list) and len(r) == len(names) for r in instances):
            return {name: [row[i] for row in instances] for i, name in enumerate(names)}
        if len(names) == 1:
            return {names[0]: instances}
        raise BadInput(f"'instances' must be a list of objects with the keys {', '.join(names)}")
    for i, row in enumerate(instances):
        if not named[i] or row.keys() != set(names):
            got = ", ".join(row) if named[i] else f"{row!r:.50}"
            raise BadInput(
                f"Row {i} of 'instances' must be an object with the keys {', '.join(names)}, but got {got}"
                + _how_to_write_examples(signature)
            )
    return {name: [row[name] for row in instances] for name in names}


def _how_to_write_examples(signature: TensorSignature) -> str:
    """Models of TFX take one text a row; who asks with columns does not know that it is a `tf.Example`."""
    one_text = len(signature.inputs) == 1 and signature.inputs[0].dtype == STRING
    return (
        '. This input most likely takes serialised tf.Examples: {"b64": …} for each row' if one_text else ""
    )


def _columns(inputs: Any, signature: TensorSignature) -> Json:
    names = [spec.name for spec in signature.inputs]
    if not isinstance(inputs, dict) or is_bytes(inputs):
        if len(names) == 1:
            return {names[0]: inputs}
        raise BadInput(f"'inputs' must be an object with the keys {', '.join(names)}")
    if missing := [name for name in names if name not in inputs]:
        raise BadInput(f"'inputs' has no {missing[0]!r}. The model takes {', '.join(names)}")
    if unknown := [name for name in inputs if name not in names]:
        raise BadInput(f"'inputs' has {unknown[0]!r}. The model takes {', '.join(names)}")
    return {name: inputs[name] for name in names}


def _inputs(columns: Json, signature: TensorSignature) -> Json:
    """What the model is called with: arrays, or of columns of any kind the lists themselves."""
    if signature.takes_columns:
        return _same_length(columns)
    return {spec.name: array_from_json(columns[spec.name], spec) for spec in signature.inputs}


def _same_length(columns: Json) -> Json:
    lengths = {}
    for name, values in columns.items():
        if not isinstance(values, list) or not values:
            raise BadInput(f"{name!r} must be a list with a value for each row, but got {values!r:.50}")
        lengths[name] = len(values)
    if len(set(lengths.values())) > 1:
        raise BadInput(f"The inputs do not all have as many rows: {lengths}")
    return {
        name: [bytes_from_json(value) if is_bytes(value) else value for value in values]
        for name, values in columns.items()
    }


def _by_row(outputs: Mapping[str, Array]) -> list[Any]:
    """A value for each row, or, of a model with several outputs, an object."""
    sizes = {name: len(value) if value.ndim else None for name, value in outputs.items()}
    if None in sizes.values() or len(set(sizes.values())) > 1:
        shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in outputs.items())
        raise BadInput(f"The outputs do not all have a value for each row ({shapes}). Ask with 'inputs'")
    lists = {name: array_to_json(value, name) for name, value in outputs.items()}
    if len(lists) == 1:
        return list(*lists.values())
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _classify(servable: Servable, request: Json) -> Json:
    name, signature = _signature(servable, request, _default(servable, CLASSIFY))
    outputs = {spec.name for spec in signature.outputs}
    if not outputs & {"classes", "scores"} or not outputs <= {"classes", "scores"}:
        raise BadInput(
            f'Expected classification signature "{name}" to have the outputs classes and scores, but it has '
            f"{', '.join(sorted(outputs))}. Ask it with :predict"
        )
    found = servable.call(name, _example_inputs(signature, request, name))
    scores = (
        array_to_json(found["scores"])
        if "scores" in found
        else [[0.0] * len(row) for row in found["classes"]]
    )
    classes = array_to_json(found["classes"]) if "classes" in found else [[""] * len(row) for row in scores]
    return {"results": [list(map(list, zip(*row, strict=True))) for row in zip(classes, scores, strict=True)]}


def _regress(servable: Servable, request: Json) -> Json:
    name, signature = _signature(servable, request, _default(servable, REGRESS))
    outputs = [spec.name for spec in signature.outputs]
    if outputs != ["outputs"]:
        raise BadInput(
            f'Expected regression signature "{name}" to have the output outputs, but it has '
            f"{', '.join(outputs)}. Ask it with :predict"
        )
    found = servable.call(name, _example_inputs(signature, request, name))["outputs"]
    if found.size != len(found):
        raise BadInput(
            f"The model gives {list(found.shape)} values, and a regression is one for each example"
        )
    return {"results": array_to_json(found.reshape(-1))}


def _default(servable: Servable, method: str) -> str:
    """The signature for this method, if no name is given: the default one, unless only another is made for it."""
    made = [name for name, one in servable.model.signatures.items() if one.method == method]
    return made[0] if len(made) == 1 else DEFAULT_SIGNATURE


def _example_inputs(signature: TensorSignature, request: Json, name: str) -> Json:
    """Examples as the signature takes them: serialised, or as columns."""
    examples = _with_context(request)
    if signature.takes_columns:
        names = [spec.name for spec in signature.inputs]
        for i, example in enumerate(examples):
            if missing := [wanted for wanted in names if wanted not in example]:
                raise BadInput(f"Example {i} has no {missing[0]!r}. The model takes {', '.join(names)}")
        return _same_length({wanted: [example[wanted] for example in examples] for wanted in names})
    if not signature.takes_examples:
        raise BadInput(f'Signature "{name}" does not take examples. Ask it with :predict')
    import numpy as np

    serialized = np.empty(len(examples), object)
    serialized[:] = [_serialized(example) for example in examples]
    return {signature.inputs[0].name: serialized}


def _with_context(request: Json) -> list[Json]:
    examples, context = request.get("examples"), request.get("context", {})
    if not isinstance(examples, list) or not examples or not all(isinstance(one, dict) for one in examples):
        raise BadInput("'examples' must be a list of objects, and not empty")
    if not isinstance(context, dict):
        raise BadInput("'context' must be an object")
    if twice := sorted({name for example in examples for name in example} & context.keys()):
        raise BadInput(f"{twice[0]!r} is in 'context', and so must not be in 'examples'")
    return [{**context, **example} for example in examples]


def _serialized(example: Json) -> bytes:
    """As a tf.Example: whole numbers, true and false are an Int64List, other numbers a FloatList."""
    from tensorflow.core.example import example_pb2

    made = example_pb2.Example()
    for name, value in example.items():
        values = value if isinstance(value, list) else [value]
        feature = made.features.feature[name]
        if all(isinstance(v, str) or is_bytes(v) for v in values):
            feature.bytes_list.value.extend(
                v.encode() if isinstance(v, str) else bytes_from_json(v) for v in values
            )
        elif all(isinstance(v, int) for v in values):
            feature.int64_list.value.extend(_in_range(name, values))
        elif all(isinstance(v, int | float) for v in values):
            feature.float_list.value.extend(values)
        else:
            raise BadInput(
                f"Feature {name!r} must be numbers or strings, and not both, but got {value!r:.100}"
            )
    serialized: bytes = made.SerializeToString()
    return serialized


def _in_range(name: str, values: Sequence[int]) -> list[int]:
    if not all(-(2**63) <= value < 2**63 for value in values):
        raise BadInput(f"Feature {name!r} has a number that is not an int64: {values!r:.100}")
    return [int(value) for value in values]
