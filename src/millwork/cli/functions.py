"""The functions of the catalog as data: they place steps that find, bring in or order what is there."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import millwork
import millwork.components
from millwork.cli.components import pasteable, read_docstring
from millwork.cli.documents import FunctionDocument
from millwork.components import resolvers


def functions() -> dict[str, Callable[..., Any]]:
    """Resolvers, the importer and the exit handler, by name."""
    public = {name: getattr(millwork.components, name) for name in millwork.components.__all__}
    found = {n: f for n, f in public.items() if getattr(f, "__module__", "") == resolvers.__name__}
    found |= {f.__name__: f for f in (millwork.import_artifact, millwork.on_exit)}
    return dict(sorted(found.items()))


def describe_function(function: Callable[..., Any]) -> FunctionDocument:
    """Everything that a user of the function needs to know."""
    summary, text, example = read_docstring(function)
    return {
        "schema": "millwork/function/v1",
        "name": function.__name__,
        "module": function.__module__,
        "summary": summary,
        "about": text,
        "example": pasteable(example) if example else "",
        "signature": _signature(function),
    }


def _signature(function: Callable[..., Any]) -> str:
    """As it is written, which is shorter than what Python has evaluated."""
    [written] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(written, ast.FunctionDef)
    returns = f" -> {ast.unparse(written.returns)}" if written.returns else ""
    return f"{written.name}({ast.unparse(written.args)}){returns}"
