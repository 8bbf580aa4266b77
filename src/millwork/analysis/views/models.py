"""A model: its framework, what it takes and gives, its layers or steps, its files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from millwork.analysis.amounts import file_size
from millwork.analysis.views.parts import facts, section, table
from millwork.analysis.views.saved_models import signatures
from millwork.core.artifacts import Model, PushedModel
from millwork.core.graph import Artifact
from millwork.core.storage import file_sizes
from millwork.evaluation.reporting.names import name, sentence
from millwork.evaluation.reporting.report_section import ReportSection

MOST = 300


def model_sections(artifact: Model) -> Iterator[ReportSection]:
    """What can be read without loading the model's framework."""
    known = {"Framework": artifact.framework or "unknown", "Newest span": str(artifact.span or "")}
    yield from _sections(artifact, known)


def pushed_model_sections(artifact: PushedModel) -> Iterator[ReportSection]:
    """Where the model went, and the copy that went there."""
    known = {
        "Pushed": "yes" if artifact.pushed else "no",
        "To": artifact.pushed_destination,
        "Version": artifact.pushed_version,
        "Why": artifact.reason,
    }
    yield from _sections(artifact, known)


def _sections(artifact: Artifact, known: Mapping[str, str]) -> Iterator[ReportSection]:
    sizes = file_sizes(artifact.uri)
    rows = [(sentence(path, 200), file_size(count)) for path, count in list(sizes.items())[:MOST]]
    told = {**known, "Size": file_size(sum(sizes.values()))}
    files = table("Files", ("file", "size"), rows, ("size",), narrow=True) if rows else ""
    yield section("model", "Model", facts({k: sentence(v) for k, v in told.items()}), files)
    paths = [artifact.path / path for path in sizes]
    if saved := next((path for path in paths if path.name == "saved_model.pb"), None):
        yield from _signatures(saved)
    if keras := next((path for path in paths if path.suffix == ".keras"), None):
        yield from _layers(keras)
    if skops := next((path for path in paths if path.suffix == ".skops"), None):
        yield from _steps(skops)


def _signatures(file: Path) -> Iterator[ReportSection]:
    """What a server can be asked."""
    found = list(signatures(file))
    columns = ("", "name", "type", "shape")
    shown = []
    for signature in found:
        rows = [(side, name(t.name), t.kind, t.shape) for side, ts in signature.tensors for t in ts]
        shown.append(
            table(f"Signature {name(signature.name)}, {signature.method}", columns, rows, narrow=True)
        )
    if shown:
        yield section("signatures", "Signatures", *shown)


def _layers(file: Path) -> Iterator[ReportSection]:
    """Of a Keras file its configuration, in which nothing is run."""
    config = _member(file, "config.json").get("config", {})
    layers = config.get("layers", ()) if isinstance(config, dict) else ()
    rows = [
        (
            name(str(layer.get("config", {}).get("name", ""))),
            name(str(layer.get("class_name", ""))),
            _settings(layer),
        )
        for layer in layers[:MOST]
    ]
    if rows:
        yield section(
            "layers",
            "Layers",
            table("As the model's configuration lists them", ("layer", "class", "settings"), rows),
        )


def _settings(layer: Mapping[str, Any]) -> str:
    """Numbers and words of a layer: `units=64, activation=relu`."""
    config = layer.get("config", {})
    told = {
        k: v
        for k, v in config.items()
        if isinstance(v, str | int | float | list) and k not in ("name", "trainable")
    }
    return sentence(", ".join(f"{key}={value}" for key, value in told.items()), 160)


def _steps(file: Path) -> Iterator[ReportSection]:
    """Of a skops file the tree of its objects, in which nothing is loaded."""
    rows = [
        (Markup("{}{}").format("\N{NO-BREAK SPACE}" * 4 * depth, name(label)), name(kind, 90))
        for depth, label, kind in _objects(_member(file, "schema.json"), 0, "model")
    ][:MOST]
    if rows:
        yield section(
            "steps", "Estimators", table("What the file says it holds", ("name", "class"), rows, narrow=True)
        )


def _objects(node: Any, depth: int, label: str) -> Iterator[tuple[int, str, str]]:
    """Estimators within estimators, as deep as they go; `label` is the attribute that holds them."""
    if isinstance(node, list):
        for value in node[:MOST]:
            yield from _objects(value, depth, label)
    if not isinstance(node, dict):
        return
    module = str(node.get("__module__", ""))
    if module.startswith("sklearn.") and not module.startswith("sklearn.tree._tree"):
        yield depth, label, f"{module}.{node.get('__class__', '')}"
        depth += 1
    for key, value in node.items():
        if isinstance(value, dict | list):
            yield from _objects(value, depth, label if key in ("content", "attrs") else str(key))


def _member(file: Path, name: str) -> dict[str, Any]:
    """JSON in a zip file; nothing if it is not there."""
    with zipfile.ZipFile(file) as members:
        content: Any = json.loads(members.read(name)) if name in members.namelist() else {}
    return content if isinstance(content, dict) else {}
