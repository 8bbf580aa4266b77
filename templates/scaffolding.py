"""A component of one's own, with its test: both work as they are written."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from millwork.core.errors import WrongArgument
from millwork.templates.names import kebab

_SCAFFOLDS = Path(__file__).parent / "scaffolds"
_CLASS = re.compile(r"([A-Z][a-z0-9]*)+")
_FUNCTION = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True)
class Place:
    """Where a component and its test go, and how the test imports the component."""

    folder: Path
    tests: Path
    package: str = ""
    """Empty if the folder is not in a package."""


def place_in_project(project: Path, package: str) -> Place:
    """The folder of components in a project that `millwork init` made."""
    return Place(
        project / "src" / package.replace(".", "/") / "components", project / "tests", f"{package}.components"
    )


def scaffold(name: str, place: Place) -> list[Path]:
    """Write a class for TakeNewest, a function for take_newest, and its test. Nothing is overwritten."""
    module = kebab(name).replace("-", "_")
    _check_name(name, "" if place.package else module)
    model = "first_rows" if _CLASS.fullmatch(name) else "row_counts"
    source = f"{place.package}.{module}" if place.package else module
    texts = {
        place.folder / f"{module}.py": (_SCAFFOLDS / f"{model}.py").read_text(encoding="utf-8"),
        place.tests / f"test_{module}.py": _test(model, source),
    }
    there = [path for path in texts if path.exists()]
    if there:
        raise WrongArgument(f"There already: {' and '.join(map(str, there))}. Nothing was written")
    return [*_make_package(place), *_write(texts, model, name, module)]


def _check_name(name: str, top_module: str) -> None:
    """`top_module` is the name of its file where that is in no package, so that it could hide a module of Python."""
    if keyword.iskeyword(name) or {name, top_module} & sys.stdlib_module_names:
        raise WrongArgument(f"A component cannot be called {name!r}: Python uses that name")
    if not (_CLASS.fullmatch(name) or _FUNCTION.fullmatch(name)):
        words = kebab(name, "my-component").split("-")
        raise WrongArgument(
            f"A component cannot be called {name!r}. Write {''.join(w.capitalize() for w in words)!r} for a class, or "
            f"{'_'.join(words)!r} for a function"
        )


def _test(model: str, source: str) -> str:
    """Millwork is a library there, and not the project itself: so its imports are grouped."""
    text = (_SCAFFOLDS / f"{model}_test.py").read_text(encoding="utf-8")
    text = text.replace("import pytest\n\n", "import pytest\n")
    return text.replace(f"from millwork.templates.scaffolds.{model} ", f"\nfrom {source} ")


def _make_package(place: Place) -> list[Path]:
    init = place.folder / "__init__.py"
    if not place.package or init.exists():
        return []
    init.parent.mkdir(parents=True, exist_ok=True)
    init.write_text('"""Components of this project."""\n', encoding="utf-8")
    return [init]


def _write(texts: Mapping[Path, str], model: str, name: str, module: str) -> list[Path]:
    old_class = "".join(word.capitalize() for word in model.split("_"))
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        renamed = text.replace(old_class, name).replace(model, module)
        path.write_text(renamed, encoding="utf-8")
    return list(texts)
