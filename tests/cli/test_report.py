"""`millwork report`: a comparison as one HTML file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_command_line import CommandLine, Said
from sample_scored_runs import scored_runs

USUAL, BLIND, WORSE = "latest~3", "latest~2", "latest~1"


@pytest.fixture(scope="session")
def millwork() -> CommandLine:
    return scored_runs()


@pytest.fixture(scope="session")
def report(millwork: CommandLine) -> Callable[..., Said]:
    return lambda *arguments: millwork.here("report", *arguments)


def test_it_writes_the_file_says_where_and_what_was_found(
    report: Callable[..., Said], tmp_path: Path
) -> None:
    file = tmp_path / "new" / "report.html"
    said = report(USUAL, BLIND, "--by", "health", "-o", str(file))
    assert (said.code, said.out) == (0, f"{file}\n")
    assert ": worse. ROC AUC" in said.err
    html = file.read_text()
    assert html.startswith("<!doctype html>")
    assert "It is worse in 1 of 2 slices: health:poor." in html


def test_a_folder_gets_a_report(report: Callable[..., Said], tmp_path: Path) -> None:
    said = report(USUAL, BLIND, "-o", str(tmp_path), "--quiet")
    assert (said.out, said.err) == (f"{tmp_path / 'report.html'}\n", "")
    assert (tmp_path / "report.html").stat().st_size < 500_000


def test_json_says_where_the_page_is_and_the_verdict(report: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    document = json.loads(report(USUAL, BLIND, "-o", str(file), "--json").out)
    assert document == {
        "schema": "millwork/report/v1",
        "file": str(file),
        "bytes": file.stat().st_size,
        "verdict": "worse",
    }
    assert report(USUAL, BLIND, "-o", "-", "--json").code == 2


def test_the_page_goes_to_stdout_for_a_dash(report: Callable[..., Said]) -> None:
    said = report(USUAL, BLIND, "-o", "-", "--title", "Ours & theirs")
    assert said.out.startswith("<!doctype html>")
    assert "<title>Ours &amp; theirs</title>" in said.out


def test_it_shows_how_the_runs_differ_and_marks_the_first_cause(report: Callable[..., Said]) -> None:
    html = report(USUAL, BLIND, "-o", "-").out
    changes = html.partition('<section id="changes"')[2].partition("</section>")[0]
    assert "train was given other values" in changes
    assert "blind_to" in changes
    lineage = html.partition('<section id="lineage"')[2].partition("</section>")[0]
    assert "first cause" in lineage


def test_of_several_challengers_each_is_told(report: Callable[..., Said]) -> None:
    html = report(USUAL, BLIND, WORSE, "-o", "-").out
    assert html.count('<article class="verdict') == 2
    assert html.count("<h3>Hyperparameters and other parameters: ") == 2


def test_models_of_one_run_have_a_lineage_and_no_differences(report: Callable[..., Said]) -> None:
    html = report(USUAL, USUAL, "-o", "-").out
    assert '<section id="changes"' not in html
    assert '<section id="lineage"' in html
    assert "Lineage of" in html


def test_it_holds_the_document_of_compare(report: Callable[..., Said], millwork: CommandLine) -> None:
    html = report(USUAL, BLIND, "-o", "-").out
    found = re.search(r'<script type="application/json" id="findings">(.*?)</script>', html, re.S)
    assert found
    inside, printed = json.loads(found[1]), json.loads(millwork.here("compare", USUAL, BLIND, "--json").out)
    assert inside["models"] == printed["models"]
    assert [f["verdict"] for f in inside["findings"]] == [f["verdict"] for f in printed["findings"]]


def test_files_from_elsewhere_need_no_store(millwork: CommandLine, tmp_path: Path) -> None:
    for name, shift in (("old", 0), ("new", 1)):
        lines = [f"{n},{n % 2},{(n % 2 * 40 + (n * 7 + shift * n) % 60) / 100}" for n in range(200)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["row_id,label,score", *lines]))
    paths = [str(tmp_path / f"{name}.csv") for name in ("old", "new")]
    said = millwork.here("report", *paths, "-o", "-", "--root", str(tmp_path / "nothing"), "--positive", "1")
    assert said.code == 0, said
    assert '<section id="lineage"' not in said.out


def test_a_gate_still_leaves_a_report(report: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    said = report(USUAL, BLIND, "-o", str(file), "--fail-on", "regression")
    assert said.code == 3
    assert file.is_file()


def test_what_cannot_be_written_is_told(report: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = report(USUAL, BLIND, "-o", str(tmp_path / "file" / "report.html"))
    assert said.code == 2
    assert "--output" in said.err


def test_a_model_alone_is_shown_by_itself(report: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "model.html"
    said = report(USUAL, "--by", "health", "-o", str(file))
    assert (said.code, said.out, said.err) == (0, f"{file}\n", "")
    html = file.read_text()
    parts = re.findall(r'<section id="(\w+)"', html)
    assert parts == ["metrics", "slices", "curves", "calibration", "confusion", "lineage"]
    assert '<th scope="row">health:poor</th><td>300</td>' in html
