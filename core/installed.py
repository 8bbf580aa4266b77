"""Which files are installed: not the user's own code, so that their versions count instead of their text."""

from __future__ import annotations

import functools
import sys
import sysconfig
from pathlib import Path

_FOLDERS = ("site-packages", "dist-packages")


def is_installed(path: Path) -> bool:
    """Whether a file or folder is the standard library's, or where pip or the system put it."""
    resolved = path.resolve()
    return any(resolved.is_relative_to(root) for root in _roots(tuple(sys.path)))


@functools.lru_cache(maxsize=8)
def _roots(search_path: tuple[str, ...]) -> tuple[Path, ...]:
    """Of this environment, and of others that it sees: the user's, the system's, those of .pth files."""
    own = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    others = [Path(entry) for entry in search_path if Path(entry).name in _FOLDERS]
    return tuple(dict.fromkeys(root.resolve() for root in [*own, *others]))
