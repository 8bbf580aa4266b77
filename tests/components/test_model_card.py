"""model_card writes what is known of a model, and takes no text for markup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from millwork.components import model_card
from millwork.core.artifacts import (
    Examples,
    HyperParameters,
    InfraBlessing,
    Model,
    ModelBlessing,
    ModelEvaluation,
    Report,
    Schema,
)
from millwork.core.errors import BadInput
from millwork.core.testing import perform

HOSTILE = "a|b <script>alert(1)</script>\n# *x* [y](javascript:z) `&"


def folder(path: Path, **files: str) -> str:
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return str(path)


def model_in(tmp_path: Path) -> Model:
    return Model(folder(tmp_path / "model", model__skops="x" * 1_234), framework="skops")


def measured(value: float | None, **features: str) -> dict[str, Any]:
    title = ", ".join(f"{name}={v}" for name, v in features.items()) or "Overall"
    return {"slice": title, "metric": "accuracy", "features": features, "value": value}


def evaluation_in(tmp_path: Path, *metrics: dict[str, Any], **facts: Any) -> ModelEvaluation:
    document = {"schema": "millwork/evaluation/v1", "rows": 70, "metrics": list(metrics), **facts}
    return ModelEvaluation(folder(tmp_path / "evaluation", metrics__json=json.dumps(document)))


def written(tmp_path: Path, *artifacts: Any, **given: Any) -> tuple[str, str]:
    """The card as Markdown and as HTML."""
    step = perform(model_card.step(*artifacts, **given), tmp_path / "card")
    [card] = step.outputs.values()
    assert isinstance(card, Report)
    return (card.path / "model_card.md").read_text(), (card.path / "model_card.html").read_text()


def test_a_model_alone_makes_a_card(tmp_path: Path) -> None:
    text, page = written(tmp_path, model_in(tmp_path))
    assert text == "# Model card\n\n## Model\n\n- **Framework:** skops\n- **Size:** 1,234 bytes\n"
    assert "<dd>skops</dd>" in page


def test_it_says_what_the_model_is_for_and_what_it_was_made_of(tmp_path: Path) -> None:
    examples = Examples("", span=3, num_examples={"train": 2_000, "eval": 500})
    schema = Schema(folder(tmp_path / "schema", schema__pbtxt='feature { name: "fare" type: FLOAT }'))
    found = json.dumps({"values": {"max_depth": 4}})
    hyperparameters = HyperParameters(folder(tmp_path / "hp", best_hyperparameters__txt=found))
    text, _ = written(
        tmp_path,
        model_in(tmp_path),
        examples=examples,
        schema=schema,
        hyperparameters=hyperparameters,
        title="Fares",
        owner="The taxi team",
        intended_use="Showing a price before the ride.",
        limitations="Not for airports.",
    )
    for line in (
        "# Fares",
        "- **Owner:** The taxi team",
        "- **Intended use:** Showing a price before the ride.",
        "- **Limitations:** Not for airports.",
        "- **Spans:** 3",
        "| train | 2,000 |",
        "| fare | FLOAT |",
        "- **max\\_depth:** 4",
    ):
        assert line in text.splitlines()


def test_it_tells_metrics_over_all_rows_and_where_they_are_lowest_and_highest(tmp_path: Path) -> None:
    slices = [measured(v, island=name) for name, v in (("Biscoe", 0.9), ("Dream", 0.5), ("Torgersen", None))]
    pair = {**measured(9.0), "features": None, "slice": "one, another"}
    small = [{"slice": "island=Tiny", "rows": 3}]
    evaluation = evaluation_in(tmp_path, measured(0.75), *slices, pair, too_small=small)
    text, page = written(tmp_path, model_in(tmp_path), evaluation)
    assert "| accuracy | 0.7500 |" in text
    assert "| accuracy | island=Dream | island=Biscoe | 0.5000 | 0.9000 |" in text
    assert "- **Rows:** 70" in text
    assert "- **Too small to be shown:** island=Tiny" in text
    assert "island=Dream" in page


def test_counts_are_whole_numbers_and_what_is_not_defined_is_said_to_be(tmp_path: Path) -> None:
    numbers = [{**measured(value), "metric": name} for name, value in (("rows", 1_400.0), ("auc", None))]
    text, _ = written(tmp_path, model_in(tmp_path), evaluation_in(tmp_path, *numbers))
    assert "| rows | 1,400 |" in text
    assert "| auc | n/a |" in text


def test_it_compares_with_the_baseline_if_there_was_one(tmp_path: Path) -> None:
    compared = {**measured(0.75), "baseline": 0.7, "change": 0.05}
    text, _ = written(tmp_path, model_in(tmp_path), evaluation_in(tmp_path, compared))
    assert "| metric | value | baseline | change |\n| --- | --- | --- | --- |\n" in text
    assert "| accuracy | 0.7500 | 0.7000 | 0.0500 |" in text


def test_it_tells_the_verdicts_and_why(tmp_path: Path) -> None:
    blessing = ModelBlessing(
        "", verdict="NOT_BLESSED", reason="accuracy is 0.75, below 0.9", baseline_model_id=7
    )
    infra = InfraBlessing("", blessed=0, reason="it did not load")
    text, _ = written(tmp_path, model_in(tmp_path), blessing=blessing, infra_blessing=infra)
    assert "- **Evaluation:** NOT\\_BLESSED\n- **Because:** accuracy is 0.75, below 0.9" in text
    assert "- **Compared with:** model 7\n- **In a server:** it did not load" in text


def test_no_text_is_taken_for_markup(tmp_path: Path) -> None:
    evaluation = evaluation_in(
        tmp_path, measured(0.75), measured(0.5, town=HOSTILE), measured(0.6, town="Graz")
    )
    blessing = ModelBlessing("", verdict="BLESSED", reason=HOSTILE)
    text, page = written(
        tmp_path, model_in(tmp_path), evaluation, blessing, title=HOSTILE, owner=HOSTILE, intended_use=HOSTILE
    )
    plain = "a\\|b &lt;script&gt;alert(1)&lt;/script&gt; \\# \\*x\\* \\[y\\](javascript:z) \\`&amp;"
    assert text.splitlines()[0] == f"# {plain}"
    assert f"| accuracy | town={plain} | town=Graz | 0.5000 | 0.6000 |" in text
    for shown in (text, page):
        assert "<script" not in shown
    assert "&lt;script&gt;" in page


def test_an_evaluation_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    evaluation = ModelEvaluation(folder(tmp_path / "evaluation"))
    with pytest.raises(BadInput, match=r"model_card: '.*metrics.json' cannot be read"):
        written(tmp_path, model_in(tmp_path), evaluation)


def test_hyperparameters_that_are_no_object_are_told(tmp_path: Path) -> None:
    odd = HyperParameters(folder(tmp_path / "hp", best_hyperparameters__txt="[1]"))
    with pytest.raises(BadInput, match=r"best_hyperparameters.txt' must hold a JSON object, but holds \[1\]"):
        written(tmp_path, model_in(tmp_path), hyperparameters=odd)
