"""A page about a model for the people who use it, and an example of a component that is a function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from millwork.components.data.schema_file import read_schema
from millwork.components.models.training import HYPERPARAMETERS_FILE
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
from millwork.core.function import component
from millwork.core.storage import file_sizes
from millwork.evaluation.eval_files import READABLE
from millwork.evaluation.markdown import markdown
from millwork.evaluation.pages import Section, Table, amount, decimal, page

MARKDOWN, HTML = "model_card.md", "model_card.html"


@component
def model_card(
    card: Report,
    model: Model,
    evaluation: ModelEvaluation | None = None,
    blessing: ModelBlessing | None = None,
    infra_blessing: InfraBlessing | None = None,
    examples: Examples | None = None,
    schema: Schema | None = None,
    hyperparameters: HyperParameters | None = None,
    *,
    title: str = "Model card",
    owner: str = "",
    intended_use: str = "",
    limitations: str = "",
) -> None:
    """Write a page about a model: what it is and is for, its data, how good it is and where it is not, the verdict.

        card = model_card(
            trainer.model,
            evaluator.evaluation,
            evaluator.blessing,
            examples=examples.examples,
            title="Penguins",
            intended_use="Telling species apart in the field.",
        )

    `model_card.md` and `model_card.html` say the same. What is not given is left out. Texts are shown as they are: a
    class or a slice that is called `<script>` stays a name.
    """
    said = [("Owner", owner), ("Intended use", intended_use), ("Limitations", limitations)]
    sections = [_section("Model", [*said, *_model(model)])]
    if blessing or infra_blessing:
        sections.append(_section("Verdict", [*_verdict(blessing), *_tried(infra_blessing)]))
    if evaluation:
        sections.append(_evaluation(_json(evaluation.path / READABLE)))
    if examples or schema:
        sections.append(_data(examples, schema))
    if hyperparameters:
        values = _json(hyperparameters.path / HYPERPARAMETERS_FILE).get("values") or {}
        sections.append(_section("Hyperparameters", [(str(name), str(v)) for name, v in values.items()]))
    (card.path / MARKDOWN).write_text(markdown(title, sections), encoding="utf-8")
    (card.path / HTML).write_text(page(title, intended_use, sections), encoding="utf-8")


def _section(title: str, facts: Sequence[tuple[str, str]], *tables: Table) -> Section:
    return Section(title, [fact for fact in facts if fact[1]], picture="", tables=tables)


def _model(model: Model) -> list[tuple[str, str]]:
    size = sum(file_sizes(str(model.path)).values())
    return [("Framework", model.framework), ("Size", f"{size:,} bytes")]


def _verdict(blessing: ModelBlessing | None) -> list[tuple[str, str]]:
    if not blessing:
        return []
    baseline = f"model {blessing.baseline_model_id}" if blessing.baseline_model_id else "none"
    return [("Evaluation", blessing.verdict), ("Because", blessing.reason), ("Compared with", baseline)]


def _tried(infra: InfraBlessing | None) -> list[tuple[str, str]]:
    if not infra:
        return []
    latency = f"{infra.latency_p90_ms:.1f} ms for 9 of 10 requests" if infra.latency_p90_ms else ""
    return [("In a server", "works" if infra.blessed else infra.reason), ("Latency", latency)]


def _evaluation(document: Mapping[str, Any]) -> Section:
    """Every metric over all rows, and the slices between which it varies: which end is bad, the reader knows."""
    overall = [m for m in document["metrics"] if m["features"] == {}]
    compared = any("baseline" in m for m in overall)
    shown = ["value", "baseline", "change"] if compared else ["value"]
    rows = [[m["metric"], *(_number(m.get(name)) for name in shown)] for m in overall]
    varies = [row for m in overall if (row := _extremes(m["metric"], document["metrics"]))]
    tables = [Table("All rows", ["metric", *shown], rows)]
    if varies:
        tables.append(
            Table("Slices", ["metric", "lowest in", "highest in", "lowest", "highest"], varies, texts=3)
        )
    small = ", ".join(s["slice"] for s in document.get("too_small", ()))
    facts = [("Rows", amount(document["rows"])), ("Too small to be shown", small)]
    return _section("Evaluation", facts, *tables)


def _extremes(metric: str, entries: Sequence[Mapping[str, Any]]) -> list[str]:
    found = [e for e in entries if e["metric"] == metric and e["features"] and e["value"] is not None]
    if len(found) < 2:
        return []
    low, high = min(found, key=lambda e: e["value"]), max(found, key=lambda e: e["value"])
    return [metric, low["slice"], high["slice"], _number(low["value"]), _number(high["value"])]


def _number(value: float | None) -> str:
    """Counts are whole numbers above 1."""
    return amount(value) if value is not None and value > 1 and value == int(value) else decimal(value)


def _data(examples: Examples | None, schema: Schema | None) -> Section:
    facts: list[tuple[str, str]] = []
    tables = []
    if examples:
        facts = [
            ("Spans", ", ".join(examples.spans) or str(examples.span or "")),
            ("Format", examples.file_format),
        ]
        rows = [[split, amount(count)] for split, count in examples.num_examples.items()]
        tables.append(Table("Rows", ["split", "rows"], rows))
    if schema:
        tables.append(Table("Features", ["feature", "type"], _features(schema), texts=2))
    return _section("Data", facts, *tables)


def _features(schema: Schema) -> list[list[str]]:
    from tensorflow_metadata.proto.v0 import schema_pb2

    return [[f.name, schema_pb2.FeatureType.Name(f.type)] for f in read_schema(schema.path).feature]


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise BadInput(f"model_card: {str(path)!r} cannot be read: {e}") from e
    if not isinstance(document, dict):
        raise BadInput(f"model_card: {str(path)!r} must hold a JSON object, but holds {document!r}")
    return document
