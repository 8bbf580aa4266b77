"""Templates in git repositories."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from millwork.core.errors import MillworkError, NotFound, WrongArgument

_SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
_REPOSITORY = re.compile(r"^(gh:|gl:|git@|[a-z][a-z0-9+]*://)|\.git/?$")


def is_repository(text: str) -> bool:
    """True of a URL that git takes, and of copier's gh:owner/name."""
    return bool(_REPOSITORY.search(text))


@contextmanager
def cloned(url: str, ref: str = "") -> Iterator[tuple[Path, str]]:
    """A clone of the repository at `ref`, and what that is called.

    Without `ref` it is the newest version tag, as with copier; of a repository without one, its default branch.
    """
    for short, long in _SHORTCUTS.items():
        url = long + url.removeprefix(short) if url.startswith(short) else url
    if ref.startswith("-"):
        raise WrongArgument(f"--ref takes a tag, a branch or a commit, but got {ref!r}")
    with tempfile.TemporaryDirectory(prefix="millwork-template-") as temporary:
        folder = Path(temporary, "template")
        run_git("clone", "--quiet", "--", url, str(folder))
        wanted = ref or _newest_tag(run_git("-C", str(folder), "tag").split())
        if wanted:
            try:
                run_git("-C", str(folder), "-c", "advice.detachedHead=false", "checkout", "--quiet", wanted)
            except MillworkError as e:
                raise NotFound(f"{url} has no tag, branch or commit {wanted!r}") from e
        yield folder, run_git("-C", str(folder), "describe", "--tags", "--always").strip()


def run_git(*arguments: str) -> str:
    """What git printed. Its own words if it could not."""
    quiet = {} if sys.stdin.isatty() else {"GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run([_git(), *arguments], capture_output=True, text=True, env={**os.environ, **quiet})
    if done.returncode:
        raise MillworkError(f"git {' '.join(arguments[:1])} failed: {done.stderr.strip()}")
    return done.stdout


def merge_files(ours: Path, base: Path, theirs: Path) -> tuple[bytes, bool]:
    """git's three-way merge of texts, and whether it holds conflicts. They are marked with the files' names."""
    labels = [word for path in (ours, base, theirs) for word in ("-L", path.name)]
    command = [_git(), "merge-file", "-p", "--diff3", *labels, str(ours), str(base), str(theirs)]
    done = subprocess.run(command, capture_output=True)
    if not 0 <= done.returncode < 128:  # otherwise the number of conflicts
        raise MillworkError(f"git merge-file failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout, done.returncode > 0


def _git() -> str:
    git = shutil.which("git")
    if git is None:
        raise MillworkError(
            "git is not installed: templates in repositories, and updates of what you changed, need it"
        )
    return git


def _newest_tag(tags: list[str]) -> str:
    from packaging.version import InvalidVersion, Version

    versions = {}
    for tag in tags:
        try:
            version = Version(tag)
        except InvalidVersion:
            continue
        if not version.is_prerelease:
            versions[version] = tag
    return versions[max(versions)] if versions else ""
