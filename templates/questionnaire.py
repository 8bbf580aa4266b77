"""What a template asks: its copier.yaml, read without running anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millwork.core.errors import BadInput, NotFound, WrongArgument, did_you_mean


@dataclass(frozen=True)
class Question:
    """One question, as it is written in copier.yaml: defaults may be Jinja expressions."""

    name: str
    about: str
    type: str
    default: Any
    choices: tuple[str, ...]
    asked: bool
    """False of what is computed and never asked."""

    def __str__(self) -> str:
        choices = f" ({', '.join(self.choices)})" if self.choices else ""
        return f"{self.name}{choices}: {self.about}" if self.about else f"{self.name}{choices}"


def read_config(folder: Path) -> dict[str, Any]:
    """The settings and questions of the template in `folder`."""
    import yaml

    file = next((f for f in (folder / "copier.yaml", folder / "copier.yml") if f.is_file()), None)
    if file is None:
        raise NotFound(f"{folder} is no template: it has no copier.yaml")

    class Loader(yaml.SafeLoader):
        pass

    def include(loader: Any, node: Any) -> Any:
        parts = sorted(file.parent.glob(loader.construct_scalar(node)))
        return {k: v for part in parts for k, v in _merged(part, Loader).items()}

    Loader.add_constructor("!include", include)
    return _merged(file, Loader)


def _merged(file: Path, loader: Any) -> dict[str, Any]:
    """Copier takes several documents in a file; the later ones win."""
    import yaml

    try:
        with file.open(encoding="utf-8") as text:
            documents = [document or {} for document in yaml.load_all(text, loader)]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        raise BadInput(f"{file} cannot be read: {e}") from e
    if not all(isinstance(document, dict) for document in documents):
        raise BadInput(f"{file} must hold settings and questions, a name and a value each")
    return {str(k): v for document in documents for k, v in document.items()}


def questions_in(config: Mapping[str, Any]) -> dict[str, Question]:
    """The questions by name. Names with a leading underscore are copier's settings."""
    return {n: _question(n, given) for n, given in config.items() if not n.startswith("_")}


def _question(name: str, given: Any) -> Question:
    if not isinstance(given, dict):
        given = {"default": given}
    choices = given.get("choices") or ()
    values = choices.values() if isinstance(choices, dict) else choices
    return Question(
        name,
        str(given.get("help", "")).strip(),
        str(given.get("type", type(given.get("default", "")).__name__)),
        given.get("default"),
        tuple(map(str, values)) if not isinstance(choices, str) else (),
        asked=given.get("when", True) is not False,
    )


def parse_answers(given: list[str] | None) -> dict[str, str]:
    """`name=value`, as it is typed after --answer."""
    found = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise WrongArgument(f"--answer takes name=value, but got {text!r}")
        found[name.strip()] = value
    return found


def check_answers(template: str, questions: Mapping[str, Question], given: Mapping[str, object]) -> None:
    """Refuse answers to questions that are not asked, choices that there are not, and texts for numbers."""
    for name, value in given.items():
        if name not in questions:
            asked = [q.name for q in questions.values() if q.asked]
            raise WrongArgument(f"Template {template} has no question {name!r}. {did_you_mean(name, asked)}")
        choices = questions[name].choices
        if choices and isinstance(value, str) and value not in choices and "{{" not in "".join(choices):
            raise WrongArgument(f"{name} cannot be {value!r}. {did_you_mean(value, choices)}")
        if isinstance(value, str) and not _is_a(questions[name].type, value):
            raise WrongArgument(f"{name} is of type {questions[name].type}, but got {value!r}")


def _is_a(kind: str, value: str) -> bool:
    """Whether copier can make a number of it, if it is to be one."""
    read: Callable[[str], object] = {"int": int, "float": float}.get(kind, str)
    try:
        read(value)
    except ValueError:
        return False
    return True
