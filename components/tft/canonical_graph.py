"""The same graph in the same bytes: a finished transform graph without what TensorFlow makes up each time.

Whoever reads the graph next is looked up in the cache by these bytes. TensorFlow numbers functions by a counter of
the process, orders them by these names, and names tables after the temporary folder of the analysis. None of
that means anything to the graph.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from tensorflow.core.framework.function_pb2 import FunctionDef

_NUMBERED = re.compile(r"(.*?)_(\d+)")


def make_canonical(folder: Path, temporary: str) -> None:
    """Rewrite the SavedModel in `folder`, made with help of the folder `temporary`, so that its bytes follow from what
    it computes. Its fingerprint, which TensorFlow does not need, would describe the bytes before: it is removed.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    file = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    libraries = [graph.graph_def.library.function for graph in model.meta_graphs]
    new_names = _function_names([function for library in libraries for function in library])
    # Loaders that share tables by name must share them between graphs with equal vocabularies only.
    new_names[temporary] = _content_of(folder / "assets")
    _rewrite(model, _renaming(new_names))
    for library in libraries:
        for function in library:
            _rename_captures(function)
        library.sort(key=lambda function: function.signature.name)
    file.write_bytes(model.SerializeToString(deterministic=True))
    (folder / "fingerprint.pb").unlink(missing_ok=True)


def _function_names(functions: list[FunctionDef]) -> dict[str, str]:
    """`__inference_pruned_1580` becomes `__inference_pruned_3` if it was traced as the fourth."""
    numbered = [found for f in functions if (found := _NUMBERED.fullmatch(f.signature.name))]
    in_order = sorted(numbered, key=lambda found: (int(found[2]), found[1]))
    return {found[0]: f"{found[1]}_{place}" for place, found in enumerate(in_order)}


def _content_of(assets: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(assets.glob("*")):
        total.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _rename_captures(function: FunctionDef) -> None:
    """What a function captured without a name is called by its number in the process: call it by its place."""
    arguments = function.signature.input_arg
    new_names = {}
    for place, argument in enumerate(arguments):
        found = _NUMBERED.fullmatch(argument.name)
        if found and int(found[2]) > len(arguments):
            new_names[argument.name] = f"{found[1]}_captured_{place}"
        said = function.arg_attr[place].attr if place in function.arg_attr else {}
        if "_user_specified_name" in said and said["_user_specified_name"].s.isdigit():
            del said["_user_specified_name"]
    if new_names:
        _rewrite(function, _renaming(new_names))


def _renaming(new_names: Mapping[str, str]) -> Callable[[str], str]:
    longest_first = sorted(new_names, key=len, reverse=True)
    old = re.compile("|".join(rf"{re.escape(name)}(?!\d)" for name in longest_first))
    return lambda text: old.sub(lambda found: new_names[found[0]], text)


def _rewrite(message: Message, rename: Callable[[str], str]) -> None:
    """Apply `rename` to each text in a message, keys of maps and texts among the attributes of nodes included."""
    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

    for field, value in message.ListFields():
        if isinstance(value, MutableMapping):
            _rewrite_map(value, rename)
        elif field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
            for item in [value] if isinstance(value, Message) else value:
                _rewrite(item, rename)
        elif field.full_name == "tensorflow.AttrValue.s":
            message.s = rename(value.decode("latin-1")).encode("latin-1")
        elif isinstance(value, str):
            setattr(message, field.name, rename(value))
        elif field.type == FieldDescriptor.TYPE_STRING:
            value[:] = map(rename, value)


def _rewrite_map(entries: MutableMapping[Any, Any], rename: Callable[[str], str]) -> None:
    from google.protobuf.message import Message

    for key in sorted(entries):
        value = entries[key]
        name = rename(key) if isinstance(key, str) else key
        if isinstance(value, Message):
            _rewrite(value, rename)
            if name != key:
                entries[name].CopyFrom(value)
        elif isinstance(value, str):
            entries[name] = rename(value)
        if name != key:
            del entries[key]
