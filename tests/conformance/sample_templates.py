"""Templates such as a company has, and `millwork` run in a folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

COPIER = """\
_millwork_version: "{version}"
_millwork_description: A company's own
_subdirectory: project

project_name:
  type: str
  default: thing
package:
  type: str
  default: "{{{{ project_name }}}}"
colour:
  type: str
  help: Of the roof
  choices: [red, green]
  default: red
"""

FIRST = {
    "README.md.jinja": "# {{ project_name }}\n\nThe roof is {{ colour }}.\n\nOne\n\nTwo\n\nThree\n\nFour\n",
    "src/{{ package }}/code.py": "A = 1\n\n\nB = 2\n\n\nC = 3\n",
    "src/{{ package }}/gone.py": "X = 1\n",
    "src/{{ package }}/gone_too.py": "Y = 1\n",
    "deleted.txt": "one\n",
    "same.txt": "same\n",
    ".hidden/settings": "s\n",
    "run.sh": "#!/bin/sh\n",
}
SECOND = {
    **{n: t for n, t in FIRST.items() if "gone" not in n},
    "README.md.jinja": "# {{ project_name }}\n\nThe roof is {{ colour }}.\n\nOne\n\nTwo\n\nThree\n\nFive\n",
    "src/{{ package }}/code.py": "A = 1\n\n\nB = 20\n\n\nC = 3\n",
    "deleted.txt": "two\n",
    "new/file.txt.jinja": "{{ package }}\n",
}


def write_template(folder: Path, files: dict[str, str], version: str = "1", config: str = "") -> Path:
    """A template in `folder`, instead of what is there."""
    for old in (folder / "project").rglob("*"):
        if old.is_file():
            old.unlink()
    for name, text in files.items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if name.endswith(".sh") else 0o644)
    (folder / "copier.yaml").write_text(COPIER.format(version=version) + config)
    return folder


def commit(folder: Path, tag: str) -> None:
    """What is in the folder, as a version in a git repository."""

    def git(*arguments: str) -> None:
        name = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", "-C", str(folder), *name, *arguments], check=True, capture_output=True)

    if not (folder / ".git").exists():
        git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "-m", tag)
    git("tag", tag)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
