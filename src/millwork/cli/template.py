"""`millwork template`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from millwork.cli import options
from millwork.cli.exits import ExitCode
from millwork.cli.init import Answers, Ref, Trust
from millwork.cli.printing import print_json, print_table, say
from millwork.cli.project import template_folders
from millwork.cli.template_documents import (
    TemplateDocument,
    TemplatesDocument,
    TemplateSummary,
    UpdateDocument,
)
from millwork.templates.questionnaire import parse_answers
from millwork.templates.record import RECORD, read_record
from millwork.templates.sources import Template, known_templates, opened_template
from millwork.templates.updating import Update, carry_out, plan_update

app = options.new_app(help="Templates of projects: which there are, and updates.")


@app.command("list")
def list_(as_json: options.AsJson = False) -> None:
    """List the templates that have names: Millwork's, and those in folders of your own.

    Folders of your own are named in MILLWORK_TEMPLATES, or as templates in pyproject.toml's table tool.millwork.
    """
    found = [_summary(template) for template in known_templates(template_folders()).values()]
    document: TemplatesDocument = {"schema": "millwork/templates/v1", "templates": found}
    if as_json:
        print_json(document)
    else:
        rows = [(t["name"], t["version"], t["source"], t["description"]) for t in found]
        print_table(("template", "version", "from", "for"), rows)


def _summary(template: Template) -> TemplateSummary:
    return {
        "name": template.name,
        "version": template.version,
        "description": template.description,
        "source": "millwork" if template.stock else str(template.folder.parent),
    }


@app.command()
def describe(
    name: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A name, a folder or a URL.")],
    ref: Ref = "",
    as_json: options.AsJson = False,
) -> None:
    """Say what a template is for and what it asks."""
    with opened_template(name, template_folders(), ref) as template:
        document: TemplateDocument = {
            "schema": "millwork/template/v1",
            **_summary(template),
            "questions": [
                {
                    "name": q.name,
                    "type": q.type,
                    "help": q.about,
                    "default": q.default,
                    "choices": list(q.choices),
                }
                for q in template.questions.values()
                if q.asked
            ],
        }
    print_json(document) if as_json else _print(document, _example(template, name))


@app.command()
def update(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The project. By default the one that this folder lies in."),
    ] = None,
    template: Annotated[
        str,
        typer.Option(
            "--template",
            "-t",
            metavar="TEMPLATE",
            help="Where the template is now: a name, a folder or a URL. By default where it was.",
            show_default=False,
        ),
    ] = "",
    ref: Ref = "",
    answer: Answers = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    trust: Trust = False,
    as_json: options.AsJson = False,
) -> None:
    """Take over what changed in the template since the project was made from it.

    Your own changes stay. Where both changed the same lines, both versions are in the file, marked as git marks them,
    and the command exits with 1. Questions that are new are answered with their defaults, or with --answer.
    """
    project = _project_in(directory)
    record = read_record(project)
    with opened_template(template or record.source, template_folders(), ref) as found:
        planned = plan_update(project, record, found, parse_answers(answer), trust=trust)
    if not dry_run:
        carry_out(project, planned)
    document = _update_document(planned, dry_run)
    print_json(document) if as_json else _tell(document)
    if planned.conflicts:
        raise typer.Exit(ExitCode.FAILED)


def _project_in(directory: Path | None) -> Path:
    if directory is not None:
        return directory.absolute()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / RECORD).is_file()), here)


def _update_document(update: Update, dry_run: bool) -> UpdateDocument:
    return {
        "schema": "millwork/template-update/v1",
        "template": update.after.template,
        "from_version": update.before.version,
        "to_version": update.after.version,
        "dry_run": dry_run,
        "files": [{"path": c.path, "action": c.action.value, "reason": c.reason} for c in update.changes],
        "conflicts": update.conflicts,
    }


def _tell(document: UpdateDocument) -> None:
    if document["files"]:
        rows = [(f["action"], f["path"], f["reason"]) for f in document["files"]]
        print_table(("action", "file", "reason"), rows)
    versions = " → ".join(dict.fromkeys(v for v in (document["from_version"], document["to_version"]) if v))
    count = len(document["conflicts"])
    done = f"{count} to settle by hand" if count else "nothing to settle by hand"
    if not document["files"]:
        done = "nothing to do"
    elif document["dry_run"]:
        done += ". Nothing was written"
    say(f"Template {document['template']} {versions}".rstrip() + f": {done}")


def _example(template: Template, name: str) -> str:
    """A command that makes a project."""
    if "data_file" in template.questions:
        return "millwork init --from data.csv --label y --defaults"
    return f"millwork init my-project --template {shlex.quote(name)} --defaults"


def _print(document: TemplateDocument, example: str) -> None:
    print(f"{document['name']} {document['version']}".rstrip() + f": {document['description']}")
    print("\nQuestions\n")
    for question in document["questions"]:
        choices = f", one of {', '.join(question['choices'])}" if question["choices"] else ""
        print(f"    {question['name']}: {question['type']}{choices} = {question['default']!r}")
        if question["help"]:
            print(f"        {question['help']}")
    print(f"\nExample\n\n    {example}")
