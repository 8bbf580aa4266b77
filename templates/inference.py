"""What a project is to be written for: a CSV file of somebody's own, and what is to be predicted from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from millwork.components.data.csv_files import CsvFile, CsvFormat
from millwork.components.data.csv_table import infer_kinds
from millwork.components.data.csv_types import Kind
from millwork.core.errors import BadInput, WrongArgument, did_you_mean
from millwork.templates.column_profile import Column, Profile, profile_of
from millwork.templates.column_uses import Decided, use_of
from millwork.templates.csv_dialect import format_of

FEWEST_ROWS = 20
MOST_CLASSES = 50
MOST_NUMBERED_CLASSES = 20
"""Different integers of a label, beyond which it is a quantity."""
ROWS_PER_CLASS = 5
"""On average; with fewer, integers are a quantity."""
SLICES = 2
"""At most: columns whose values make slices."""
MOST_SLICES = 6
SMALLEST_SLICE = 0.02
"""Of the rows."""
PLAIN_NAME = re.compile(r"\w+")
"""What can be written in `--by` as it is."""
CERTAINLY_MISSING = {"NA", "N/A", "n/a", "#N/A", "#NV", "<NA>", "NaN", "nan", "-nan", "NULL", "null", "?"}
"""No class has such a name."""
AFFIRMATIVE = {"yes", "y", "true", "t", "ja", "oui", "si", "sí", "sim", "positive", "pos"}
"""Of two classes the one that is called so is the positive one, which is the last."""
EPOCHS, BATCH = 10, 64
FEWEST_STEPS, MOST_STEPS = 300, 5_000


def infer(csv: Path, label: str) -> Mapping[str, Any]:
    """The answers of template `minimal` for this file: its columns, what each is good for, and the problem.

    The file is read once, streaming, and again if words in it stand for missing values. BadInput if there is nothing
    to learn from it; all that is decided can be changed in the project's `features.py`.
    """
    form = format_of(csv)
    file = CsvFile(csv, form)
    _check_columns(file, label)
    profile = profile_of(file)
    null_values = _null_values(profile, label)
    kinds = {name: column.kind for name, column in profile.columns.items()}
    if any(column.missing for column in profile.columns.values()):
        kinds = infer_kinds([CsvFile(csv, replace(form, null_values=null_values))], list(profile.columns), {})
    target = _settled(profile.columns[label], kinds[label], null_values)
    _check_label(csv, target, profile)
    uses = {
        name: use_of(_settled(column, kinds[name], null_values), profile.rows)
        for name, column in profile.columns.items()
        if name != label
    }
    _check_features(csv, uses)
    return {
        "data_file": str(csv.absolute()),
        "rows": profile.rows,
        **_format_answers(form, null_values),
        **_label_answers(target),
        **_feature_answers(uses, profile),
        "steps": min(max(profile.rows * 2 // 3 * EPOCHS // BATCH, FEWEST_STEPS), MOST_STEPS),
    }


def _check_columns(file: CsvFile, label: str) -> None:
    names = file.column_names
    if label not in names:
        raise WrongArgument(f"{file.path} has no column {label!r}. {did_you_mean(label, names)}")
    if len(names) == 1:
        raise BadInput(
            f"{file.path} has one column only, {names[0]!r}: there is nothing to predict it from. Is the delimiter "
            "none of , ; | and the tab?"
        )
    if all(re.fullmatch(r"[-+.,\d]+", name) for name in names):
        raise BadInput(
            f"{file.path} has no header: its first row is {', '.join(names[:5])}. Write the names of the columns there"
        )


def _null_values(profile: Profile, label: str) -> tuple[str, ...]:
    """Which words stand for a missing value: those among numbers, and the sure ones in the label."""
    found = {word for word in profile.columns[label].missing if word in CERTAINLY_MISSING}
    for column in profile.columns.values():
        if column.filled and (column.kind in ("int", "float") or column.comma_numbers):
            found |= set(column.missing)
    return tuple(sorted(found))


def _settled(column: Column, kind: Kind, null_values: Sequence[str]) -> Column:
    """The column with the words that are values after all, and of the kind that this makes of it."""
    values = {word: times for word, times in column.missing.items() if word not in null_values}
    if not values and kind == column.kind:
        return column
    filled = column.filled + sum(values.values())
    counts = column.counts if column.has_many else column.counts + type(column.counts)(values)
    commas = column.comma_numbers and not values
    return replace(column, kind=kind, filled=filled, counts=counts, comma_numbers=commas)


def _check_label(csv: Path, label: Column, profile: Profile) -> None:
    where = f"Column {label.name!r} of {csv}"
    if label.filled < FEWEST_ROWS:
        raise BadInput(
            f"{where} has a value in {label.filled} of {profile.rows} rows. A model and its evaluation take at least "
            f"{FEWEST_ROWS}"
        )
    if len(label.counts) == 1 and not label.has_many:
        raise BadInput(f"{where} is always {next(iter(label.counts))!r}: there is nothing to predict")
    if _is_quantity(label):
        if not label.is_finite:
            raise BadInput(f"{where} holds infinity, which no model can learn")
        if label.kind == "string" and label.filled < profile.rows:
            raise BadInput(
                f"{where} has numbers with a decimal comma, which is no harm, but not in each row. Leave the other "
                "rows out, or write the numbers with a point"
            )
        return
    if label.has_many or len(label.counts) > MOST_CLASSES:
        many = f"more than {len(label.counts) or 1000}" if label.has_many else str(len(label.counts))
        raise BadInput(
            f"{where} has {many} different texts, such as {next(iter(label.sample or [])).as_py()!r}. A label is a "
            f"number, or one of at most {MOST_CLASSES} classes"
        )


def _is_quantity(label: Column) -> bool:
    """Whether its values are numbers; a few with a decimal comma could as well be classes."""
    many = label.has_many or len(label.counts) > MOST_NUMBERED_CLASSES
    return label.kind in ("int", "float") or (label.comma_numbers and many)


def _check_features(csv: Path, uses: Mapping[str, Decided]) -> None:
    if all(decided.use == "left_out" for decided in uses.values()):
        reasons = "; ".join(f"{name!r} {decided.reason}" for name, decided in uses.items())
        raise BadInput(f"{csv} has no column to learn from: {reasons}")


def _format_answers(form: CsvFormat, null_values: Sequence[str]) -> dict[str, Any]:
    return {"delimiter": form.delimiter, "encoding": form.encoding, "null_values": list(null_values)}


def _label_answers(label: Column) -> dict[str, Any]:
    """The problem, and what a model reaches that knows nothing but the label."""
    classes = _classes(label)
    problem = _problem(label, classes)
    shares = [count / label.filled for count in label.counts.values()]
    return {
        "label": label.name,
        "label_type": label.kind
        if problem != "regression"
        else "comma_number"
        if label.kind == "string"
        else "float",
        "problem": problem,
        "classes": classes,
        "labelled_rows": label.filled,
        "majority_share": round(max(shares, default=0.0), 4),
        "deviation": float(f"{label.variance**0.5:.6g}") if _is_quantity(label) else 0.0,
    }


def _classes(label: Column) -> list[str]:
    """Their names in an order that does not depend on the rows; none if there are too many."""
    if label.has_many or len(label.counts) > MOST_CLASSES:
        return []
    if label.kind == "string":
        return (
            []
            if _is_quantity(label)
            else sorted(label.counts, key=lambda text: (text.casefold() in AFFIRMATIVE, text))
        )
    numbers = sorted({float(text) for text in label.counts})
    return [f"{number:.0f}" if number.is_integer() else f"{number:.6g}" for number in numbers]


def _problem(label: Column, classes: Sequence[str]) -> str:
    if len(classes) == 2:
        return "binary"
    if label.kind == "string":
        return "regression" if _is_quantity(label) else "multiclass"
    few = 0 < len(classes) <= min(MOST_NUMBERED_CLASSES, label.filled / ROWS_PER_CLASS)
    return "multiclass" if few and label.kind == "int" else "regression"


def _feature_answers(uses: Mapping[str, Decided], profile: Profile) -> dict[str, Any]:
    by_use = {
        use: [name for name, decided in uses.items() if decided.use == use]
        for use in ("number", "comma_number", "category", "hashed")
    }
    categories = by_use["category"]
    return {
        "numbers": by_use["number"],
        "comma_numbers": by_use["comma_number"],
        "categories": categories,
        "integer_categories": [n for n in categories if profile.columns[n].kind == "int"],
        "hashed": by_use["hashed"],
        "left_out": {name: decided.reason for name, decided in uses.items() if decided.use == "left_out"},
        "slices": _slices([profile.columns[name] for name in categories], profile.rows),
    }


def _slices(categories: Sequence[Column], rows: int) -> list[str]:
    """A few columns with a few large groups."""
    chosen = [
        column.name
        for column in categories
        if len(column.counts) <= MOST_SLICES
        and min(column.counts.values()) >= max(SMALLEST_SLICE * rows, 2)
        and PLAIN_NAME.fullmatch(column.name)
    ]
    return chosen[:SLICES]
