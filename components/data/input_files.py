"""Finding the files that an ExampleGen reads: by input, and by span where their paths tell one."""

from __future__ import annotations

import fnmatch
import glob
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from millwork.components.data.spans import (
    SpanPattern,
    Spans,
    SpanVersion,
    choose,
    number_of,
    placeholder_in,
    said_of,
    written,
)
from millwork.core.errors import BadInput, WrongArgument

MARKERS = ("_SUCCESS", "_metadata", "_common_metadata", "_started_*", "_committed_*")
"""Files without rows, which Spark and others leave beside their data."""


@dataclass(frozen=True)
class SpanFiles:
    """The files of one span, for each input in the order of their paths. Without spans in the patterns it is span 0."""

    span: int
    version: int
    files: Mapping[str, tuple[Path, ...]]


def find_inputs(
    base: Path, patterns: Mapping[str, SpanPattern | None], wanted: Spans | None = None
) -> list[SpanFiles]:
    """The files of the wanted spans, oldest first: of the latest one by default, and always in its latest version.

    `patterns` are those of the inputs, relative to the folder `base`; None: all files in it, or those that it matches
    if it is a pattern itself. BadInput if there is no such span, if an input has no files of it, or if its latest
    version is another than that of the other inputs.
    """
    found = {name: _by_span(base, pattern) for name, pattern in patterns.items()}
    there = {one for of_input in found.values() for one in of_input}
    days = any(pattern and pattern.has_days for pattern in patterns.values())
    chosen = choose(there, wanted)
    if not chosen:
        spans = [written(span, days=days) for span in sorted({one.span for one in there})]
        listed = ", ".join(spans if len(spans) < 10 else [*spans[:4], "…", *spans[-4:]])
        raise BadInput(
            f"There are no files of {said_of(wanted, days=days)} in {str(base)!r}. There are these spans: {listed}"
        )
    for one in chosen:
        _check_agreement(one, found, days)
    return [SpanFiles(*one, {name: found[name][one] for name in found}) for one in chosen]


def check_spans(base: Path, patterns: Mapping[str, SpanPattern | None], wanted: Spans | None) -> None:
    """Refuse inputs of which some tell a span (or a version) and others do not, and spans that nothing tells."""
    if (mark := placeholder_in(str(base))) is not None:
        raise WrongArgument(
            f"input_base={str(base)!r}: {mark} belongs into the pattern, which is relative to input_base. Write "
            f"input_base={str(base).partition(mark)[0].rpartition('/')[0]!r}, pattern=..."
        )
    told = {name: pattern.told if pattern else frozenset() for name, pattern in patterns.items()}
    if len(set(told.values())) > 1:
        raise WrongArgument(
            "input_splits: all patterns must have the same of {SPAN} (or {YYYY}, {MM}, {DD}) and {VERSION}, because "
            "the inputs are read in one span and version, but "
            + " and ".join(
                f"{name!r} has {', '.join(sorted(marks)) or 'none'}" for name, marks in told.items()
            )
        )
    if isinstance(wanted, int | str):
        number_of(wanted)
    if wanted is not None and not any(told.values()):
        raise WrongArgument(
            f"span={wanted!r}: nothing tells which span a file is of. Use {{SPAN}}, or {{YYYY}}, {{MM}} and {{DD}}, "
            "such as pattern='{YYYY}-{MM}-{DD}/*'"
        )


def _by_span(base: Path, pattern: SpanPattern | None) -> dict[SpanVersion, tuple[Path, ...]]:
    """All files that a pattern matches."""
    if pattern is None or not pattern.has_spans:
        return {SpanVersion(0): tuple(find_files(base, pattern))}
    if not base.is_dir():
        if not base.exists() and not glob.has_magic(str(base)):
            find_files(base)  # says what is there
        raise BadInput(
            f"{str(base)!r} is no folder, so no files can be chosen from it by {pattern.text!r}. Pass a folder, and "
            "choose everything below it by the pattern"
        )
    found: dict[SpanVersion, list[Path]] = {}
    spellings: dict[SpanVersion, tuple[str, ...]] = {}
    for path in find_files(base, pattern):
        relative = path.relative_to(base).as_posix()
        one = pattern.match(relative)
        if one is None:
            continue
        spelling = pattern.spelling(relative)
        if spellings.setdefault(one, spelling) != spelling:
            raise BadInput(
                f"{found[one][0]} and {path} are both of span {one.span}, written in two ways. Rename one of them, or "
                "give the number a width, such as {SPAN:4}"
            )
        found.setdefault(one, []).append(path)
    if not found:
        raise BadInput(f"No file in {str(base)!r} matches {pattern.text!r}")
    return {one: tuple(paths) for one, paths in found.items()}


def _check_agreement(
    one: SpanVersion, found: Mapping[str, Mapping[SpanVersion, tuple[Path, ...]]], days: bool
) -> None:
    for name, of_input in found.items():
        if one in of_input:
            continue
        owner = next(other for other, theirs in found.items() if one in theirs)
        span = written(one.span, days=days)
        versions = [known.version for known in of_input if known.span == one.span]
        has = f"only version {max(versions)} of span {span}" if versions else f"no files of span {span}"
        whole = f"version {one.version} of it" if versions else "some"
        raise BadInput(
            f"input_splits: {name!r} has {has}, but {owner!r} has {whole}. All inputs must have the same spans and "
            "versions. Add the files that are missing, or choose other spans by span=..."
        )


def find_files(base: Path, pattern: SpanPattern | None = None) -> list[Path]:
    """The files in a folder, in those a pattern matches, or the file itself; in the order of their paths.

    `pattern` chooses files relative to the folder. Hidden files and the markers of other programs are left out.
    BadInput if there are none.
    """
    if base.is_file():
        if pattern is not None:
            raise BadInput(
                f"{base} is a file, so no files can be chosen from it by {pattern.text!r}. Pass its folder"
            )
        return [base]
    place, chosen = str(base), pattern
    if base.is_dir():
        place, chosen = glob.escape(str(base)), pattern or SpanPattern("*")
    elif not glob.has_magic(str(base)):
        raise BadInput(f"There is no file or folder {str(base)!r}{_nearest_folder(base)}")
    search = str(Path(place, chosen.glob) if chosen else place)
    found = [Path(path) for path in sorted(glob.glob(search, recursive=True))]
    files = [path for path in found if path.is_file() and not _is_marker(path)]
    if not files:
        sought = base / chosen.text if chosen else base
        raise BadInput(f"No file matches {str(sought)!r}{_only_folders(found)}")
    return files


def _is_marker(path: Path) -> bool:
    return any(fnmatch.fnmatchcase(path.name, marker) for marker in MARKERS)


def _nearest_folder(path: Path) -> str:
    existing = next(folder for folder in path.parents if folder.exists())
    return f". {str(existing)!r} exists: is the rest misspelt?"


def _only_folders(found: list[Path]) -> str:
    folders = list(dict.fromkeys(path.name for path in found if path.is_dir()))
    if not folders:
        return ". Correct the pattern, or put the files there"
    return (
        f", only folders: {', '.join(folders[:5])}. Choose files in them, such as pattern='**/*' or "
        'input_splits={"train": "train/*"}'
    )
