"""docs/reference is what docs/generate.py writes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reference", DOCS / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES: dict[str, str] = _generator().pages()


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_up_to_date(name: str) -> None:
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == PAGES[name].rstrip() + "\n", (
        "run: make docs"
    )


def test_there_are_no_other_pages() -> None:
    found = {p.relative_to(DOCS / "reference").as_posix() for p in (DOCS / "reference").rglob("*.*")}
    assert found == set(PAGES)


def test_every_document_that_json_prints_is_documented() -> None:
    for schema in (
        "run",
        "runs",
        "logs",
        "deletion",
        "preview",
        "page",
        "report",
        "artifacts",
        "artifact",
        "lineage",
        "component",
        "function",
        "serving",
        "compare",
    ):
        assert f"millwork/{schema}/v1" in PAGES["cli.md"]
