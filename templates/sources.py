"""Where templates are: with Millwork, in a company's folders, in a folder, in a git repository."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from millwork.core.errors import NotFound, WrongArgument, did_you_mean
from millwork.templates.questionnaire import Question, questions_in, read_config
from millwork.templates.repositories import cloned, is_repository

STOCK = Path(__file__).parent
EVERY_PROJECT = STOCK / "every-project"
"""What all stock templates share: their own files are laid over these."""


@dataclass(frozen=True)
class Template:
    """A copier template on this disk: a folder with a copier.yaml."""

    name: str
    folder: Path
    source: str
    """How `millwork template update` finds it again: a name, a folder or a URL."""
    stock: bool = False
    commit: str = ""
    """Of a git repository: the tag, or the commit."""
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def version(self) -> str:
        """What the template calls its version; otherwise the commit; otherwise nothing."""
        return str(self.config.get("_millwork_version", "")) or self.commit

    @property
    def description(self) -> str:
        """One line."""
        return str(self.config.get("_millwork_description", ""))

    @property
    def next_commands(self) -> Sequence[tuple[str, str]]:
        """What to do in a new project: commands, and what each is for."""
        return [(str(command), str(why)) for command, why in self.config.get("_millwork_next", {}).items()]

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """By name, in the order in which they are asked."""
        return questions_in(self.config)


def known_templates(folders: Sequence[Path] = ()) -> dict[str, Template]:
    """The templates that have a name: Millwork's, and those of a company's `folders`, which may replace ours."""
    found = {
        t.name: t
        for t in map(
            _stock_template, (f for f in sorted(STOCK.glob("*/copier.yaml")) if f.parent != EVERY_PROJECT)
        )
    }
    for folder in folders:
        if not folder.is_dir():
            raise NotFound(
                f"There is no folder of templates {str(folder)!r}. It is named in MILLWORK_TEMPLATES, or as templates "
                "below [tool.millwork] in pyproject.toml"
            )
        for place in sorted(p for p in folder.iterdir() if is_template(p)):
            found[place.name] = _template_in(place, place.name)
    return found


@contextmanager
def opened_template(text: str, folders: Sequence[Path] = (), ref: str = "") -> Iterator[Template]:
    """The template of that name, in that folder, or in that git repository, which is cloned for as long."""
    known = known_templates(folders)
    versioned = bool(ref) and Path(text, ".git").exists()
    if text not in known and (is_repository(text) or versioned):
        url = (
            Path(text).absolute().as_uri() if Path(text).exists() else text
        )  # means the same in every folder
        with cloned(url, ref) as (folder, commit):
            name = text.rstrip("/").rpartition("/")[2].removesuffix(".git")
            yield Template(name, folder, url, commit=commit, config=read_config(folder))
        return
    if ref:
        raise WrongArgument(f"--ref {ref} names a version of a git repository, and {text!r} is none")
    yield known[text] if text in known else _folder(text, known)


def is_template(folder: Path) -> bool:
    """True if copier would take it."""
    return any((folder / name).is_file() for name in ("copier.yaml", "copier.yml"))


def _folder(text: str, known: Mapping[str, Template]) -> Template:
    folder = Path(text).expanduser().absolute()
    if not folder.is_dir():
        looks_like_a_path = os.sep in text or text.startswith(".")
        near = "" if looks_like_a_path else f" {did_you_mean(text, known)}"
        raise NotFound(
            f"There is no template and no folder {text!r}.{near}"
            + ("" if near else " `millwork template list` shows the templates that have names")
        )
    return _template_in(folder, str(folder))


def _template_in(folder: Path, source: str) -> Template:
    return Template(folder.name, folder, source, config=read_config(folder))


def _stock_template(file: Path) -> Template:
    folder = file.parent
    shared, own = read_config(EVERY_PROJECT), read_config(folder)
    return Template(folder.name, folder, folder.name, stock=True, config=_over(shared, own))


def _over(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What both have, such as a question, the template's own file changes only in what it says."""
    merged = dict(shared)
    for name, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = {**merged[name], **value} if both else value
    return merged
