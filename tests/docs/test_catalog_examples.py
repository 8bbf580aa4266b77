"""Every example of the catalog works when it is pasted into a pipeline: each is described, most are run."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

import fastavro
import my_model
import pytest

from millwork import Pipeline
from millwork.cli.components import catalog, describe
from millwork.cli.functions import describe_function, functions
from millwork.components import (
    CsvExampleGen,
    Evaluator,
    InfraValidator,
    Predict,
    SchemaGen,
    StatisticsGen,
    Study,
    Trainer,
    Transform,
    Tuner,
)
from millwork.core.board import drawing
from millwork.core.graph import Step
from millwork.core.plan import compile_pipeline
from millwork.core.testing import perform
from millwork.runners import LocalRunner
from millwork.templates.sample_data.tabular_multiclass import write_data

EXAMPLES = {name: describe(component)["example"] for name, component in catalog().items()} | {
    name: describe_function(function)["example"] for name, function in functions().items()
}
NOT_RUN = {
    "QueryExampleGen": "needs a database server",
    "artifact_with_id": "needs a model with the id of the example",
}
RUN_LATER = "latest_artifacts"
"""It fails if there has been no run."""


def my_steps() -> dict[str, Step]:
    """The steps that an example may use, by the names of their variables."""
    examples = CsvExampleGen(input_base="data", null_values=("NA",))
    statistics = StatisticsGen(examples=examples.examples)
    schema = SchemaGen(statistics=statistics.statistics)
    transform = Transform(
        examples=examples.examples,
        schema=schema.schema,
        preprocessing_fn=my_model.preprocessing_fn,
    )
    trainer = Trainer(examples=transform.transformed_examples, run_fn=my_model.run_fn)
    predict = Predict(model=trainer.model, examples=transform.transformed_examples, label="species")
    evaluator = Evaluator(
        model=trainer.model,
        predictions=predict.predictions,
        eval_config={"slicing_specs": [{}]},
    )
    tuner = Tuner(
        examples=transform.transformed_examples,
        objective=my_model.objective,
        study=Study("maximize", trials=1),
    )
    infra = InfraValidator(model=trainer.model)
    return {
        "examples": examples,
        "statistics": statistics,
        "schema": schema,
        "transform": transform,
        "trainer": trainer,
        "predict": predict,
        "evaluator": evaluator,
        "tuner": tuner,
        "infra": infra,
    }


def pipeline_with(names: Iterable[str]) -> Pipeline[None]:
    """The steps above, and those of these examples."""
    with drawing() as steps:
        mine = my_steps()
        for name in names:
            before = len(steps)
            exec(EXAMPLES[name], {**mine, "my_model": my_model})
            for step in steps[before:]:
                step.id = f"{name}.{step.id}"  # a user would not paste all of them
    return Pipeline("pasted", None, steps=steps)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Penguins wherever an example looks for data."""
    here = tmp_path_factory.mktemp("examples")
    data = here / "data"
    write_data(data, {})
    with (data / "penguins.csv").open() as file:
        rows = [{"penguin": str(number), **row} for number, row in enumerate(csv.DictReader(file))]
    with (data / "penguins.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    avro = data / "2024/05/31/penguins.avro"
    avro.parent.mkdir(parents=True)
    fields = [{"name": name, "type": "string"} for name in rows[0]]
    with avro.open("wb") as file:
        fastavro.writer(file, {"type": "record", "name": "Penguin", "fields": fields}, rows)
    examples = perform(CsvExampleGen(input_base=data), here / "made")
    records = perform(CsvExampleGen(input_base=data, format="tfrecord"), here / "records")
    statistics = perform(StatisticsGen(examples=examples.examples), here / "made")
    schema = perform(SchemaGen(statistics=statistics.statistics), here / "made").schema.path
    for source, target in (
        (examples.examples.path, data / "examples"),
        (examples.examples.split("train"), data / "sales"),
        (records.examples.split("train"), data / "records"),
        (schema, data / "schema"),
        (schema, here / "schema"),
    ):
        shutil.copytree(source, target)
    return here


@pytest.fixture(scope="module")
def states(folder: Path) -> dict[str, str]:
    """What became of each step in one run of all examples that can be run here, and one of the later."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        pasted = pipeline_with(name for name in EXAMPLES if name not in (*NOT_RUN, RUN_LATER))
        first = LocalRunner(quiet=True).run(pasted, cache=False)
        later = LocalRunner(quiet=True).run(pipeline_with([RUN_LATER]))
    return {id: str(step.state.value) for id, step in (first.steps | later.steps).items()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_can_be_pasted_into_a_pipeline(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHOP_PASSWORD", "secret")
    assert f"{name}(" in EXAMPLES[name]
    plan = compile_pipeline(pipeline_with([name]))
    assert any(step.id.startswith(f"{name}.") for step in plan.steps)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in NOT_RUN])
def test_an_example_runs(name: str, states: dict[str, str]) -> None:
    of_example = {id: state for id, state in states.items() if id.startswith(f"{name}.")}
    assert of_example
    done = {"complete", "cached"}  # the latter where another example has done the same
    assert set(of_example.values()) <= done, of_example
