"""`millwork artifacts view`: a page about an artifact, as a file."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import pytest
from sample_command_line import Said
from sample_gallery import gallery
from typer.testing import CliRunner

from millwork.cli.main import app


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MILLWORK_ROOT", str(gallery().root))


def view(*arguments: str) -> Said:
    done = CliRunner().invoke(app, ["artifacts", "view", *arguments], prog_name="millwork")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)


def id_of(kind: str) -> str:
    return str(gallery().ids[kind])


def test_the_page_is_in_the_current_folder_named_by_type_and_id(tmp_path: Path) -> None:
    file = tmp_path / f"ExampleStatistics-{id_of('ExampleStatistics')}.html"
    assert view(id_of("ExampleStatistics")) == Said(0, f"{file}\n", "")
    assert "What most differs between splits" in file.read_text()


def test_the_page_may_be_elsewhere_or_go_to_stdout(tmp_path: Path) -> None:
    said = view(id_of("Schema"), "-o", "pages/schema.html")
    assert said.out == f"{tmp_path / 'pages/schema.html'}\n"
    assert view(id_of("Schema"), "-o", "-").out == (tmp_path / "pages/schema.html").read_text()


def test_programs_are_told_where_it_is(tmp_path: Path) -> None:
    document = json.loads(view(id_of("Schema"), "--json").out)
    file = tmp_path / f"Schema-{id_of('Schema')}.html"
    assert document == {
        "schema": "millwork/page/v1",
        "id": gallery().ids["Schema"],
        "type": "Schema",
        "file": str(file),
        "bytes": file.stat().st_size,
    }


def test_one_split_may_be_chosen() -> None:
    assert "train: 3 rows" not in view(id_of("Examples"), "--split", "eval", "-o", "-").out
    said = view(id_of("Examples"), "--split", "evil")
    assert said.code == 1
    assert "has no split 'evil'" in said.err


def test_it_is_opened_only_if_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def no_browser(address: str) -> bool:
        opened.append(address)
        return False

    monkeypatch.setattr(webbrowser, "open", no_browser)
    view(id_of("Schema"))
    assert opened == []
    said = view(id_of("Schema"), "--open")
    assert opened == [(tmp_path / f"Schema-{id_of('Schema')}.html").as_uri()]
    assert "There is no browser here" in said.err


def test_what_is_not_there_is_told() -> None:
    said = view("99")
    assert said.code == 4
    assert "There is no artifact 99" in said.err


def test_a_file_that_cannot_be_written_is_told() -> None:
    said = view(id_of("Schema"), "-o", "/proc/schema.html")
    assert said.code == 2
    assert "'/proc/schema.html' cannot be written" in said.err


def test_stdout_has_no_file_to_tell_of() -> None:
    assert view(id_of("Schema"), "-o", "-", "--json").code == 2
