"""The components of the catalog as data, read from their code: contract, docstrings, example."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import millwork
import millwork.components
import millwork.core.artifacts
import millwork.runners
from millwork.cli.documents import ComponentDocument, InputDocument, OutputDocument, ParameterDocument
from millwork.core.component import Component, contract_of, snake_case
from millwork.core.contract import hint_text
from millwork.core.function import FunctionComponent
from millwork.core.graph import Artifact, property_names
from millwork.core.signature import Input, Parameter, Signature

StockComponent = type[Component] | FunctionComponent[Any, Any]


def catalog() -> dict[str, StockComponent]:
    """The stock components by name, classes first."""
    public = {name: getattr(millwork.components, name) for name in sorted(millwork.components.__all__)}
    return {n: c for n, c in public.items() if isinstance(c, FunctionComponent) or _is_class(c)}


def contract(component: StockComponent) -> Signature:
    """What goes into a component and what comes out."""
    return component.signature if isinstance(component, FunctionComponent) else contract_of(component)


def describe(component: StockComponent) -> ComponentDocument:
    """Everything that a user of the component needs to know."""
    signature, code = contract(component), _code(component)
    about = field_docs(code) if isinstance(code, type) else {}
    summary, text, example = read_docstring(code)
    example = example or _call(code.__name__, signature)
    return {
        "schema": "millwork/component/v1",
        "name": code.__name__,
        "module": code.__module__,
        "summary": summary,
        "about": text,
        "example": pasteable(example),
        "inputs": [_input(i, about) for i in signature.inputs.values()],
        "parameters": [_parameter(p, about) for p in signature.parameters.values()],
        "outputs": [_output(n, kind, about) for n, kind in signature.outputs.items()],
        "base_type": getattr(component, "base_type", ""),
        "libraries": list(getattr(component, "libraries", ())),
        "runners": runners(),
    }


def summary_of(component: StockComponent) -> str:
    """The first paragraph of the docstring, in one line."""
    return read_docstring(_code(component))[0]


def _is_class(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Component)


def _code(component: StockComponent) -> type[Component] | Callable[..., None]:
    return component.function if isinstance(component, FunctionComponent) else component


@functools.cache
def runners() -> list[str]:
    """The runners there are. Each executes every component, or refuses it by name before anything runs."""
    found = set()
    for module in pkgutil.iter_modules(millwork.runners.__path__, "millwork.runners."):
        loaded = importlib.import_module(module.name)
        found |= {n for n, v in vars(loaded).items() if isinstance(v, type) and n.endswith("Runner")}
    return sorted(found)


def field_docs(cls: type) -> dict[str, str]:
    """The text under each field of a class and of its bases, which Python itself throws away."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("millwork."):
            found |= _field_docs(base)
    return found


def _field_docs(cls: type) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, after in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
        ):
            found[field.target.id] = inspect.cleandoc(str(ast.literal_eval(after.value)))
    return found


def read_docstring(code: type | Callable[..., object]) -> tuple[str, str, str]:
    """Summary, text and example of a docstring. Examples are its indented paragraphs, or those that are calls."""
    summary, *paragraphs = (inspect.getdoc(code) or "").split("\n\n")
    examples = [p for p in paragraphs if _is_example(p, code.__name__)]
    text = [p for p in paragraphs if p not in examples]
    example = "\n\n".join(map(textwrap.dedent, examples))
    return summary.replace("\n", " "), "\n\n".join(text), example if _is_python(example) else ""


def pasteable(example: str) -> str:
    """An example with the imports of what it uses of ours."""
    named = [node for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Name)]
    used = {n.id for n in named} - {n.id for n in named if isinstance(n.ctx, ast.Store)}
    ours = {
        "millwork": millwork.__all__,
        "millwork.components": millwork.components.__all__,
        "millwork.core.artifacts": _artifact_types(),
    }
    imports = [
        f"from {module} import {', '.join(sorted(used & set(names)))}\n"
        for module, names in ours.items()
        if used & set(names)
    ]
    return f"{''.join(imports)}\n{example}\n"


def _artifact_types() -> Iterable[str]:
    stock = vars(millwork.core.artifacts).items()
    kinds = {name for name, value in stock if isinstance(value, type) and issubclass(value, Artifact)}
    return kinds - set(millwork.components.__all__)  # a component may be called as what it writes


def _is_example(paragraph: str, name: str) -> bool:
    indented = all(line.startswith("    ") for line in paragraph.splitlines())
    return indented or (f"{name}(" in paragraph and _is_python(paragraph))


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _call(name: str, signature: Signature) -> str:
    """The shortest call that the contract allows."""
    needed = [n for n, i in signature.inputs.items() if not i.optional]
    needed += [n for n, p in signature.parameters.items() if p.required]
    call = f"{name}({', '.join(f'{n}={n}' for n in needed)})"
    if len(signature.outputs) == 1:
        [output] = signature.outputs
        return f"{output} = {call}.{output}"
    return f"{snake_case(name)} = {call}"


def _input(wanted: Input, about: Mapping[str, str]) -> InputDocument:
    return {
        "name": wanted.name,
        "type": wanted.hint,
        "optional": wanted.optional,
        "many": wanted.many,
        "about": about.get(wanted.name, ""),
    }


def _parameter(parameter: Parameter, about: Mapping[str, str]) -> ParameterDocument:
    return {
        "name": parameter.name,
        "type": hint_text(parameter.hint),
        "default": None if parameter.required else repr(parameter.default),
        "about": about.get(parameter.name, ""),
    }


def _output(name: str, kind: type, about: Mapping[str, str]) -> OutputDocument:
    assert issubclass(kind, Artifact)
    return {
        "name": name,
        "type": kind.__name__,
        "files": (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " "),
        "properties": property_names(kind),
        "about": about.get(name, ""),
    }
