"""The page of an artifact of any type: how it begins, that it is whole, that nothing in it can do anything."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from sample_artifacts import MAKERS, artifact_of
from sample_gallery import Gallery, gallery, hostile_gallery
from sample_page import Page

import millwork
from millwork import Pipeline, import_artifact
from millwork.analysis.previews import loaded
from millwork.analysis.views.page import view_of
from millwork.analysis.views.parts import section
from millwork.analysis.views.registry import VIEWS
from millwork.components import SchemaGen
from millwork.core import artifacts as stock
from millwork.core.errors import BadInput, NotFound, WrongArgument
from millwork.core.graph import Artifact
from millwork.runners.local import LocalRunner


@pytest.fixture(scope="module")
def plain() -> Gallery:
    return gallery()


@pytest.fixture(scope="module")
def hostile() -> Gallery:
    return hostile_gallery()


def text_of(gallery: Gallery, kind: str, split: str = "") -> str:
    return " ".join(Page(gallery.page(kind, split).html).text.split())


def test_every_stock_type_has_a_view_of_its_own() -> None:
    kinds = [k for k in vars(stock).values() if isinstance(k, type) and issubclass(k, Artifact)]
    abstract = (Artifact, stock.SplitArtifact)
    assert [k.__name__ for k in kinds if k not in abstract and not issubclass(k, tuple(VIEWS))] == []


@pytest.mark.parametrize("kind", MAKERS)
def test_every_page_says_what_it_is_and_is_whole(plain: Gallery, kind: str) -> None:
    shown = plain.page(kind)
    page, record = Page(shown.html), plain.store.artifact(plain.ids[kind])
    ids = [attributes["id"] for attributes in page.all("section")]
    assert ids[0] == "about"
    assert len(ids) > 1
    assert len(set(ids)) == len(ids)
    assert "wrong" not in ids
    text = " ".join(page.text.split())
    assert f"{record.type_name} {record.id}" in text
    assert record.digest[:16] in text
    assert record.uri in text
    assert not re.search(r"\b(nan|None|inf)\b|Undefined|<function|array\(|Markup", text)


@pytest.mark.parametrize("kind", MAKERS)
def test_nothing_in_a_page_can_do_anything_or_fetch_anything(hostile: Gallery, kind: str) -> None:
    html = hostile.page(kind).html
    page = Page(html)
    assert len(re.findall(r"<script>", html)) == 1
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    for tag, attributes in page.elements:
        assert tag not in ("iframe", "object", "embed", "form", "link", "base")
        assert not [name for name in attributes if name.startswith("on")]
        assert str(attributes.get("src", "data:image/png;base64,")).startswith("data:image/png;base64,")
        assert str(attributes.get("href", "#")).startswith(
            ("#", "https://example.com/")
        )  # a report's own link
    assert "\u202e" not in html
    assert len(html) < 2_000_000


def test_who_made_it_and_who_read_it(plain: Gallery, tmp_path: Path) -> None:
    given = cast(stock.ExampleStatistics, artifact_of("ExampleStatistics", tmp_path / "s"))
    statistics = import_artifact(given, id="given")
    schema = SchemaGen(statistics=statistics, id="schema_gen").schema
    run = LocalRunner(tmp_path / "root", quiet=True).run(Pipeline("p", schema))
    made = " ".join(Page(millwork.view(run[schema].id, root=tmp_path / "root").html).text.split())
    assert f"Written by schema_gen, run {run.id}" in made
    assert f"ExampleStatistics {run[statistics].id}" in made
    read = " ".join(Page(millwork.view(run[statistics].id, root=tmp_path / "root").html).text.split())
    assert "Read by schema_gen in 1 run" in read


def test_one_split_may_be_chosen(plain: Gallery) -> None:
    whole, part = text_of(plain, "Examples"), text_of(plain, "Examples", "eval")
    assert "train: 3 rows" in whole
    assert "eval: 2 rows" in part
    assert "train: 3 rows" not in part
    with pytest.raises(BadInput, match="has no split 'test'"):
        plain.page("Examples", "test")
    with pytest.raises(WrongArgument, match="A Schema has no splits"):
        plain.page("Schema", "train")


def test_what_was_deleted_has_no_page(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    step = import_artifact(artifact_of("Report", folder), id="card")
    run = LocalRunner(tmp_path / "root", quiet=True).run(Pipeline("p", step))
    shutil.rmtree(folder)
    with pytest.raises(NotFound, match="and there is nothing at"):
        millwork.view(run[step], root=tmp_path / "root")
    with pytest.raises(NotFound, match="There is no artifact 99"):
        millwork.view(99, root=tmp_path / "root")
    with pytest.raises(WrongArgument, match="is not in a store"):
        millwork.view(stock.Report("nowhere"), root=tmp_path / "root")


def test_files_that_are_not_the_types_are_told_and_shown(plain: Gallery, tmp_path: Path) -> None:
    (tmp_path / "schema.pbtxt").write_text("this is no schema")
    found = view_of(stock.Schema(str(tmp_path)), section("about", "About"))
    assert [part.id for part in found.sections] == ["about", "wrong", "texts"]
    assert "is not a schema in text form" in found.sections[1].body
    assert "this is no schema" in found.sections[2].body


def test_what_can_be_read_is_shown_beside_what_is_wrong(tmp_path: Path) -> None:
    made = artifact_of("Keras model", tmp_path / "made")
    (made.path / "Format-Serving" / "model.keras").write_bytes(b"PK, but no zip file")
    found = view_of(made, section("about", "About"))
    assert [part.id for part in found.sections] == ["about", "model", "wrong"]
    assert "BadZipFile" in found.sections[2].body


def test_a_file_is_named_by_type_and_id(plain: Gallery, tmp_path: Path) -> None:
    shown = plain.page("Schema")
    assert shown.save(tmp_path) == tmp_path / f"Schema-{shown.id}.html"
    assert shown.save(tmp_path / "new" / "a.html").read_text() == shown.html


def test_notebooks_show_the_page_in_a_frame_of_its_own(plain: Gallery) -> None:
    [frame] = Page(plain.page("Schema")._repr_html_()).all("iframe")
    assert frame["sandbox"] == "allow-scripts"
    assert str(frame["srcdoc"]).startswith("<!doctype html>")


def test_no_view_loads_tensorflow_beam_or_tfdv(plain: Gallery) -> None:
    code = (
        "import millwork, sys\n"
        f"for id in {list(plain.ids.values())}: millwork.view(id, root={str(plain.root)!r})\n"
        "heavy = {'tensorflow', 'apache_beam', 'tensorflow_data_validation', 'tensorflow_model_analysis', 'keras'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_the_same_artifact_gives_the_same_page(plain: Gallery) -> None:
    for kind in ("ExampleStatistics", "Predictions", "ModelEvaluation"):
        assert plain.page(kind).html == plain.page(kind).html


def test_a_record_is_loaded_as_its_stock_type_or_as_any(plain: Gallery) -> None:
    assert isinstance(loaded(plain.store.artifact(plain.ids["Schema"])), stock.Schema)
    assert type(loaded(plain.store.artifact(plain.ids["Gallery"]))) is Artifact
