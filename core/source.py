"""Which source files a piece of code depends on, found by reading imports, without running anything.

A step's cache entry must end when code that it uses changes, and must survive when unrelated files change.
So: the module itself, and what it imports from its own package and from the user's files; not what is
installed beside it, for which versions count instead.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path

from millwork.core.errors import BadInput
from millwork.core.installed import is_installed
from millwork.core.storage import file_digest

_Statement = tuple[str, int, str, tuple[str, ...]]
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow", "yaml": "pyyaml", "cv2": "opencv-python"}


@dataclass
class Sources:
    """Digests of source files by module name, and the names of installed packages they import."""

    files: dict[str, str] = field(default_factory=dict)
    installed: set[str] = field(default_factory=set)
    places: dict[str, Path] = field(default_factory=dict, compare=False)
    """Where the files are, by module name."""

    @property
    def users(self) -> dict[str, Path]:
        """The files that are neither ours nor installed, by their digests."""
        theirs = {module: path for module, path in self.places.items() if not is_ours(module)}
        return {self.files[module]: path for module, path in theirs.items() if not is_installed(path)}


def is_ours(module: str) -> bool:
    """Whether a module is Millwork's own."""
    return f"{module}.".startswith("millwork.")


def sources_of_module(name: str) -> Sources:
    """What the module `name` and, through imports, its project consist of."""
    reading = _Reading(home=name.partition(".")[0], folder=None)
    reading.follow([name])
    return reading.found


def sources_of_file(path: Path) -> Sources:
    """The same for a module file, whose neighbours in the folder are importable too."""
    if not path.is_file():
        raise BadInput(f"There is no module file {str(path)!r}")
    reading = _Reading(home=path.stem, folder=path.parent)
    reading.follow(reading.enter(path.stem, path))
    return reading.found


def version_of(package: str) -> str:
    """The version of the distribution that a top-level module comes from, or `` if unknown."""
    try:
        return importlib.metadata.version(_DISTRIBUTIONS.get(package, package))
    except importlib.metadata.PackageNotFoundError:
        owners = _owners().get(package, [])
        return importlib.metadata.version(owners[0]) if owners else ""


@dataclass
class _Reading:
    """The reading of one project: the package `home`, or the files in `folder`."""

    home: str
    folder: Path | None
    found: Sources = field(default_factory=Sources)

    def follow(self, names: Iterable[str]) -> None:
        """Add the files of these modules, and of what they import, unless they are outside the project."""
        waiting, seen = list(names), {self.home} if self.folder else set()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += self._look_at(name)

    def enter(self, name: str, path: Path) -> list[str]:
        """Add one file. Returns the names of what it imports."""
        return list(_imports(path, self._note(name, path), name))

    def _look_at(self, name: str) -> list[str]:
        top = name.partition(".")[0]
        places = [] if top in sys.stdlib_module_names else _places_of(top, self.folder)
        if not places:
            return []
        if top != self.home and (top == "millwork" or all(map(is_installed, places))):
            self.found.installed.add(top)
            return []
        self._add_packages_above(name, places)
        path = _file_of(name, places)
        if path is None:
            # `from package import attribute`: the attribute is in the package's own file.
            return [name.rpartition(".")[0]] if "." in name else []
        return self.enter(name, path)

    def _add_packages_above(self, name: str, places: Sequence[Path]) -> None:
        """Importing a module runs the `__init__.py` of its packages; what those import for others does not count."""
        while "." in name:
            name = name.rpartition(".")[0]
            path = _file_of(name, places)
            if path and name not in self.found.files:
                self._note(name, path)

    def _note(self, name: str, path: Path) -> str:
        self.found.files[name], self.found.places[name] = file_digest(path), path
        return self.found.files[name]


def _places_of(top: str, folder: Path | None) -> list[Path]:
    """The folders (of a package) or the file (of a module) of a top-level name."""
    loaded = sys.modules.get(top)
    origin = getattr(loaded, "__file__", None)
    folders = list(getattr(loaded, "__path__", ()))
    if not origin and not folders:
        spec = PathFinder.find_spec(top, [str(folder), *sys.path] if folder else None)
        origin = spec.origin if spec else None
        folders = list((spec and spec.submodule_search_locations) or ())
    if origin and Path(origin).name != "__init__.py":
        return [Path(origin)] if Path(origin).exists() else []
    return [Path(f) for f in folders]


def _file_of(name: str, places: Sequence[Path]) -> Path | None:
    _, *parts = name.split(".")
    for place in places:
        base = place.joinpath(*parts)
        candidates = [base / "__init__.py", base.with_suffix(".py") if parts else base]
        if found := next((c for c in candidates if c.suffix == ".py" and c.is_file()), None):
            return found
    return None


def _imports(path: Path, digest: str, module: str) -> Iterator[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for kind, level, base, names in _statements(path, digest):
        if kind == "import":
            yield from names
            continue
        prefix = ".".join(p for p in (_ancestor(package, level) if level else "", base) if p)
        for name in names:
            yield f"{prefix}.{name}" if name != "*" else prefix


def _ancestor(package: str, level: int) -> str:
    parts = package.split(".")
    return ".".join(parts[: len(parts) - level + 1])


@functools.lru_cache(maxsize=10_000)
def _statements(path: Path, digest: str) -> tuple[_Statement, ...]:
    """The import statements of one version of a file."""
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError):
        return ()  # importing it will say what is wrong, if the step ever does
    found: list[_Statement] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.append(("import", 0, "", tuple(a.name for a in node.names)))
        elif isinstance(node, ast.ImportFrom):
            found.append(("from", node.level, node.module or "", tuple(a.name for a in node.names)))
    return tuple(found)


@functools.cache
def _owners() -> dict[str, list[str]]:
    return {k: list(v) for k, v in importlib.metadata.packages_distributions().items()}
