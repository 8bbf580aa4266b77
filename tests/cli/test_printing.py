"""Text for people, on a terminal and elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from millwork.cli import printing


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, ""), (0.0042, "4 ms"), (0.75, "750 ms"), (3.14, "3.1 s"), (75, "1 min 15 s"), (7260, "2 h 1 min")],
)
def test_durations_read_like_durations(seconds: float, text: str) -> None:
    assert printing.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (5 * 1024**2, "5.0 MiB"),
        (2**40, "1.0 TiB"),
        (2**31, "2.0 GiB"),
    ],
)
def test_sizes_read_like_sizes(count: int, text: str) -> None:
    assert printing.file_size(count) == text


def test_a_table_is_aligned_text_with_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    printing.print_table(("name", "size"), [("a", "5"), ("longer", "1000\nhidden")], right=("size",))
    assert capsys.readouterr().out == "name    size\na          5\nlonger  1000\n"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _table_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    columns: tuple[str, ...] = ("step", "state"),
    row: tuple[str, ...] = ("ok", "failed"),
    **environment: str,
) -> str:
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    printing.print_table(columns, [row])
    return terminal.getvalue()


def test_on_a_terminal_states_are_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    text = _table_on_a_terminal(monkeypatch)
    assert "\033[31mfailed" in text
    assert "\033[32mok" not in text  # a step's name is not a state


def test_no_color_means_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\033[31m" not in _table_on_a_terminal(monkeypatch, NO_COLOR="1")


def test_on_a_narrow_terminal_the_widest_column_is_folded_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = ("20261126-071027-0648f1", "/somewhere/far/away/from/here", "24")
    text = _table_on_a_terminal(monkeypatch, ("run", "place", "id"), row, COLUMNS="40", TERM="dumb")
    first, *folded = [line.split() for line in text.splitlines()[1:]]
    assert (first[0], first[2]) == ("20261126-071027-0648f1", "24")
    assert first[1] + "".join(word for line in folded for word in line) == row[1]


def test_ci_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _table_on_a_terminal(monkeypatch, CI="1") == "step  state\nok    failed\n"


def test_errors_are_red_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    printing.say_error("no")
    assert terminal.getvalue() == "\033[1;31mError:\033[0m no\n"
    monkeypatch.setenv("NO_COLOR", "1")
    printing.say_error("no")
    assert terminal.getvalue().endswith("\nError: no\n")
