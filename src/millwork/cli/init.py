"""`millwork init`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from millwork.cli import options
from millwork.cli.printing import is_terminal, print_json, say
from millwork.cli.project import template_folders
from millwork.cli.template_documents import InitDocument
from millwork.core.errors import WrongArgument
from millwork.templates.generating import Asking, Project, generate
from millwork.templates.questionnaire import check_answers, parse_answers
from millwork.templates.sources import Template, known_templates, opened_template

app = options.new_app()

_FOR_A_FILE = "minimal"
"""The template that --from implies."""

Answers = Annotated[
    list[str] | None,
    typer.Option("--answer", "-a", metavar="NAME=VALUE", help="Answer a question. Repeat for several."),
]
Trust = Annotated[
    bool, typer.Option("--trust", help="Let a template that is not Millwork's run programs of its own.")
]
Ref = Annotated[
    str,
    typer.Option(
        "--ref",
        metavar="REF",
        help="Of a git repository: a tag, a branch or a commit. By default its newest version tag.",
        show_default=False,
    ),
]


@app.command()
def init(
    directory: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="Where the project goes. By default a new folder called like the project, or like the file of --from.",
        ),
    ] = None,
    template: Annotated[
        str,
        typer.Option(
            "--template",
            "-t",
            metavar="TEMPLATE",
            help="One that `millwork template list` shows, a folder, or the URL of a git repository.",
            show_default=False,
        ),
    ] = "",
    ref: Ref = "",
    answer: Answers = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: the defaults hold for what --answer leaves open.")
    ] = False,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Your own CSV file: the columns are read from it, and the project is written for them.",
        ),
    ] = None,
    label: Annotated[
        str,
        typer.Option(
            "--label", metavar="COLUMN", help="Of --from: what is to be predicted.", show_default=False
        ),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    trust: Trust = False,
    as_json: options.AsJson = False,
) -> None:
    """Make a project from a template.

    It can be tested and run as it is. On a terminal the template's questions are asked; elsewhere --defaults or
    --answer must answer them. Files that are there and would change are overwritten only if you say so.
    """
    asking = is_terminal(sys.stdin) and is_terminal(sys.stderr) and not defaults and not as_json
    given: dict[str, Any] = {**_inferred(from_, label), **parse_answers(answer)}
    name = template or (_FOR_A_FILE if from_ else _chosen(asking))
    with opened_template(name, template_folders(), ref) as found:
        if found.stock and found.name == _FOR_A_FILE and from_ is None:
            raise WrongArgument(
                f"Template {_FOR_A_FILE} is written for a file of yours: millwork init --from data.csv --label y"
            )
        if from_ is not None and "data_file" not in found.questions:
            raise WrongArgument(
                f"Template {found.name} is not written for a file of yours, as --from needs it. Leave --template out"
            )
        if not asking and not defaults:
            _all_answered(found, given)
        decide = _overwrite_all if force else _ask_each if asking else _refuse
        try:
            project = generate(found, directory, given, decide, Asking(asking, say, trust))
        except KeyboardInterrupt:
            say("Interrupted: nothing was made")
            raise
    document = _document(project)
    print_json(document) if as_json else _tell(project, document)


def _inferred(file: Path | None, label: str) -> Mapping[str, Any]:
    if bool(file) != bool(label):
        raise WrongArgument(
            "--from FILE and --label COLUMN belong together: what is to be predicted from what"
        )
    if file is None:
        return {}
    from millwork.templates.inference import infer

    return infer(file, label)


def _chosen(asking: bool) -> str:
    known = known_templates(template_folders())
    if not asking:
        raise WrongArgument(
            f"Which template? --template takes one of: {', '.join(known)}; or a folder, or a URL"
        )
    width = max(map(len, known))
    for template in known.values():
        say(f"  {template.name.ljust(width)}  {template.description}")
    return str(typer.prompt("Template", default=next(iter(known)), err=True))


def _all_answered(template: Template, given: Mapping[str, Any]) -> None:
    check_answers(template.name, template.questions, given)
    open_ = [q for q in template.questions.values() if q.asked and q.name not in given]
    if open_:
        asked = "\n".join(f"  {question}" for question in open_)
        raise WrongArgument(
            f"Template {template.name} asks, and this is no terminal:\n{asked}\nAnswer with --answer name=value, or "
            "take the defaults with --defaults"
        )


def _overwrite_all(files: Sequence[str]) -> Sequence[str]:
    return files


def _refuse(files: Sequence[str]) -> Sequence[str]:
    there = "\n".join(f"  {file}" for file in files)
    raise WrongArgument(
        f"These files are there and would change:\n{there}\nNothing was written. --force overwrites them"
    )


def _ask_each(files: Sequence[str]) -> Sequence[str]:
    say(f"{len(files)} files are there and would change.")
    allowed: list[str] = []
    for at, file in enumerate(files):
        answer = str(typer.prompt(f"Overwrite {file}? yes, no, all, none", default="no", err=True)).lower()
        if answer.startswith("a"):
            return [*allowed, *files[at:]]
        if answer == "none":
            break
        if answer.startswith("y"):
            allowed.append(file)
    return allowed


def _document(project: Project) -> InitDocument:
    folder = project.folder.absolute()
    commands = [command for command, _ in project.template.next_commands]
    return {
        "schema": "millwork/init/v1",
        "folder": str(folder),
        "template": project.template.name,
        "version": project.template.version,
        "answers": dict(project.answers),
        "written": list(project.files.written),
        "kept": list(project.files.kept),
        "next": commands if folder == Path.cwd() else [f"cd {shlex.quote(_shown(folder))}", *commands],
    }


def _tell(project: Project, document: InitDocument) -> None:
    version = f" {document['version']}" if document["version"] else ""
    print(
        f"Made {_shown(project.folder)} from {document['template']}{version}: {len(document['written'])} files"
    )
    for file in document["kept"]:
        print(f"  kept your {file}")
    if project.template.stock and project.template.name == _FOR_A_FILE:
        for column, reason in project.answers["left_out"].items():
            print(f"  column {column!r} is left out: it {reason}")
    reasons = dict(project.template.next_commands)
    width = max((len(command) for command in document["next"]), default=0)
    if document["next"]:
        print("\nNext:")
    for command in document["next"]:
        why = reasons.get(command, "")
        print(f"  {command.ljust(width)}  # {why}" if why else f"  {command}")


def _shown(folder: Path) -> str:
    folder = folder.absolute()
    return str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)
