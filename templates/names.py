"""Names of projects and of their packages: what is allowed, and what to write instead."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
import unicodedata
from pathlib import Path

_PROJECT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PACKAGE = re.compile(r"[a-z][a-z0-9_]*")
_FOLDERS = {"configs", "data", "notebooks", "policies", "src", "test", "tests"}
"""A project has these folders, and pytest and linters would take one for the other."""


def kebab(text: str, fallback: str = "my-project") -> str:
    """The nearest allowed name of a project."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", plain).lower())
    name = "-".join(words).lstrip("-0123456789")
    return name or fallback


def name_after(file: str) -> str:
    """A project's name after a file that it is written for. A package can be called alike, unlike after data.csv."""
    name = kebab(Path(file).stem)
    return f"{name}-project" if _wrong_package(name.replace("-", "_")) else name


def wrong_names(project_name: str, package: str) -> dict[str, str]:
    """What a package index, Python or pytest would trip over: by question, why, and what to answer instead."""
    wrong = {"project_name": _wrong_project(project_name), "package": _wrong_package(package)}
    return {name: why for name, why in wrong.items() if why}


def _wrong_project(name: str) -> str:
    if _PROJECT.fullmatch(name):
        return ""
    return (
        f"project_name cannot be {name!r}: it takes lower-case letters, digits and single dashes, and begins with a "
        f"letter. Perhaps {kebab(name)!r}"
    )


def _wrong_package(name: str) -> str:
    why, near = "", f"{name}_project"
    if not _PACKAGE.fullmatch(name):
        why = "it takes lower-case letters, digits and underscores, and begins with a letter"
        near = kebab(name).replace("-", "_")
    elif keyword.iskeyword(name) or keyword.issoftkeyword(name):
        why = "it is a word of Python's grammar"
    elif name in sys.stdlib_module_names:
        why = "Python has a module of this name"
    elif name in _FOLDERS:
        why = "the project has another folder of this name"
    elif name == "millwork" or _installed(name):
        why = "an installed package has this name"
    return f"package cannot be {name!r}: {why}. Perhaps {near!r} (--answer package={near})" if why else ""


def _installed(name: str) -> bool:
    """True if an installed distribution brings a module of this name. A file in this folder does not count."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        return False
    places = [spec.origin or "", *(spec.submodule_search_locations or ())]
    return any(part in place for place in places for part in ("site-packages", "dist-packages"))
