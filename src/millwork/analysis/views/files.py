"""Of what has no view of its own: its pictures, and how its texts begin."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from markupsafe import Markup

from millwork.analysis.views.parts import figure, note, section, side_by_side, text_block
from millwork.core.graph import Artifact
from millwork.core.storage import file_sizes
from millwork.evaluation.reporting.names import name, number_of
from millwork.evaluation.reporting.report_section import ReportSection

TEXTS = (
    *(".csv", ".ini", ".json", ".jsonl", ".log", ".md", ".pbtxt", ".py", ".sql", ".toml", ".tsv", ".txt"),
    *(".xml", ".yaml", ".yml"),
)
PICTURES = {".png": ("image/png", b"\x89PNG\r\n"), ".jpg": ("image/jpeg", b"\xff\xd8\xff")}
PICTURES |= {".jpeg": PICTURES[".jpg"]}
"""By ending: the type, and how such a file begins. SVG and HTML from elsewhere could hold more than a picture."""
MOST_TEXTS, MOST_LINES, MOST_CHARACTERS = 8, 60, 12_000
MOST_PICTURE_BYTES = 700_000
"""Of all pictures of a page together."""


def files_sections(artifact: Artifact) -> Iterator[ReportSection]:
    """Pictures as they are, and the first lines of texts."""
    sizes = file_sizes(artifact.uri)
    folder = artifact.path if artifact.path.is_dir() else artifact.path.parent
    pictures = [path for path in sizes if Path(path).suffix.lower() in PICTURES]
    if pictures:
        yield _pictures(folder, pictures)
    texts = [path for path in sizes if path.lower().endswith(TEXTS)]
    if texts:
        yield _texts(folder, texts)


def text_beginning(file: Path, title: str = "", lines: int = MOST_LINES) -> Markup:
    """The first lines of a file, whatever bytes it has."""
    with file.open(encoding="utf-8", errors="replace") as content:
        text = "".join(islice(content, lines))[:MOST_CHARACTERS]
        more = bool(content.readline()) or len(text) == MOST_CHARACTERS
    return text_block(title, text.rstrip("\n") + ("\n…" if more else ""))


def _texts(folder: Path, paths: list[str]) -> ReportSection:
    shown = [text_beginning(folder / path, name(path, 100)) for path in paths[:MOST_TEXTS]]
    if len(paths) > MOST_TEXTS:
        shown.append(note(f"{number_of(len(paths) - MOST_TEXTS, 'more text')} not shown."))
    return section("texts", "Texts", *shown)


def _pictures(folder: Path, paths: list[str]) -> ReportSection:
    left, shown, skipped = MOST_PICTURE_BYTES, [], 0
    for path in paths:
        kind, magic = PICTURES[Path(path).suffix.lower()]
        content = (folder / path).read_bytes() if (folder / path).stat().st_size <= left else b""
        if not content.startswith(magic):
            skipped += 1
            continue
        left -= len(content)
        shown.append(figure(name(path, 60), _picture(kind, content, path)))
    told = note(f"{number_of(skipped, 'picture')} not shown: too large, or no picture.") if skipped else ""
    return section("pictures", "Pictures", side_by_side(shown), told)


def _picture(kind: str, content: bytes, path: str) -> Markup:
    data = base64.b64encode(content).decode()
    return Markup('<img src="data:{};base64,{}" alt="{}">').format(kind, data, name(path, 100))
