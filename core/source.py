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
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path

from millwork.core.storage import file_digest

_Statement = tuple[str, int, str, tuple[str, ...]]
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow", "yaml": "pyyaml", "cv2": "opencv-python"}


@dataclass
class Sources:
    """Digests of source files by module name, and the names of installed packages they import."""

    files: dict[str, str] = field(default_factory=dict)
    installed: set[str] = field(default_factory=set)


def sources_of_module(name: str) -> Sources:
    """What the module `name` and, through imports, its project consist of."""
    found = Sources()
    _follow(name, name.partition(".")[0], None, found)
    return found


def sources_of_file(path: Path) -> Sources:
    """The same for a module file, whose neighbours in the folder are importable too."""
    found = Sources()
    found.files[path.stem] = file_digest(path)
    for imported in _imports(path, path.stem, is_package=False):
        _follow(imported, path.stem, path.parent, found)
    return found


def version_of(package: str) -> str:
    """The version of the distribution that a top-level module comes from, or `` if unknown."""
    try:
        return importlib.metadata.version(_DISTRIBUTIONS.get(package, package))
    except importlib.metadata.PackageNotFoundError:
        owners = _owners().get(package, [])
        return importlib.metadata.version(owners[0]) if owners else ""


def _follow(name: str, home: str, folder: Path | None, found: Sources) -> None:
    """Add the file of module `name`, and what it imports, unless it is outside the project."""
    if name in found.files:
        return
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return
    root = _root_of(top, folder)
    if root is None or (_is_installed(root) and top != home) or (top == "millwork" and top != home):
        if root is not None:
            found.installed.add(top)
        return
    path = _file_of(name, root)
    if path is None:
        # `from package import attribute`: the attribute is in the package's own file.
        parent = name.rpartition(".")[0]
        if parent:
            _follow(parent, home, folder, found)
        return
    if path.suffix != ".py":
        return
    found.files[name] = file_digest(path)
    for imported in _imports(path, name, is_package=path.name == "__init__.py"):
        _follow(imported, home, folder, found)


def _root_of(top: str, folder: Path | None) -> Path | None:
    """The folder (of a package) or file (of a module) of a top-level name."""
    loaded = sys.modules.get(top)
    origin = getattr(loaded, "__file__", None)
    if origin is None:
        search = [str(folder), *sys.path] if folder else None
        spec = PathFinder.find_spec(top, search)
        origin = spec.origin if spec else None
    if not origin or not Path(origin).exists():
        return None
    path = Path(origin)
    return path.parent if path.name == "__init__.py" else path


def _file_of(name: str, root: Path) -> Path | None:
    _, *parts = name.split(".")
    if root.is_file():
        return root if not parts else None
    base = root.joinpath(*parts)
    for candidate in (base.with_suffix(".py") if parts else None, base / "__init__.py"):
        if candidate and candidate.is_file():
            return candidate
    return None


def _imports(path: Path, module: str, is_package: bool) -> Iterator[str]:
    package = module if is_package else module.rpartition(".")[0]
    for kind, level, base, names in _import_statements(path):
        if kind == "import":
            yield from names
            continue
        prefix = ".".join(p for p in (_ancestor(package, level) if level else "", base) if p)
        for name in names:
            yield f"{prefix}.{name}" if name != "*" else prefix


def _ancestor(package: str, level: int) -> str:
    parts = package.split(".")
    return ".".join(parts[: len(parts) - level + 1])


def _import_statements(path: Path) -> tuple[_Statement, ...]:
    return _statements_of_version(path, path.stat().st_mtime_ns)


@functools.cache
def _statements_of_version(path: Path, mtime: int) -> tuple[_Statement, ...]:
    found: list[_Statement] = []
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            found.append(("import", 0, "", tuple(a.name for a in node.names)))
        elif isinstance(node, ast.ImportFrom):
            found.append(("from", node.level, node.module or "", tuple(a.name for a in node.names)))
    return tuple(found)


@functools.cache
def _installed_roots() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(Path(sysconfig.get_path(n)).resolve() for n in names)


def _is_installed(root: Path) -> bool:
    resolved = root.resolve()
    return any(resolved.is_relative_to(r) for r in _installed_roots())


@functools.cache
def _owners() -> dict[str, list[str]]:
    return {k: list(v) for k, v in importlib.metadata.packages_distributions().items()}
