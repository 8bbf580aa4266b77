"""ImportSchema brings a reviewed schema into a pipeline, unchanged, or says why it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from millwork.components.data.schema_file import read_schema
from millwork.components.import_schema import ImportSchema
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

TEXT = """\
# Reviewed by Ana.
feature { name: "fare" type: FLOAT presence { min_fraction: 1.0 } }
feature { name: "payment" type: BYTES domain: "payment" }
string_domain { name: "payment" value: "Späti" }
"""


def test_the_schema_is_kept_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "reviewed.pbtxt"
    file.write_text(TEXT, encoding="utf-8")

    step = perform(ImportSchema(schema_file=file), tmp_path)

    assert (step.schema.path / "schema.pbtxt").read_text(encoding="utf-8") == TEXT
    schema = read_schema(step.schema.path)
    assert [f.name for f in schema.feature] == ["fare", "payment"]
    assert schema.string_domain[0].value == ["Späti"]


def test_tfdv_reads_it(tmp_path: Path) -> None:
    import tensorflow_data_validation as tfdv

    file = tmp_path / "reviewed.pbtxt"
    file.write_text(TEXT, encoding="utf-8")

    step = perform(ImportSchema(schema_file=str(file)), tmp_path)

    assert len(tfdv.load_schema_text(str(step.schema.path / "schema.pbtxt")).feature) == 2


@pytest.mark.parametrize("name", ["nowhere.pbtxt", "."])
def test_a_missing_file_is_refused_when_the_pipeline_is_described(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongArgument, match=r"ImportSchema: there is no schema file '.*'"):
        ImportSchema(schema_file=tmp_path / name)


def test_a_file_that_vanishes_before_the_run_is_named(tmp_path: Path) -> None:
    file = tmp_path / "schema.pbtxt"
    file.write_text(TEXT)
    step = ImportSchema(schema_file=file)
    file.unlink()

    with pytest.raises(BadInput, match=r"There is no schema file '.*schema\.pbtxt'"):
        perform(step, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"feature": []}', r"'.*schema\.pbtxt' is not a schema in text form: 1:1 : "),
        (b'feature { nmae: "fare" }', 'no field named "nmae"'),
        (b'feature {\n  name: "fare"\n  type: DOUBLE\n}', "3:9 : .*DOUBLE"),
        (b"\n\x04fare\xff\xfe", "is not a schema in text form"),
        (b"", "defines no feature. Is it a schema?"),
        (b"# only a comment\n", "defines no feature. Is it a schema?"),
    ],
)
def test_what_is_not_a_schema_is_refused_with_the_place(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "schema.pbtxt"
    file.write_bytes(content)

    with pytest.raises(BadInput, match=message):
        perform(ImportSchema(schema_file=file), tmp_path / "run")


def test_the_content_of_the_file_counts_for_the_cache(tmp_path: Path) -> None:
    file = tmp_path / "schema.pbtxt"
    file.write_text(TEXT)

    assert list(ImportSchema(schema_file=file).external_files()) == [file]
