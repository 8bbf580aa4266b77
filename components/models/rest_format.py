"""TensorFlow Serving's REST API: how tensors and signatures look in JSON, on both sides of the wire.

https://www.tensorflow.org/tfx/serving/api_rest. Numbers are JSON numbers, with NaN and Infinity; strings are text,
or {"b64": …} for any bytes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from millwork.components.models.inputs import TensorSpec
from millwork.components.models.tensor_models import ANYTHING, PREDICT, TensorSignature
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

STRING = "string"

_FLOATS = {"float16": "DT_HALF", "float32": "DT_FLOAT", "float64": "DT_DOUBLE", "bfloat16": "DT_BFLOAT16"}
_OTHERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", STRING, ANYTHING)
_TO_WIRE = {**_FLOATS, **{name: f"DT_{name.upper()}" for name in _OTHERS}}
_FROM_WIRE = {wire: name for name, wire in _TO_WIRE.items()}


def array_from_json(value: object, spec: TensorSpec) -> Array:
    """A tensor of the wire as an array of the dtype and, as far as it is known, the shape of `spec`.

    BadInput if it is something else. Python's text becomes bytes.
    """
    import numpy as np

    if spec.dtype == STRING:
        array = _strings(value, spec)
    else:
        wanted = np.dtype("float32" if spec.dtype == "bfloat16" else spec.dtype)
        array = _numbers(value, spec, wanted)
    if spec.shape and not _fits(array.shape, spec.shape):
        raise BadInput(
            f"{spec.name!r} has the shape {_shown(array.shape)}, but the model takes {spec.dtype} of shape "
            f"{_shown(spec.shape)}"
        )
    return array


def array_to_json(array: Array, name: str = "") -> Any:
    """An array as nested lists. Bytes are text, or {"b64": …} if the name ends in `_bytes` or they are not UTF-8."""
    import numpy as np

    if array.dtype.kind in "OSU":
        texts = [_text_to_json(value, name.endswith("_bytes")) for value in array.ravel().tolist()]
        boxed = np.empty(len(texts), object)
        boxed[:] = texts
        return boxed.reshape(array.shape).tolist()
    if array.dtype == np.float32:  # its shortest decimal, which is not that of the same number in float64
        array = array.astype(str).astype(np.float64)
    elif array.dtype.kind not in "iufb":
        array = array.astype(np.float32)
    return array.tolist()


def bytes_to_json(value: bytes) -> dict[str, str]:
    """Any bytes, such as a serialised tf.Example."""
    return {"b64": base64.b64encode(value).decode("ascii")}


def is_bytes(value: object) -> bool:
    """Whether this is how the wire writes bytes, as opposed to an object with names."""
    return isinstance(value, dict) and value.keys() == {"b64"}


def bytes_from_json(value: Any) -> bytes:
    """The bytes of {"b64": …}."""
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, TypeError, ValueError) as e:
        raise BadInput(f'The value of "b64" is not base64: {e}') from e


def signature_to_json(name: str, signature: TensorSignature) -> dict[str, Any]:
    """A SignatureDef as TensorFlow Serving's metadata shows it."""
    return {
        "inputs": {s.name: _tensor_info(s, f"{name}_{s.name}:0") for s in signature.inputs},
        "outputs": {
            s.name: _tensor_info(s, f"StatefulPartitionedCall:{i}") for i, s in enumerate(signature.outputs)
        },
        "method_name": signature.method,
    }


def signature_from_json(stored: Mapping[str, Any]) -> TensorSignature:
    """The signature that a server's metadata shows. Its tensors have no order there: it is that of their names."""
    inputs, outputs = (
        tuple(_spec(name, info) for name, info in stored.get(key, {}).items())
        for key in ("inputs", "outputs")
    )
    return TensorSignature(inputs, outputs, stored.get("method_name") or PREDICT)


def _tensor_info(spec: TensorSpec, tensor: str) -> dict[str, Any]:
    dims = [{"size": str(-1 if size is None else size), "name": ""} for size in spec.shape]
    shape = {"dim": dims, "unknown_rank": not dims}
    return {"dtype": _TO_WIRE.get(spec.dtype, "DT_INVALID"), "tensor_shape": shape, "name": tensor}


def _spec(name: str, info: Mapping[str, Any]) -> TensorSpec:
    dims = info.get("tensor_shape", {}).get("dim", [])
    sizes = [int(dim.get("size", -1)) for dim in dims]
    shape = tuple(None if size < 0 else size for size in sizes)
    return TensorSpec(name, _FROM_WIRE.get(str(info.get("dtype")), str(info.get("dtype"))), shape)


def _numbers(value: object, spec: TensorSpec, wanted: np.dtype[Any]) -> Array:
    import numpy as np

    try:
        array = np.array(value)
    except (ValueError, TypeError, OverflowError) as e:
        raise BadInput(f"The lists of {spec.name!r} do not all have the same lengths: {e}") from e
    allowed = {"f": "iuf", "i": "iu", "u": "iu", "b": "b"}[wanted.kind]
    if array.size and array.dtype.kind not in allowed:
        raise BadInput(f"{spec.name!r} takes {spec.dtype}, but got {_sample(array)}")
    with np.errstate(over="ignore"):
        made = array.astype(wanted)
    if wanted.kind in "iu" and array.size and not np.array_equal(made, array):
        raise BadInput(f"{spec.name!r} takes {spec.dtype}, but got {_sample(array[made != array])}")
    return made


def _strings(value: object, spec: TensorSpec) -> Array:
    import numpy as np

    shape = _shape_of(value)
    flat: list[bytes] = []
    _flatten(value, shape, spec, flat)
    boxed = np.empty(len(flat), object)
    boxed[:] = flat
    return boxed.reshape(shape)


def _shape_of(value: object) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _flatten(value: object, shape: tuple[int, ...], spec: TensorSpec, found: list[bytes]) -> None:
    if shape:
        if not isinstance(value, list) or len(value) != shape[0]:
            raise BadInput(f"The lists of {spec.name!r} do not all have the same lengths")
        for item in value:
            _flatten(item, shape[1:], spec, found)
    elif isinstance(value, str):
        found.append(value.encode())
    elif is_bytes(value):
        found.append(bytes_from_json(value))
    else:
        raise BadInput(f"{spec.name!r} takes strings, but got {value!r:.100}")


def _text_to_json(value: bytes | str, as_bytes: bool) -> Any:
    if isinstance(value, bytes):
        if as_bytes:
            return bytes_to_json(value)
        try:
            return value.decode()
        except UnicodeDecodeError:
            return bytes_to_json(value)
    return value


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(w in (None, s) for s, w in zip(shape, wanted, strict=True))


def _shown(shape: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"


def _sample(array: Array) -> str:
    value = array.ravel().tolist()[0]
    return f"text: {value!r:.100}" if isinstance(value, str) else f"{value!r:.100}"
