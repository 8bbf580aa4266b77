"""`millwork template`."""

from __future__ import annotations

from typing import Annotated

import typer

from millwork.cli import options
from millwork.cli.init import Ref
from millwork.cli.printing import print_json, print_table
from millwork.cli.project import template_folders
from millwork.cli.template_documents import TemplateDocument, TemplatesDocument, TemplateSummary
from millwork.templates.sources import Template, known_templates, opened_template

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
    print_json(document) if as_json else _print(document)


def _print(document: TemplateDocument) -> None:
    print(f"{document['name']} {document['version']}".rstrip() + f": {document['description']}")
    print("\nQuestions\n")
    for question in document["questions"]:
        choices = f", one of {', '.join(question['choices'])}" if question["choices"] else ""
        print(f"    {question['name']}: {question['type']}{choices} = {question['default']!r}")
        if question["help"]:
            print(f"        {question['help']}")
    print(f"\nExample\n\n    millwork init my-project --template {document['name']} --defaults")
