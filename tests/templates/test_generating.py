"""`millwork init`: what it makes, what it refuses, and that it never harms what is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_command_line import Said
from sample_templates import FIRST, tree, write_template
from sample_terminal import at_a_terminal

from millwork.templates import generating

Millwork = Callable[..., Said]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A company's template, version 1."""
    return write_template(tmp_path / "company", FIRST)


def test_a_project_is_made_and_it_says_what_to_do_next(millwork: Millwork, folder: Path) -> None:
    said = millwork("init", "--template", "tabular-binary", "--answer", "project_name=visits", "--defaults")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Made visits from tabular-binary 1")
    commands = [line.split("#")[0].strip() for line in said.out.partition("Next:\n")[2].splitlines()]
    assert len(commands) == 5
    assert commands[:3] == ["cd visits", "pytest", "millwork run"]
    assert (folder / "visits/src/visits/pipeline.py").is_file()
    assert (folder / "visits/.github/workflows/compare.yml").is_file()
    assert [p.name for p in folder.iterdir()] == ["visits"]


def test_the_folder_gives_the_project_its_name(millwork: Millwork, folder: Path) -> None:
    document = json.loads(millwork("init", "Churn Model 2", "-t", "image", "--defaults", "--json").out)
    assert document["schema"] == "millwork/init/v1"
    assert (document["answers"]["project_name"], document["answers"]["package"]) == (
        "churn-model-2",
        "churn_model_2",
    )
    assert document["folder"] == str(folder / "Churn Model 2")


def test_a_folder_with_accents_gives_a_name_without_them(millwork: Millwork, folder: Path) -> None:
    document = json.loads(millwork("init", "Bücher für Zoë", "-t", "image", "--defaults", "--json").out)
    assert document["answers"]["package"] == "bucher_fur_zoe"


def test_what_comes_next_can_be_typed_as_it_is_shown(millwork: Millwork, folder: Path) -> None:
    assert "  cd 'my shop'\n" in millwork("init", "my shop", "-t", "image", "--defaults").out


def test_the_columns_that_are_left_out_are_told(millwork: Millwork, folder: Path) -> None:
    (folder / "data.csv").write_text(
        ",x,y\n" + "".join(f"{row},{row % 7},{'ab'[row % 2]}\n" for row in range(60))
    )
    said = millwork("init", "p", "--from", "data.csv", "--label", "y", "--defaults")
    assert "column 'Unnamed: 0' is left out: it has no name in the file and labels the row\n" in said.out


@pytest.mark.parametrize(
    ("file", "project", "package"),
    [
        ("sales.csv", "sales", "sales"),
        ("Verkäufe 2024.csv", "verkaufe-2024", "verkaufe_2024"),
        ("data.csv", "data-project", "data_project"),
        ("2024.csv", "my-project", "my_project"),
    ],
)
def test_without_a_folder_the_file_gives_the_project_its_name(
    millwork: Millwork, folder: Path, file: str, project: str, package: str
) -> None:
    (folder / file).write_text("x,y\n" + "1,a\n2,b\n" * 20)
    said = millwork("init", "--from", file, "--label", "y", "--defaults")
    assert (said.code, said.err) == (0, "")
    assert (folder / project / "src" / package / "pipeline.py").is_file()


def test_a_name_that_is_given_goes_before_that_of_the_file(millwork: Millwork, folder: Path) -> None:
    (folder / "sales.csv").write_text("x,y\n" + "1,a\n2,b\n" * 20)
    given = ("--defaults", "-a", "project_name=returns")
    assert millwork("init", "--from", "sales.csv", "--label", "y", *given).code == 0
    assert (folder / "returns/src/returns/pipeline.py").is_file()


def test_a_file_is_for_the_template_that_reads_it(millwork: Millwork, folder: Path) -> None:
    (folder / "data.csv").write_text("x,y\n" + "1,a\n2,b\n" * 20)
    said = millwork("init", "-t", "image", "--from", "data.csv", "--label", "y", "--defaults")
    assert said.code == 2
    assert "Template image is not written for a file of yours" in said.err


def test_the_same_answers_make_the_same_bytes(millwork: Millwork, folder: Path) -> None:
    for name in ("a", "b"):
        answers = ("-a", "project_name=same", "-a", "package=same")
        assert millwork("init", name, "-t", "tabular-binary", "--defaults", *answers).code == 0
    assert tree(folder / "a") == tree(folder / "b")


def test_nothing_is_left_to_fill_in(millwork: Millwork, folder: Path) -> None:
    assert millwork("init", "p", "-t", "tabular-binary", "--defaults").code == 0
    for name, content in tree(folder / "p").items():
        if not name.startswith(("data/", ".millwork-template.zip")):
            for word in (b"TODO", b"FIXME", b"{{ ", b"{% "):
                assert word not in content.replace(b"${{ ", b""), name


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["-t", "tabular"],
            4,
            "There is no template and no folder 'tabular'. Did you mean 'tabular-binary'?",
        ),
        (["-t", "./absent"], 4, "There is no template and no folder './absent'"),
        ([], 2, "Which template? --template takes one of: image, "),
        (["-t", "tabular-binary"], 2, "asks, and this is no terminal:\n  project_name: The project's name"),
        (["-t", "tabular-binary", "--defaults", "-a", "x"], 2, "--answer takes name=value, but got 'x'"),
        (["-t", "tabular-binary", "--defaults", "-a", "framwork=keras"], 2, "Did you mean 'framework'?"),
        (["-t", "tabular-binary", "--defaults", "-a", "framework=kears"], 2, "Did you mean 'keras'?"),
        (["-t", "image", "--defaults", "-a", "project_name=My_Project"], 2, "Perhaps 'my-project'"),
        (["-t", "image", "--defaults", "-a", "package=class"], 2, "it is a word of Python's grammar"),
        (["-t", "image", "--defaults", "-a", "package=json"], 2, "Python has a module of this name"),
        (["-t", "image", "--defaults", "-a", "package=numpy"], 2, "an installed package has this name"),
        (["-t", "image", "--defaults", "-a", "package=tests"], 2, "the project has another folder"),
        (["-t", "image", "--defaults", "-a", "package=a-b"], 2, "Perhaps 'a_b'"),
        (["-t", "image", "--defaults", "--ref", "v1"], 2, "--ref v1 names a version of a git repository"),
        (["--from", "data.csv"], 2, "--from FILE and --label COLUMN belong together"),
        (["-t", "minimal", "--defaults"], 2, "millwork init --from data.csv --label y"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    millwork: Millwork, folder: Path, arguments: list[str], code: int, message: str
) -> None:
    said = millwork("init", *arguments)
    assert said.code == code, said
    assert message in said.err
    assert list(folder.iterdir()) == []


def test_what_is_there_is_not_overwritten(millwork: Millwork, folder: Path, template: Path) -> None:
    project = folder / "thing"
    project.mkdir()
    (project / "same.txt").write_text("mine\n")
    (project / "own.txt").write_text("own\n")
    before = tree(project)
    said = millwork("init", "thing", "-t", template, "--defaults")
    assert said.code == 2
    assert "These files are there and would change:\n  same.txt\nNothing was written" in said.err
    assert tree(project) == before
    assert millwork("init", "thing", "-t", template, "--defaults", "--force").code == 0
    assert ((project / "same.txt").read_text(), (project / "own.txt").read_text()) == ("same\n", "own\n")


def test_a_link_that_leads_nowhere_is_somebody_s_too(
    millwork: Millwork, folder: Path, template: Path
) -> None:
    (folder / "thing").mkdir()
    (folder / "thing/same.txt").symlink_to("absent")
    said = millwork("init", "thing", "-t", template, "--defaults")
    assert (said.code, "would change:\n  same.txt\n" in said.err) == (2, True)
    assert (folder / "thing/same.txt").is_symlink()


def test_made_again_nothing_changes(millwork: Millwork, folder: Path, template: Path) -> None:
    assert millwork("init", "thing", "-t", template, "--defaults").code == 0
    before = tree(folder)
    said = millwork("init", "thing", "-t", template, "--defaults")
    assert (said.code, tree(folder)) == (0, before)
    assert "0 files" in said.out


def test_a_file_where_a_folder_belongs_is_refused(millwork: Millwork, folder: Path, template: Path) -> None:
    (folder / "thing").mkdir()
    (folder / "thing/src").write_text("")
    said = millwork("init", "thing", "-t", template, "--defaults")
    assert (said.code, "src is a file, and the project needs a folder there" in said.err) == (2, True)


@pytest.mark.parametrize("exists", [False, True])
def test_an_interrupted_command_leaves_everything_as_it_was(
    millwork: Millwork, folder: Path, template: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    project = folder / "thing"
    if exists:
        project.mkdir()
        (project / "same.txt").write_text("mine\n")
    before = tree(folder)
    renamed = 0

    def rename(old: Path, new: Path) -> None:
        nonlocal renamed
        renamed += 1
        if renamed == (6 if exists else 1):
            raise KeyboardInterrupt
        os.replace(old, new)

    monkeypatch.setattr(os, "rename", rename)
    said = millwork("init", "thing", "-t", template, "--defaults", "--force")
    assert said.code == 130
    assert renamed == (6 if exists else 1)
    assert tree(folder) == before
    assert [p for p in folder.rglob("*") if p.is_dir()] == ([project] if exists else [])


def test_data_that_cannot_be_written_leaves_nothing(
    millwork: Millwork, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(generating, "_add_data", fails)
    assert millwork("init", "p", "-t", "image", "--defaults").code == 1
    assert list(folder.iterdir()) == []


def test_on_a_terminal_the_questions_are_asked_and_a_bad_name_again(folder: Path) -> None:
    keys = [
        ("project's name", "\x15json\r"),
        ("package's name", "\r"),
        ("in one line", "\r"),
        ("made with", "\x1b[B\r"),
        ("Python has a module of this name", ""),
        ("package's name", "\x15jason\r"),
    ]
    code, screen = at_a_terminal(["init", "--template", "tabular-binary"], keys, folder)
    assert code == 0, screen
    answers = (folder / "json/.millwork-template.yml").read_text()
    assert "package: jason\n" in answers
    assert "framework: sklearn\n" in answers


def test_on_a_terminal_each_file_that_would_change_is_asked_for(folder: Path, template: Path) -> None:
    (folder / "thing").mkdir()
    for name in ("deleted.txt", "same.txt"):
        (folder / "thing" / name).write_text("mine\n")
    given = ["-a", "project_name=thing", "-a", "package=thing", "-a", "colour=red"]
    keys = [("Overwrite deleted.txt?", "yes\r"), ("Overwrite same.txt?", "no\r")]
    code, screen = at_a_terminal(["init", "thing", "-t", str(template), *given], keys, folder)
    assert code == 0, screen
    assert "kept your same.txt" in screen
    assert (folder / "thing/deleted.txt").read_text() == "one\n"
    assert (folder / "thing/same.txt").read_text() == "mine\n"


def test_ctrl_c_at_a_question_makes_nothing(folder: Path) -> None:
    code, screen = at_a_terminal(["init", "-t", "image"], [("project's name", "\x03")], folder)
    assert (code, list(folder.iterdir())) == (130, []), screen
    assert "nothing was made" in screen


def test_help_does_not_load_what_only_init_needs() -> None:
    code = (
        "import sys, millwork.cli.init, millwork.cli.template; print({'copier', 'yaml'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.stdout == "set()\n", said.stderr
