"""What `millwork init --from` finds in a CSV file of somebody's own."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from millwork.core.errors import BadInput, NotFound, WrongArgument
from millwork.templates.inference import infer

ROWS = 60


def written(
    path: Path, columns: Mapping[str, Iterable[object]], encoding: str = "utf-8", **dialect: Any
) -> Path:
    """A CSV file with these columns."""
    text = io.StringIO()
    writer = csv.writer(text, **dialect)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def numbers(rows: int = ROWS, seed: int = 1) -> list[float]:
    """Fractions: a quantity without doubt."""
    drawn = random.Random(seed)
    return [round(drawn.gauss(0, 1), 4) for _ in range(rows)]


def repeated(*values: object, rows: int = ROWS) -> list[object]:
    return [values[row % len(values)] for row in range(rows)]


def inferred(folder: Path, y: Sequence[object], **columns: Sequence[object]) -> Mapping[str, Any]:
    return infer(written(folder / "data.csv", {"x": numbers(len(y)), **columns, "y": y}), "y")


@pytest.mark.parametrize(
    ("values", "problem", "classes", "label_type"),
    [
        (("no", "yes"), "binary", ["no", "yes"], "string"),
        (("nein", "ja"), "binary", ["nein", "ja"], "string"),
        (("good", "bad"), "binary", ["bad", "good"], "string"),
        ((0, 1), "binary", ["0", "1"], "int"),
        (("True", "False"), "binary", ["False", "True"], "string"),
        (("1.0", "2.0"), "binary", ["1", "2"], "float"),
        (
            ("setosa", "virginica", "versicolor"),
            "multiclass",
            ["setosa", "versicolor", "virginica"],
            "string",
        ),
        ((3, 5, 10), "multiclass", ["3", "5", "10"], "int"),
    ],
)
def test_the_values_of_the_label_make_the_problem(
    tmp_path: Path, values: Sequence[object], problem: str, classes: list[str], label_type: str
) -> None:
    found = inferred(tmp_path, repeated(*values))
    assert (found["problem"], found["classes"], found["label_type"]) == (problem, classes, label_type)


@pytest.mark.parametrize("y", [numbers(seed=2), list(range(100, 100 + ROWS))])
def test_a_label_of_many_numbers_is_a_regression(tmp_path: Path, y: Sequence[object]) -> None:
    found = inferred(tmp_path, y)
    assert (found["problem"], found["label_type"]) == ("regression", "float")


def test_what_one_reaches_without_a_model_is_measured(tmp_path: Path) -> None:
    assert inferred(tmp_path, repeated("a", "a", "a", "b"))["majority_share"] == 0.75
    assert inferred(tmp_path, repeated(999_999.5, 1_000_000.5))["deviation"] == 0.5


@pytest.mark.parametrize(
    ("values", "use"),
    [
        (numbers(seed=3), "numbers"),
        (repeated(0, 1), "numbers"),
        (repeated(1, 2, 3), "integer_categories"),
        (repeated("red", "green"), "categories"),
        (repeated("true", "false", ""), "categories"),
        ([f"street {row % 200}" for row in range(600)], "hashed"),
    ],
)
def test_a_column_is_used_as_what_it_looks_like(tmp_path: Path, values: Sequence[object], use: str) -> None:
    found = inferred(tmp_path, repeated("a", "b", rows=len(values)), column=values)
    assert found[use][-1] == "column"
    assert not found["left_out"]


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("c", repeated("k"), "is always 'k'"),
        ("c", repeated(""), "has no values"),
        ("c", ["k", "l", "m", *[""] * (ROWS - 3)], "is empty in 95% of the rows"),
        ("row", range(1, ROWS + 1), "only identifies the row"),
        ("customer_id", random.Random(4).sample(range(10**6), ROWS), "only identifies the row"),
        ("c", [f"K{row:05d}" for row in range(ROWS)], "differs in nearly every row"),
        ("c", [f"the {row}th of many long texts" for row in range(ROWS)], "is free text"),
        ("c", [f"2024-{row % 12 + 1:02d}-05" for row in range(ROWS)], "is a date or a time"),
        ("c", [f"{row % 28 + 1}.3.2024 14:05" for row in range(ROWS)], "is a date or a time"),
        ("Unnamed: 0", repeated(0, 1, 2), "has no name in the file and labels the row"),
        ("c", ["inf", *numbers(ROWS - 1)], "holds infinity"),
    ],
)
def test_a_column_that_teaches_nothing_is_left_out_and_the_reason_is_told(
    tmp_path: Path, name: str, values: Iterable[object], reason: str
) -> None:
    assert inferred(tmp_path, repeated("a", "b"), **{name: list(values)})["left_out"] == {name: reason}


def test_the_index_that_pandas_writes_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    table = pd.DataFrame({"x": numbers(), "y": repeated("a", "b")})
    table.to_csv(file)
    left_out = "has no name in the file and labels the row"
    assert infer(file, "y")["left_out"] == {"Unnamed: 0": left_out}

    pd.read_csv(file).to_csv(file)
    found = infer(file, "y")
    assert found["left_out"] == {"Unnamed: 0.1": left_out, "Unnamed: 0": left_out}
    assert found["numbers"] == ["x"]


def test_a_decimal_comma_is_one_where_commas_do_not_separate_values(tmp_path: Path) -> None:
    columns: dict[str, Iterable[object]] = {
        "price": [f"{row}.234,{row % 7}" for row in range(ROWS)],
        "y": repeated("a", "b"),
    }
    assert infer(written(tmp_path / "a.csv", columns, delimiter=";"), "y")["comma_numbers"] == ["price"]
    columns |= {"x": numbers(), "price": [f"{row},234" for row in range(ROWS)]}
    found = infer(written(tmp_path / "b.csv", columns), "y")
    assert found["left_out"] == {"price": "differs in nearly every row"}  # and not 0.234, 1.234, …


def test_words_among_numbers_stand_for_missing_values(tmp_path: Path) -> None:
    found = inferred(tmp_path, repeated("a", "b"), age=["NA", *numbers(ROWS - 1)], size=repeated("S", "None"))
    assert found["null_values"] == ["NA"]
    assert "age" in found["numbers"]
    assert found["categories"] == ["size"]


def test_a_missing_label_is_no_class(tmp_path: Path) -> None:
    found = inferred(tmp_path, repeated("a", "b", "NA", "", "?"))
    assert found["classes"] == ["a", "b"]
    assert (found["rows"], found["labelled_rows"]) == (ROWS, ROWS * 2 // 5)
    assert found["null_values"] == ["?", "NA"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_delimiter_and_encoding_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    columns: dict[str, Iterable[object]] = {
        'Größe, (cm); "x"|y': numbers(),
        "Ort": repeated("Köln; am Rhein", "Jülich,\nMarkt", ""),
        "y": repeated(0, 1),
    }
    file = written(tmp_path / "data.csv", columns, encoding, delimiter=delimiter, lineterminator="\r\n")
    found = infer(file, "y")
    assert (found["delimiter"], found["encoding"]) == (delimiter, encoding.removesuffix("-sig"))
    assert (found["numbers"], found["categories"]) == ([next(iter(columns))], ["Ort"])


def test_a_compressed_file_is_read_as_it_is(tmp_path: Path) -> None:
    plain = written(tmp_path / "data.csv", {"x": numbers(), "y": repeated("a", "b")})
    packed = tmp_path / "data.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert {**infer(packed, "y"), "data_file": str(plain)} == infer(plain, "y")


def test_large_groups_make_slices(tmp_path: Path) -> None:
    rare = ["r" if row == 0 else "often" for row in range(ROWS)]
    found = inferred(tmp_path, repeated("a", "b"), sex=repeated("f", "m"), rare=rare)
    assert found["slices"] == ["sex"]


def test_a_wrong_name_of_the_label_is_told(tmp_path: Path) -> None:
    file = written(tmp_path / "data.csv", {"x": numbers(), "churned": repeated(0, 1)})
    with pytest.raises(WrongArgument, match="has no column 'churn'. Did you mean 'churned'?"):
        infer(file, "churn")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": numbers(), "y": repeated("a")}, "is always 'a': there is nothing to predict"),
        ({"y": repeated("a", "b")}, "has one column only"),
        (
            {"x": numbers(10), "y": repeated("a", "b", rows=10)},
            "a value in 10 of 10 rows. A model .* at least 20",
        ),
        (
            {"x": numbers(), "y": [f"text {row}" for row in range(ROWS)]},
            "has 60 different texts, such as 'text 0'",
        ),
        ({"x": repeated("k"), "y": repeated("a", "b")}, "no column to learn from: 'x' is always 'k'"),
    ],
)
def test_what_no_model_can_learn_from_is_refused(
    tmp_path: Path, columns: Mapping[str, Sequence[object]], message: str
) -> None:
    file = written(tmp_path / "data.csv", columns)
    with pytest.raises(BadInput, match=message):
        infer(file, "y")


def test_a_label_may_have_a_decimal_comma_if_every_row_has_one(tmp_path: Path) -> None:
    columns: dict[str, Iterable[object]] = {"x": numbers(), "y": repeated(*(f"{n}.000,5" for n in range(30)))}
    found = infer(written(tmp_path / "a.csv", columns, delimiter=";"), "y")
    assert (found["problem"], found["label_type"], found["classes"]) == ("regression", "comma_number", [])
    assert found["deviation"] == pytest.approx(1000 * np.std(range(30)), rel=1e-5)
    columns["y"] = ["", *(f"{row},5" for row in range(1, ROWS))]
    with pytest.raises(BadInput, match="but not in each row. Leave the other rows out"):
        infer(written(tmp_path / "b.csv", columns, delimiter=";"), "y")


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "data.csv", {"0.1": numbers(), "7": repeated(0, 1)})
    with pytest.raises(BadInput, match=r"has no header: its first row is 0.1, 7"):
        infer(file, "7")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 and so on", "an Excel workbook"),
        (b"PAR1 and so on", "Parquet"),
        (b"a,b\n1,\0", "no text: it has zero bytes"),
        (b"", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (b"a,b\n" + b"1,2\n" * 30 + b"1\n", "line 32: there are 2 columns, but this row has 1"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "data.csv"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        infer(file, "b")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder. A project is written for one CSV file"):
        infer(tmp_path, "y")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        infer(tmp_path / "data.csv", "y")
