"""What a user wants to run, named as a file, a function in a file, or `module:function`."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from millwork.cli.printing import say
from millwork.cli.project import project_target
from millwork.core.callables import load_module_file
from millwork.core.errors import DescriptionError, MillworkError, NotFound, WrongArgument, did_you_mean
from millwork.core.failures import failure_of
from millwork.core.pipeline import Pipeline, PipelineFunction, parameter_values


@dataclass(frozen=True)
class Target:
    """Something that is, or describes, a pipeline."""

    source: str
    """How to find it again, from any folder if it is in a file."""
    name: str
    found: PipelineFunction[..., Any] | Pipeline[Any] | Callable[..., object]

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the parameters that it takes."""
        if isinstance(self.found, Pipeline):
            return frozenset()
        function = self.found.function if isinstance(self.found, PipelineFunction) else self.found
        return frozenset(inspect.signature(function).parameters)

    def pipeline(self, given: Mapping[str, object]) -> Pipeline[Any]:
        """Describe the pipeline. Nothing runs."""
        if isinstance(self.found, Pipeline):
            if given:
                raise WrongArgument(
                    f"{self.source} is a pipeline that is already described: it takes no parameters, but got "
                    f"{', '.join(given)}. Name the @pipeline function that describes it"
                )
            return self.found
        with _users_code(f"describing {self.source}"):
            if isinstance(self.found, PipelineFunction):
                return self.found.with_parameters(given)
            made = self.found(**parameter_values(self.name, self.found, given))
        if not isinstance(made, Pipeline):
            raise WrongArgument(
                f"{self.source} returned {made!r} and not a Pipeline. Decorate it with @pipeline, or let it "
                "return one"
            )
        return made


def return_to(folder: str, what: str) -> None:
    """Relative paths in the pipeline's source mean what they meant when the run, or the sweep, was started."""
    if folder and folder != os.getcwd() and os.path.isdir(folder):
        say(f"The {what} was started in {folder}: paths are relative to that")
        os.chdir(folder)


def find_target(text: str) -> Target:
    """Import what the user named, by default the project's pipeline, and find the pipeline in it."""
    text = text or project_target()
    place, _, name = ("", "", "") if text.endswith(".py") else text.rpartition(":")
    place = place or text
    name = name if place != text else ""
    if place.endswith(".py"):
        path = Path(place).absolute()
        module = _import_file(path)
        place = str(path)
    else:
        module = _import_module(place)
    name, found = _named(module, name, text) if name else _only(module, text)
    return Target(f"{place}:{name}", name, found)


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise NotFound(f"There is no file {str(path)!r}")
    if (path.parent / "__init__.py").exists():
        return _import_from_package(path)
    stem = path.stem
    loaded = getattr(sys.modules.get(stem), "__file__", None)
    taken = stem in sys.stdlib_module_names or (stem in sys.modules and loaded != str(path))
    if taken or "." in stem:
        why = "a module of Python or of Millwork has this name" if taken else "a module's name has no dots"
        raise WrongArgument(f"{path.name} cannot be imported as {stem!r}: {why}. Rename the file")
    _put_first(str(path.parent))
    with _users_code(f"importing {path}"):
        return load_module_file(path)


def _import_from_package(path: Path) -> ModuleType:
    """A file of a package is imported under its full name, from the folder that holds the package."""
    name, folder = path.stem, path.parent
    while (folder / "__init__.py").exists():
        name, folder = f"{folder.name}.{name}", folder.parent
    _put_first(str(folder))
    with _users_code(f"importing {path}"):
        return importlib.import_module(name)


def _import_module(name: str) -> ModuleType:
    _put_first(os.getcwd())
    with _users_code(f"importing {name}"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as e:
            if e.name and (name == e.name or name.startswith(e.name + ".")):
                raise NotFound(
                    f"There is no module {name!r} in {os.getcwd()} or among the installed packages. Name a "
                    "Python file (pipeline.py), or module:function, and run from the folder that holds it"
                ) from None
            raise


def _put_first(folder: str) -> None:
    """Steps' processes get this path too, and so import what we import."""
    sys.path[:] = [folder, *(p for p in sys.path if p != folder)]


def _named(module: ModuleType, name: str, text: str) -> tuple[str, Any]:
    found = getattr(module, name, None)
    if found is None:
        known = _pipelines_in(module) or [n for n, v in vars(module).items() if inspect.isfunction(v)]
        raise NotFound(f"{text}: there is no {name!r}. {did_you_mean(name, known)}")
    if isinstance(found, PipelineFunction | Pipeline) or inspect.isfunction(found):
        return name, found
    raise WrongArgument(
        f"{text} is of type {type(found).__name__}. Name a @pipeline function, a function that returns a Pipeline, or "
        "a Pipeline"
    )


def _only(module: ModuleType, text: str) -> tuple[str, Any]:
    found = _pipelines_in(module)
    if not found:
        raise WrongArgument(
            f"{text} has no pipeline. Decorate the function that describes it with @pipeline, or name a function "
            f"that returns a Pipeline: {text}:function"
        )
    if len(found) > 1:
        raise WrongArgument(
            f"{text} has several pipelines. Name one: {', '.join(f'{text}:{n}' for n in found)}"
        )
    return next(iter(found.items()))


def _pipelines_in(module: ModuleType) -> dict[str, Any]:
    """The @pipeline functions that the module defines; if there are none, every pipeline that it knows."""
    known = {n: v for n, v in vars(module).items() if isinstance(v, PipelineFunction | Pipeline)}
    own = {
        n: v
        for n, v in known.items()
        if isinstance(v, PipelineFunction) and v.function.__module__ == module.__name__
    }
    return own or known


@contextmanager
def _users_code(doing: str) -> Iterator[None]:
    """Errors of the user's code as what they are: the user's own line, and no frames of ours."""
    try:
        yield
    except SyntaxError as e:
        raise DescriptionError("".join(traceback.format_exception_only(e)).strip()) from e
    except MillworkError as e:
        where = failure_of(e).where
        if not where:
            raise
        raise DescriptionError(f"{where}\n{e}") from e
    except SystemExit as e:
        raise DescriptionError(
            f"The program ended itself while {doing} (exit code {e.code}). Put what is to happen only when the file "
            "is run as a program under `if __name__ == '__main__':`"
        ) from e
    except Exception as e:
        raise DescriptionError(f"An error while {doing}:\n{failure_of(e)}") from e
