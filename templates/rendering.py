"""From a template and answers to files: copier does it, in a temporary folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millwork.core.errors import BadInput, MillworkError, WrongArgument
from millwork.templates.sources import EVERY_PROJECT, Template

_NEVER_COPIED = shutil.ignore_patterns(
    ".git", "__pycache__", "*.pyc", ".DS_Store", ".mypy_cache", ".ruff_cache", ".pytest_cache"
)
_SUFFIX = ".jinja"


@dataclass(frozen=True)
class Rendering:
    """A rendered project."""

    folder: Path
    answers: Mapping[str, Any]
    """Of every question, also of those that are computed."""
    remembered: Mapping[str, Any]
    """Those that `millwork template update` needs again. Secrets are not among them."""


def render(
    template: Template,
    into: Path,
    answers: Mapping[str, Any],
    *,
    defaults: Mapping[str, Any] | None = None,
    ask: bool = False,
    trust: bool = False,
) -> Rendering:
    """Render `template` into the folder `into`.

    What `answers` leaves open is asked on the terminal, if `ask`; otherwise `defaults`, and then the template's own
    defaults hold. A template that wants to run programs is refused unless `trust`.
    """
    from copier import Settings, run_copy

    with _as_folder(template) as source, _explained(template, answers):
        worker = run_copy(
            str(source),
            into,
            {**answers, **_context()},
            user_defaults=dict(defaults or {}),
            settings=Settings(),  # those of the user's copier would change what a template means
            defaults=not ask,
            overwrite=True,
            unsafe=trust,
            quiet=True,
        )
    found = worker.answers
    everything = {n: found.combined[n] for n in template.questions if n in found.combined}
    secret = worker.template.secret_questions
    kept = {
        n: v for n, v in everything.items() if n not in secret and (n not in found.hidden or n in answers)
    }
    return Rendering(into, everything, kept)


def _context() -> dict[str, Any]:
    """What templates may use without asking."""
    from importlib.metadata import version

    return {"millwork_version": version("millwork")}


@contextmanager
def _as_folder(template: Template) -> Iterator[Path]:
    """A copy without .git, which copier would clone instead of taking it as it is."""
    with tempfile.TemporaryDirectory(prefix="millwork-template-") as temporary:
        folder = Path(temporary, "template")
        if template.stock:
            _lay_over(EVERY_PROJECT / "project", folder / "project")
            _lay_over(template.folder / "project", folder / "project")
            shutil.copytree(EVERY_PROJECT / "parts", folder / "parts")
            _write_config(template, folder)
        else:
            shutil.copytree(template.folder, folder, symlinks=True, ignore=_NEVER_COPIED)
        yield folder


def _lay_over(upper: Path, lower: Path) -> None:
    """Copy `upper` over `lower`. A file replaces one of its name, whether or not either is to be rendered."""
    for file in (f for f in upper.rglob("*") if f.is_file()):
        below = lower / file.relative_to(upper)
        twin = below.with_name(
            below.name.removesuffix(_SUFFIX) if below.suffix == _SUFFIX else below.name + _SUFFIX
        )
        twin.unlink(missing_ok=True)
    shutil.copytree(upper, lower, dirs_exist_ok=True, ignore=_NEVER_COPIED)


def _write_config(template: Template, folder: Path) -> None:
    import yaml

    marked = {
        n: {"qmark": "?", **v} if isinstance(v, dict) and n[0] != "_" else v
        for n, v in template.config.items()
    }
    text = yaml.safe_dump(marked, sort_keys=False, allow_unicode=True)
    (folder / "copier.yaml").write_text(text, encoding="utf-8")


@contextmanager
def _explained(template: Template, answers: Mapping[str, Any]) -> Iterator[None]:
    """Copier's errors as ours: of an answer, or of the template."""
    from copier.errors import CopierError, UnsafeTemplateError
    from jinja2 import TemplateError

    try:
        yield
    except UnsafeTemplateError as e:
        raise WrongArgument(
            f"Template {template.name} wants to run programs of its own. If you trust {template.source}, add --trust"
        ) from e
    except KeyboardInterrupt:
        raise KeyboardInterrupt from None
    except (CopierError, TemplateError) as e:
        raise BadInput(f"Template {template.name} cannot be rendered: {e}") from e
    except ValueError as e:
        raise WrongArgument(f"Template {template.name}: {e}") from e
    except OSError as e:
        raise MillworkError(f"Template {template.name} cannot be rendered: {e}") from e
