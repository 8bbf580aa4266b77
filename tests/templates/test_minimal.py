"""A project for somebody's own table: valid, tidy source, whatever the columns are called."""

from __future__ import annotations

import csv
import importlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sample_command_line import Said

Millwork = Callable[..., Said]

NUMBERS = ("class", "1st value", "a/b", "a.b", "back\\slash", "two\nlines", "_", "{% raw %}", '"""', "'" * 3)
CATEGORIES = (
    'naïve, "really"',
    "it's",
    "$x{y}",
    "for",
    "Ünïcödé ☃",
    "tab\there",
    "{{ jinja }}",
    "a: b",
    "`x`|y",
)
CLASSES = ('ye"s', "n'o", "may,be")
SHORT = ("a", "b")


@pytest.fixture
def imported(folder: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of the package `made` of the project in the folder `made`."""

    def of(name: str) -> ModuleType:
        importlib.invalidate_caches()
        return importlib.import_module(f"made.{name}")

    sys.path.insert(0, str(folder / "made/src"))
    yield of
    sys.path.remove(str(folder / "made/src"))
    for name in [name for name in sys.modules if name == "made" or name.startswith("made.")]:
        del sys.modules[name]


def write_table(file: Path, label: str, classes: tuple[object, ...] = ()) -> Path:
    """A table with columns of all kinds; a label that is a number unless there are classes."""
    drawn = random.Random(7)
    with open(file, "w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
        writer.writerow((*NUMBERS, *CATEGORIES, "integers", "many", "price", "when", label))
        for row in range(200):
            numbers = [drawn.choice((f"{drawn.gauss(0, 1):.4f}", "NA")) for _ in NUMBERS]
            categories = [drawn.choice((*CLASSES, "")) for _ in CATEGORIES]
            others = (row % 3, f"street {row % 80}", f"{row}.000,{row % 90}", f"2024-05-{row % 28 + 1:02d}")
            value = classes[row % len(classes)] if classes else f"{drawn.gauss(0, 1):.4f}"
            writer.writerow((*numbers, *categories, *others, value))
    return file


@pytest.mark.parametrize("framework", ["keras", "sklearn"])
@pytest.mark.parametrize(
    ("problem", "classes"), [("regression", ()), ("binary", CLASSES[:2]), ("multiclass", CLASSES)]
)
def test_source_is_valid_and_tidy_for_columns_of_any_name(
    millwork: Millwork,
    folder: Path,
    imported: Callable[[str], ModuleType],
    problem: str,
    classes: tuple[str, ...],
    framework: str,
) -> None:
    label = '"y" of the\tJinja {{ label }}'
    file = write_table(folder / "data.csv", label, classes)
    said = millwork(
        "init", "made", "--from", file, "--label", label, "--defaults", "-a", f"framework={framework}"
    )
    assert said.code == 0, said.err
    features = imported("features")
    assert list(NUMBERS) == features.NUMBERS
    assert [*CATEGORIES, "integers"] == features.CATEGORIES
    assert (features.HASHED, features.COMMA_NUMBERS) == (["many"], ["price"])
    assert label == features.LABEL
    assert problem == "regression" or sorted(classes) == features.CLASSES
    assert "when" not in features.COLUMN_TYPES
    check_tidy(folder / "made")
    check_described(folder / "made", imported)


def test_what_a_table_does_not_have_is_not_in_the_source(
    millwork: Millwork, folder: Path, imported: Callable[[str], ModuleType]
) -> None:
    file = folder / "data.csv"
    file.write_text("x,y\n" + "".join(f"{row / 7:.3f},{row % 2}\n" for row in range(50)))
    assert millwork("init", "made", "--from", file, "--label", "y", "--defaults").code == 0
    features = imported("features")
    assert (features.NUMBERS, features.CATEGORIES, features.SLICES) == (["x"], [], [])
    assert not hasattr(features, "COMMA_NUMBERS")
    check_tidy(folder / "made")
    check_described(folder / "made", imported)


def test_the_file_is_copied_or_if_it_is_large_linked(
    millwork: Millwork, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_table(folder / "data.csv", "y")
    assert millwork("init", "copied", "--from", file, "--label", "y", "--defaults").code == 0
    assert (folder / "copied/data/data.csv").read_bytes() == file.read_bytes()
    monkeypatch.setattr("millwork.templates.sample_data.minimal.MOST_COPIED", 100)
    assert millwork("init", "linked", "--from", file, "--label", "y", "--defaults").code == 0
    assert (folder / "linked/data/data.csv").readlink() == file


@pytest.mark.parametrize(
    ("classes", "problem", "message"),
    [
        (CLASSES, "regression", "the label is text, and a regression predicts a number"),
        (CLASSES, "binary", "the label has not two different values"),
        ((), "multiclass", "the label has too many different values for classes"),
    ],
)
def test_a_problem_that_the_label_does_not_have_is_refused(
    millwork: Millwork, folder: Path, classes: tuple[str, ...], problem: str, message: str
) -> None:
    file = write_table(folder / "data.csv", "y", classes)
    said = millwork("init", "--from", file, "--label", "y", "--defaults", "-a", f"problem={problem}")
    assert said.code == 2
    assert message in said.err


def test_numbers_that_look_like_classes_can_be_a_quantity(
    millwork: Millwork, folder: Path, imported: Callable[[str], ModuleType]
) -> None:
    file = write_table(folder / "data.csv", "y", (3, 4, 5))
    said = millwork("init", "made", "--from", file, "--label", "y", "--defaults", "-a", "problem=regression")
    assert said.code == 0, said.err
    assert imported("features").COLUMN_TYPES["y"] == "float"
    check_tidy(folder / "made")


def test_a_label_with_a_decimal_comma_is_read_by_the_preprocessing(
    millwork: Millwork, folder: Path, imported: Callable[[str], ModuleType]
) -> None:
    file = write_table(folder / "data.csv", "y", tuple(f"{n},5" for n in range(40)))
    said = millwork("init", "made", "--from", file, "--label", "y", "--defaults")
    assert said.code == 0, said.err
    assert imported("features").COLUMN_TYPES["y"] == "string"
    check_tidy(folder / "made")
    check_described(folder / "made", imported)


def check_tidy(project: Path) -> None:
    """Linter and formatter have nothing to say."""
    for command in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."], cwd=project, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def check_described(project: Path, imported: Callable[[str], ModuleType]) -> None:
    """The pipeline can be described, and its policy is an EvalConfig."""
    described = imported("pipeline").train(policy=project / "policies/blessing.yaml")
    steps = {step.id for step in described.steps}
    assert {"csv_example_gen", "transform", "trainer", "evaluator", "pusher"} <= steps
