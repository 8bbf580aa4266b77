"""Reading the contract of a component from its annotations, and holding arguments against it."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from itertools import chain, repeat
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from millwork.core.errors import WrongArgument, did_you_mean
from millwork.core.graph import Artifact, Step, is_list
from millwork.core.options import Options
from millwork.core.signature import Input, Parameter, PathRole, Signature

FRAMEWORK_FIELDS: Mapping[str, type] = {"id": str, "options": Options}
"""What every step has: not part of its contract."""


def hints_of(target: Callable[..., object] | type) -> dict[str, Any]:
    """The annotations of a class or function, evaluated."""
    try:
        return get_type_hints(target, include_extras=True)
    except NameError as e:
        raise WrongArgument(
            f"{target.__name__}: {e}. Import it outside `if TYPE_CHECKING:` too: annotations are read when the "
            "component is used"
        ) from e


def signature_of_class(cls: type, base: type) -> Signature:
    """Artifact fields are inputs, `output()` fields are outputs, all others are parameters. `base` has none."""
    hints = hints_of(cls)
    own = {
        name
        for kind in cls.__mro__
        if not issubclass(base, kind)
        for name in vars(kind).get("__annotations__", {})
    }
    for f in fields(cls):
        if f.name in own and (f.name in FRAMEWORK_FIELDS or hasattr(base, f.name)):
            raise WrongArgument(
                f"{cls.__name__}: {f.name!r} means something else for every component. Give the field another name"
            )
    inputs: dict[str, Input] = {}
    parameters: dict[str, Parameter] = {}
    outputs: dict[str, type] = {}
    for f in fields(cls):
        if "output" in f.metadata:
            outputs[f.name] = _output_type(cls, f.name, hints[f.name])
        elif f.name not in FRAMEWORK_FIELDS and f.init:
            _sort(cls.__name__, f.name, hints[f.name], _default_of(f), inputs, parameters)
    required_first = sorted(parameters.items(), key=lambda item: not item[1].required)
    return Signature(inputs, dict(required_first), outputs)


def signature_of_function(function: Callable[..., object], outputs: Mapping[str, type]) -> Signature:
    """The same for a function, whose first parameter is what it writes."""
    hints = hints_of(function)
    inputs: dict[str, Input] = {}
    parameters: dict[str, Parameter] = {}
    _, *rest = inspect.signature(function).parameters.values()
    for p in rest:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            raise WrongArgument(
                f"{function.__qualname__}: *args and **kwargs have no types. Name each argument"
            )
        if p.name not in hints:
            raise WrongArgument(f"{function.__qualname__}: annotate {p.name!r}, so that it can be checked")
        default = MISSING if p.default is p.empty else p.default
        _sort(function.__qualname__, p.name, hints[p.name], default, inputs, parameters)
    return Signature(inputs, parameters, outputs)


def check_arguments(owner: str, signature: Signature, given: Mapping[str, object]) -> None:
    """Refuse what is missing, misspelt or of the wrong type, and say what to write instead."""
    known = [*signature.inputs, *signature.parameters]
    for name in given:
        if name not in known and name in signature.outputs:
            raise WrongArgument(f"{owner} writes {name!r} itself: it is an output and cannot be given")
        if name not in known:
            raise WrongArgument(f"{owner} has no argument {name!r}. {did_you_mean(name, known)}")
    for wanted in signature.inputs.values():
        if wanted.name in given:
            _check_input(owner, wanted, given[wanted.name])
        elif not wanted.optional:
            raise WrongArgument(f"{owner} needs {wanted.name}: {wanted.hint}. Pass {wanted.name}=...")
    for parameter in signature.parameters.values():
        if parameter.name in given:
            _check_parameter(owner, parameter, given[parameter.name])
        elif parameter.required:
            hint = hint_text(parameter.hint)
            raise WrongArgument(f"{owner} needs {parameter.name}: {hint}. Pass {parameter.name}=...")


def check_framework_fields(owner: str, given: Mapping[str, object]) -> None:
    """The same for what every step has."""
    for name, kind in FRAMEWORK_FIELDS.items():
        if not isinstance(given.get(name, kind()), kind):
            raise WrongArgument(f"{owner}: {name} must be {kind.__name__}, but got {given[name]!r}")


def settle(signature: Signature, arguments: Mapping[str, object]) -> dict[str, object]:
    """Relative paths made absolute, for the step will run in another folder than the one it was described in; and
    tuples where lists were written for them."""
    settled = dict(arguments)
    for name, parameter in signature.parameters.items():
        value = settled.get(name)
        if parameter.role and isinstance(value, str | Path) and "://" not in str(value):
            settled[name] = type(value)(Path(value).expanduser().absolute())
        elif isinstance(value, list | tuple):
            settled[name] = _as_tuples(parameter.hint, value)
    return settled


def hint_text(hint: Any) -> str:
    """A type hint as a user would write it."""
    if get_origin(hint) is Annotated:
        return hint_text(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return " | ".join(hint_text(a) for a in get_args(hint))
    if isinstance(hint, type) and not get_args(hint):
        return "None" if hint is types.NoneType else hint.__name__
    return str(hint).replace("typing.", "").replace("collections.abc.", "").replace("pathlib.", "")


def _output_type(cls: type, name: str, hint: Any) -> type:
    if not _is_artifact(hint):
        kind = getattr(get_origin(hint) or hint, "__name__", hint)
        raise WrongArgument(
            f"{cls.__name__}: the output {name} must be an artifact type, such as Integer, not {kind}"
        )
    found: type = hint
    return found


def _default_of(f: Field[Any]) -> object:
    if f.default_factory is not MISSING:
        return f.default_factory()
    return f.default


def _sort(
    owner: str,
    name: str,
    hint: Any,
    default: object,
    inputs: dict[str, Input],
    parameters: dict[str, Parameter],
) -> None:
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    optional = types.NoneType in parts
    core = [p for p in parts if p is not types.NoneType]
    one, many = [p for p in core if _is_artifact(p)], [e for p in core if (e := _element(p))]
    kinds = list(dict.fromkeys([*one, *many]))
    if not kinds:
        parameters[name] = Parameter(name, hint, default, _role(hint))
        return
    if isinstance(default, Artifact):
        raise WrongArgument(f"{owner}: the default of the input {name} can only be None")
    if len(kinds) > 1 or len(core) > len(one) + len(many):
        raise WrongArgument(
            f"{owner}: the input {name} must be of one artifact type, such as {kinds[0].__name__} | "
            f"list[{kinds[0].__name__}] | None, but is annotated {hint_text(hint)}"
        )
    inputs[name] = Input(name, kinds[0], optional or default is not MISSING, one=bool(one), many=bool(many))


def _is_artifact(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Artifact)


def _element(hint: Any) -> type[Artifact] | None:
    origin = get_origin(hint)
    if not (isinstance(origin, type) and issubclass(origin, Sequence)):
        return None
    artifacts = [a for a in get_args(hint) if _is_artifact(a)]
    return artifacts[0] if artifacts else None


def _role(hint: Any) -> PathRole | None:
    if get_origin(hint) is Annotated:
        roles = [m for m in get_args(hint)[1:] if isinstance(m, PathRole)]
        return roles[0] if roles else None
    for part in get_args(hint):
        if role := _role(part):
            return role
    return None


def _check_input(owner: str, wanted: Input, value: object) -> None:
    if value is None and wanted.optional:
        return
    if not wanted.one and not is_list(value):
        raise WrongArgument(
            f"{owner}: {wanted.name} takes a list of {wanted.type.__name__}, not {_what(value)}"
        )
    for item in value if wanted.many and is_list(value) else [value]:
        if not (isinstance(item, Artifact) and isinstance(item, wanted.type)):
            raise WrongArgument(f"{owner}: {wanted.name} must be {wanted.hint}, not {_what(item)}")
        if item.producer and item.producer.several and not (wanted.many and is_list(value)):
            raise WrongArgument(
                f"{owner}: {wanted.name} is one {wanted.type.__name__}, but {item.producer.id} stands for any number. "
                "Pass its list to an input that takes a list"
            )


def _check_parameter(owner: str, parameter: Parameter, value: object) -> None:
    from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

    for promise in _promises_in(value):
        raise WrongArgument(
            f"{owner}: {parameter.name} is a parameter ({hint_text(parameter.hint)}) and cannot take "
            f"{_what(promise)}: its value is not known yet"
        )
    try:
        wanted = _as_tuples(parameter.hint, value)
        check_type(wanted, parameter.hint, collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS)
    except TypeCheckError as e:
        raise WrongArgument(
            f"{owner}: {parameter.name} must be {hint_text(parameter.hint)}, but got {value!r} ({e})"
        ) from None


def _as_tuples(hint: Any, value: Any) -> Any:
    """A list as the tuple that `hint` wants, the lists in it as well."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    items = next((get_args(kind) for kind in kinds if get_origin(kind) is tuple), None)
    if items is None or not isinstance(value, list | tuple):
        return value
    of_each = repeat(items[0]) if items[-1:] == (Ellipsis,) else chain(items, repeat(None))
    return tuple(_as_tuples(of, item) for of, item in zip(of_each, value, strict=False))


def _promises_in(value: object) -> Iterator[Artifact | Step]:
    if isinstance(value, Artifact | Step):
        yield value
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from _promises_in(pair)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _promises_in(item)


def _what(value: object) -> str:
    if isinstance(value, Artifact):
        made = f" made by {value.producer.id}" if value.producer else ""
        return f"{type(value).__name__}{made}"
    if isinstance(value, Step):
        return f"the step {value.id!r}: pass one of its outputs ({', '.join(value.outputs)})"
    return f"{value!r} of type {type(value).__name__}"
