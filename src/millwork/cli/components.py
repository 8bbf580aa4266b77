"""The catalog as data, read from the components themselves: contract, docstrings, example."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Mapping

import millwork.components
import millwork.runners
from millwork.cli.documents import ComponentDocument, InputDocument, OutputDocument, ParameterDocument
from millwork.core.component import Component, contract_of, snake_case
from millwork.core.contract import hint_text
from millwork.core.errors import NotFound, did_you_mean
from millwork.core.graph import Artifact, property_names
from millwork.core.signature import Input, Parameter


def catalog() -> dict[str, type[Component]]:
    """The stock components by name."""
    public = {name: getattr(millwork.components, name) for name in sorted(millwork.components.__all__)}
    return {n: c for n, c in public.items() if isinstance(c, type) and issubclass(c, Component)}


def find_component(name: str) -> type[Component]:
    """One stock component."""
    known = catalog()
    if name not in known:
        raise NotFound(f"There is no component {name!r} in the catalog. {did_you_mean(name, known)}")
    return known[name]


def describe(component: type[Component]) -> ComponentDocument:
    """Everything that a user of the component needs to know."""
    signature = contract_of(component)
    about = field_docs(component)
    summary, text, example = _docstring(component)
    return {
        "schema": "millwork/component/v1",
        "name": component.__name__,
        "module": component.__module__,
        "summary": summary,
        "about": text,
        "example": f"from millwork.components import {component.__name__}\n\n{example}\n",
        "inputs": [_input(i, about) for i in signature.inputs.values()],
        "parameters": [_parameter(p, about) for p in signature.parameters.values()],
        "outputs": [_output(n, kind, about) for n, kind in signature.outputs.items()],
        "base_type": component.base_type,
        "libraries": list(component.libraries),
        "runners": runners(),
    }


def summary_of(component: type[Component]) -> str:
    """The first paragraph of the docstring, in one line."""
    return _docstring(component)[0]


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


def _docstring(component: type[Component]) -> tuple[str, str, str]:
    """Summary, text and example of a docstring. Examples are its indented paragraphs, or those that are calls."""
    summary, *paragraphs = (inspect.getdoc(component) or "").split("\n\n")
    examples = [p for p in paragraphs if _is_example(p, component.__name__)]
    text = [p for p in paragraphs if p not in examples]
    example = "\n\n".join(map(textwrap.dedent, examples))
    pasteable = example if example and _is_python(example) else _call(component)
    return summary.replace("\n", " "), "\n\n".join(text), pasteable


def _is_example(paragraph: str, name: str) -> bool:
    indented = all(line.startswith("    ") for line in paragraph.splitlines())
    return indented or (f"{name}(" in paragraph and _is_python(paragraph))


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _call(component: type[Component]) -> str:
    """The shortest call that the contract allows."""
    signature = contract_of(component)
    needed = [n for n, i in signature.inputs.items() if not i.optional]
    needed += [n for n, p in signature.parameters.items() if p.required]
    call = f"{component.__name__}({', '.join(f'{n}={n}' for n in needed)})"
    if len(signature.outputs) == 1:
        [output] = signature.outputs
        return f"{output} = {call}.{output}"
    return f"{snake_case(component.__name__)} = {call}"


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
