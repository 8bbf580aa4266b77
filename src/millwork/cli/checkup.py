"""What `millwork doctor` looks at. Nothing heavy is imported, and nothing is changed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from millwork.analysis.stores import absolute_root, store_exists
from millwork.cli.documents import CheckDocument
from millwork.cli.printing import file_size
from millwork.core.errors import MillworkError
from millwork.core.recovery import dead_runs
from millwork.core.storage import is_remote
from millwork.runners.local import open_store

_LEAST_DISK = 2 * 1024**3
"""Bytes. The files of one run of the demo and its logs take a hundredth of it."""

_HEAVY = (
    "tensorflow",
    "keras",
    "tensorflow_data_validation",
    "tensorflow_transform",
    "apache_beam",
    "tfx_bsl",
)


def check_up(root: str, store: str) -> list[CheckDocument]:
    """Everything that was looked at."""
    here = absolute_root(root)
    stack = [_python(), _platform(), *_versions(), _bytecode()]
    return [*stack, _root(here), _disk(here), _store(root, store), _runs(here)]


def _check(name: str, found: str, advice: str = "") -> CheckDocument:
    return {"name": name, "state": "wrong" if advice else "ok", "found": found, "advice": advice}


def _python() -> CheckDocument:
    wanted = importlib.metadata.metadata("millwork")["Requires-Python"]
    version = platform.python_version()
    fits = SpecifierSet(wanted).contains(version, prereleases=True)
    advice = (
        ""
        if fits
        else f"Millwork needs Python {wanted}. Make a virtual environment with it and install there"
    )
    return _check("python", f"{version} at {sys.executable}", advice)


def _platform() -> CheckDocument:
    """Forking steps needs POSIX; TensorFlow's family has wheels for Linux."""
    found = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    advice = "" if os.name == "posix" else "Steps run in forks of a process, which Windows lacks. Use WSL"
    return _check("platform", found, advice)


def _versions() -> Iterator[CheckDocument]:
    for text in importlib.metadata.requires("millwork") or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _version(requirement)


def _version(requirement: Requirement) -> CheckDocument:
    wanted = f"{requirement.name}{requirement.specifier}"
    try:
        found = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return _check(requirement.name, "not installed", f"Install it: python -m pip install '{wanted}'")
    if requirement.specifier.contains(found, prereleases=True):
        return _check(requirement.name, found)
    return _check(
        requirement.name,
        f"{found}, not {requirement.specifier}",
        f"Install it: python -m pip install '{wanted}'",
    )


def _bytecode() -> CheckDocument:
    """Without bytecode, importing TensorFlow takes 18 s instead of 4, in every process that does."""
    missing = [name for name in _HEAVY if not _is_compiled(name)]
    if not missing:
        return _check("bytecode", "compiled")
    return _check(
        "bytecode",
        f"missing for {', '.join(missing)}",
        f"Imports take several times as long. Compile once: {sys.executable} -m compileall -q "
        f"{sysconfig.get_path('purelib')}",
    )


def _is_compiled(package: str) -> bool:
    """True if all but a few of a package's files have bytecode. True too if it is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        return True
    sources = compiled = 0
    for folder, _, files in os.walk(Path(spec.origin).parent):
        inside = sum(name.endswith(".py") for name in files)
        sources += inside
        if inside and os.path.basename(folder) != "__pycache__":
            cache = Path(importlib.util.cache_from_source(os.path.join(folder, "x.py"))).parent
            tag = f".{sys.implementation.cache_tag}.pyc"
            compiled += sum(name.endswith(tag) for name in os.listdir(cache)) if cache.is_dir() else 0
    return compiled >= 0.9 * sources


def _root(root: str) -> CheckDocument:
    if is_remote(root):
        return _check("root", f"{root}, remote: not tried")
    place = _nearest(Path(root))
    try:
        with tempfile.TemporaryFile(dir=place):
            return _check("root", root if place == Path(root) else f"{root}, which the first run will make")
    except OSError as e:
        advice = f"Runs write below {root}. Allow writing in {place}, or choose another place with --root"
        return _check("root", f"{place} cannot be written: {e.strerror}", advice)


def _disk(root: str) -> CheckDocument:
    place = _nearest(Path.cwd() if is_remote(root) else Path(root))
    free = shutil.disk_usage(place).free
    advice = (
        ""
        if free >= _LEAST_DISK
        else f"Make room at {place}: millwork runs delete removes what old runs wrote"
    )
    return _check("disk", f"{file_size(free)} free", advice)


def _store(root: str, store: str) -> CheckDocument:
    try:
        if not store_exists(root, store):
            return _check("store", "none yet: the first run makes it")
        opened = open_store(root, store)
        newest = opened.runs(limit=1)
    except MillworkError as e:
        return _check("store", "cannot be used", str(e))
    return _check("store", f"{opened.uri}, newest run {newest[0].id}" if newest else f"{opened.uri}, no runs")


def _runs(root: str) -> CheckDocument:
    dead = dead_runs(root)
    if not dead:
        return _check("leftovers", "none")
    return _check(
        "leftovers",
        f"of runs that ended without finishing: {', '.join(dead)}",
        f"The next run or resume in this root removes them. To continue the newest: millwork resume {dead[-1]}",
    )


def _nearest(folder: Path) -> Path:
    """The folder, or what there is of the way to it."""
    return next(p for p in (folder, *folder.parents) if p.exists())
