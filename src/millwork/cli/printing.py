"""Output: data on stdout, everything else on stderr; tables on a terminal, aligned text elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, TextIO

from millwork.analysis.amounts import file_size as file_size
from millwork.analysis.amounts import moment as moment

_LEAST_ROOM = 8
"""Characters of a column that is folded."""
_COLOURED = ("state", "action", "files", "verdict")
_COLOURS = {
    "running": "cyan",
    "run": "cyan",
    "complete": "green",
    "ok": "green",
    "cached": "blue",
    "reuse": "blue",
    "skipped": "yellow",
    "skip": "yellow",
    "cancelled": "yellow",
    "failed": "red",
    "fail": "red",
    "wrong": "red",
    "deleted": "red",
    "worse": "red",
    "inconclusive": "yellow",
    "better": "green",
}


def is_terminal(stream: TextIO) -> bool:
    """True if a person reads along: CI systems pretend to be terminals."""
    return stream.isatty() and not os.environ.get("CI")


def width_of_terminal() -> int:
    """Characters in a line of stdout; what is not a terminal has no end."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else sys.maxsize


def say(text: str) -> None:
    """Tell the user something that is not data."""
    print(text, file=sys.stderr, flush=True)


def say_error(text: str) -> None:
    """Tell the user why the command did not do its work."""
    coloured = is_terminal(sys.stderr) and not os.environ.get("NO_COLOR")
    say(f"\033[1;31mError:\033[0m {text}" if coloured else f"Error: {text}")


def coloured(word: str) -> str:
    """A state or a verdict, in its colour if a person looks at a terminal."""
    if word not in _COLOURS or not is_terminal(sys.stdout) or os.environ.get("NO_COLOR"):
        return word
    code = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36}[_COLOURS[word]]
    return f"\033[1;{code}m{word}\033[0m"


def print_json(document: Mapping[str, object]) -> None:
    """A document for programs."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Rows of text; the columns named in `right` hold numbers. Of several lines in a cell the first is shown."""
    cells = [[cell.partition("\n")[0] for cell in row] for row in rows]
    if is_terminal(sys.stdout):
        _print_rich(columns, cells, right)
        return
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for row in [list(columns), *cells]:
        padded = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(columns, row, widths, strict=True)
        ]
        print("  ".join(padded).rstrip())


def print_fields(fields: Mapping[str, str]) -> None:
    """One thing, a line for each of its fields. Empty ones are left out."""
    width = max(map(len, fields))
    for name, text in fields.items():
        if text:
            print(f"{name.ljust(width)}  {text}")


def iso(seconds: float) -> str | None:
    """A time for programs: ISO 8601 with the offset from UTC."""
    return (
        datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="milliseconds") if seconds else None
    )


def duration(seconds: float) -> str:
    """A length of time for people. Empty if there was none."""
    if not seconds:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _print_rich(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    folded = _only_folded(columns, rows, console.width)
    for place, name in enumerate(columns):
        justify: Literal["left", "right"] = "right" if name in right else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=folded not in (None, place))
    for row in rows:
        styles = [
            _COLOURS.get(cell, "") if name in _COLOURED else ""
            for name, cell in zip(columns, row, strict=True)
        ]
        table.add_row(*map(Text, row, styles))
    console.print(table)


def _only_folded(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> int | None:
    """The place of the widest column, if the others leave room for it: ids and numbers are copied in one piece."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    widest = max(range(len(widths)), key=widths.__getitem__)
    others = sum(widths) - widths[widest] + 2 * (len(widths) - 1)
    return widest if room - others >= _LEAST_ROOM else None
