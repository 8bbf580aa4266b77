"""Code by reference: `module:qualname` on the way out, the object on the way in.

Steps run in other processes, and on other machines, where only what can be imported exists.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from millwork.core.errors import BadInput, NotFound, UnportableFunction, WrongArgument, did_you_mean


def reference_to(target: Callable[..., object] | type) -> str:
    """`module:qualname` of a function or class that another process can import."""
    name = getattr(target, "__qualname__", None)
    module = getattr(target, "__module__", None)
    if not name or not module:
        raise UnportableFunction(
            f"{target!r} has no name that another process could import. Write a function with `def` at the top "
            "of a module and pass that"
        )
    if "<lambda>" in name:
        raise UnportableFunction(
            f"A lambda (in {module}) cannot be sent to another process. Write it as a function with `def` at "
            "the top of a module and pass that"
        )
    if "<locals>" in name:
        inner = name.rsplit(".", 1)[-1]
        raise UnportableFunction(
            f"{name} (in {module}) is defined inside a function, so another process cannot import it. Move "
            f"{inner} to the top of its module, and pass what it needs as parameters"
        )
    _check_leads_back(target, module, name)
    return f"{_importable(module, name)}:{name}"


def load_reference(reference: str) -> Any:
    """The object that `module:qualname` names."""
    module_name, _, qualname = reference.partition(":")
    if not qualname:
        raise WrongArgument(f"{reference!r} is not of the form module:name")
    try:
        target: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as e:
        if e.name and (module_name == e.name or module_name.startswith(e.name + ".")):
            raise NotFound(
                f"There is no module {module_name!r} (needed for {qualname}). Run from the folder that holds it, "
                "or install the package"
            ) from e
        raise
    for part in qualname.split("."):
        if not hasattr(target, part):
            raise NotFound(f"{module_name} has no {qualname!r}. {did_you_mean(part, _public(target))}")
        target = getattr(target, part)
    # `@component` leaves an object that knows its function under the function's name.
    return target


def load_module_file(path: str | Path) -> ModuleType:
    """Import a Python file that need not be in a package; its folder becomes importable, as TFX users expect."""
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"There is no module file {str(path)!r}")
    folder = str(path.parent.absolute())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    loaded = sys.modules.get(path.stem)
    if loaded and getattr(loaded, "__file__", None) and Path(str(loaded.__file__)).samefile(path):
        return loaded
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{str(path)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module


def user_function(
    name: str, function: Callable[..., Any] | str | None, module_file: str | Path | None
) -> Callable[..., Any]:
    """The user's function `name`: passed itself, named as `package.module.function`, or found in a module file."""
    if callable(function):
        return function
    if isinstance(function, str):
        module, _, attribute = function.replace(":", ".").rpartition(".")
        found: Callable[..., Any] = load_reference(f"{module}:{attribute}")
        return found
    if module_file is None:
        raise WrongArgument(f"Pass {name}=... or module_file=...")
    module_object = load_module_file(module_file)
    if not hasattr(module_object, name):
        known = did_you_mean(name, _public(module_object))
        raise BadInput(f"{str(module_file)!r} defines no function {name!r}. {known}")
    loaded: Callable[..., Any] = getattr(module_object, name)
    return loaded


def check_user_function(
    owner: str, name: str, function: Callable[..., Any] | str | None, module_file: str | Path | None
) -> None:
    """Refuse neither, both, or a function that another process could not import."""
    if (function is None) == (module_file is None):
        both = "not both" if function is not None else "one of them"
        raise WrongArgument(f"{owner}: pass {name}=... or module_file=..., {both}")
    if callable(function):
        reference_to(function)
    if module_file is not None and not Path(module_file).is_file():
        raise WrongArgument(f"{owner}: there is no module file {str(module_file)!r}")


def _check_leads_back(target: Callable[..., object] | type, module: str, name: str) -> None:
    """Refuse a target that its own name does not lead to: another process would get something else."""
    owner = getattr(target, "__self__", None)
    if owner is not None and not isinstance(owner, type | ModuleType):
        raise UnportableFunction(
            f"{name} is bound to an object, which would not come along. Write a function with `def` at the top of a "
            "module and pass that"
        )
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise UnportableFunction(
            f"{module} has no {name!r} that another process could import. Keep it at the top of it"
        )
    found = getattr(found, "function", found)  # of `@component`
    code = getattr(target, "__code__", None)
    if found != target and code is not None and getattr(found, "__code__", None) != code:
        raise UnportableFunction(
            f"{module} has another {name!r} than the one that was given: a decorator made it, or the name was used "
            "again. Give it a name of its own with `def`"
        )


def _importable(module: str, name: str) -> str:
    if module != "__main__":
        return module
    main = sys.modules["__main__"]
    if spec := getattr(main, "__spec__", None):
        return str(spec.name)
    file = getattr(main, "__file__", None)
    if not file:
        raise UnportableFunction(
            f"{name} is defined in a notebook or an interactive session, so another process cannot import it. "
            f"Move it to a file, such as steps.py, and write: from steps import {name}"
        )
    stem = Path(file).stem
    if "." in stem:
        raise UnportableFunction(
            f"{name} is defined in {Path(file).name!r}, whose name no import statement can say. Rename the file"
        )
    return stem


def _public(target: object) -> list[str]:
    return [n for n in dir(target) if not n.startswith("_")]
