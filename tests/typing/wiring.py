"""Pipelines as a type checker sees them: every line marked `# E` must be rejected, and no other.

The functions describe pipelines that are never run. mypy reads this file; nothing imports it.
"""

from pathlib import Path
from typing import NamedTuple

from millwork import Artifact, Component, Options, Outputs, component, import_artifact, output, pipeline, when
from millwork.core.artifacts import Boolean, Examples, Float, Integer, Model, Report, Schema, Statistics  # E
from millwork.core.artifacts import ExampleStatistics, String
from millwork.core.run import Run
from millwork.runners.local import LocalRunner


class Generate(Component):
    source: Path
    rows: int = 10
    examples: Examples = output()

    def run(self) -> None:
        (self.examples.path / "rows.txt").write_text(f"{self.source} {self.rows}")
        self.examples.split_names = ("train",)
        self.examples.split_names = "train"  # E
        self.examples.uri = 3  # E


class Describe(Component):
    examples: Examples
    schema: Schema | None = None
    exclude_splits: tuple[str, ...] = ()
    statistics: ExampleStatistics = output()

    def run(self) -> None:
        if self.schema is not None:
            print(self.schema.path)
        print(self.schema.path)  # E


class Merge(Component):
    examples: list[Examples]
    baseline: Model | None = None
    merged: Examples = output()
    rows: Integer = output()

    def run(self) -> None:
        self.rows.value = len(self.examples)
        self.rows.value = "many"  # E


class Forgetful(Component):
    examples: Examples

    def run(self) -> int:  # E
        return 1


class Parts(Outputs):
    model: Model
    accuracy: Float
    note: String


@component
def fit(
    parts: Parts, examples: Examples, statistics: ExampleStatistics | None = None, *, steps: int = 3
) -> None:
    parts.accuracy.value = 0.5
    parts.note.value = "fine"
    parts.accuracy.value = "good"  # E
    parts.loss.value = 1.0  # E


@component
def card(report: Report, model: Model, *, title: str = "Model") -> None:
    (report.path / "report.md").write_text(f"# {title}\n{model.path}\n")


@component
def compare(report: Report, models: list[Model], thresholds: tuple[float, ...] = ()) -> None:
    (report.path / "report.md").write_text(f"{len(models)} {thresholds}")


@component
def is_good(verdict: Boolean, accuracy: Float, *, at_least: float) -> None:
    verdict.value = accuracy.value >= at_least


@component  # E
def writes_nothing() -> None: ...


@component  # E
def writes_no_artifact(text: str, model: Model) -> None: ...


@component  # E
def returns_something(report: Report, model: Model) -> int:
    return 1


# Class components.
examples: Examples = Generate(source=Path("data")).examples
statistics: ExampleStatistics = Describe(examples=examples, exclude_splits=("eval",)).statistics
schema = import_artifact(Schema("data/schema"), id="schema")
with_schema: ExampleStatistics = Describe(examples=examples, schema=schema, id="again").statistics
without_schema = Describe(examples=examples, schema=None, options=Options(retries=2, timeout=60.0))

Generate()  # E
Generate(Path("data"))  # E
Generate(source="data")  # E
Generate(source=Path("data"), rows="10")  # E
Generate(source=Path("data"), row=10)  # E
Generate(source=Path("data"), examples=examples)  # E
Generate(source=Path("data")).exampels  # E
Generate(source=Path("data"), id=3)  # E
Describe()  # E
Describe(examples=statistics)  # E
Describe(examples=None)  # E
Describe(examples=[examples])  # E
Describe(examples=examples, schema=examples)  # E
Describe(examples=examples, exclude_splits="eval")  # E
Describe(examples=examples, exclude_splits=["eval"])  # E
wrong_output: Model = Describe(examples=examples).statistics  # E

# Lists.
merged: Examples = Merge(examples=[examples, examples]).merged
Merge(examples=[])
Merge(examples=examples)  # E
Merge(examples=[examples, statistics])  # E
Merge(examples=[examples], baseline=examples)  # E

# Function components: one output, several, values.
parts: Parts = fit(examples)
trained: Model = fit(examples, statistics, steps=5).model
accuracy: Float = parts.accuracy
report: Report = card(trained, title="Penguins")
named: Report = card.configured(id="card_2", options=Options(cache=False))(trained)
both: Report = compare([trained, trained], (0.5, 0.9))
verdict: Boolean = is_good(accuracy, at_least=0.8)

fit()  # E
fit(statistics)  # E
fit(examples, examples)  # E
fit(examples, statistics, 5)  # E
fit(examples, step=5)  # E
fit(examples, steps="5")  # E
fit(examples).models  # E
card(trained, title=3)  # E
card(trained, "Penguins")  # E
card.configured(ident="card_2")  # E
card.configured(id="card_2")(examples)  # E
compare(trained)  # E
compare([trained, examples])  # E
is_good(accuracy)  # E
is_good(0.9, at_least=0.8)  # E
not_a_model: Model = card(trained)  # E
not_the_parts: Model = fit(examples)  # E

# Conditions.
with when(accuracy >= 0.8):
    card.configured(id="card_3")(trained)
with when((accuracy > 0.5) & ~verdict.equals(False) | accuracy.prop("value").one_of(0.1, 0.2)):
    card.configured(id="card_4")(trained)
with when(accuracy):  # E
    card.configured(id="card_5")(trained)
with when(0.9 > 0.8):  # E
    card.configured(id="card_6")(trained)
accuracy >= "high"  # E

# Options.
Options(retries=3, backoff=0.5, timeout=None, cache=False, environment={"NAME": "value"})
Options(retry=3)  # E
Options(environment={"NAME": 1})  # E
Options(3)  # E


# Pipelines: what they produce, and what a run gives back.
class Products(NamedTuple):
    model: Model
    report: Report


@pipeline
def classic(data: Path, steps: int = 5) -> Products:
    rows = Generate(source=data).examples
    model = fit(rows, steps=steps).model
    return Products(model, card(model))


@pipeline(name="short")
def brief(data: Path) -> Examples:
    return Generate(source=data).examples


described = classic(Path("data"), steps=3)
model_promise: Model = described.produces.model
run: Run = LocalRunner("root", workers=2).run(described, cache=False, no_cache_for=("fit",), only=["card"])
real_model: Model = run[described.produces.model]
real_report: Report = run[described.produces.report]
real_rows: Examples = run[brief(Path("data")).produces]
split: Path = real_rows.split("train")

classic()  # E
classic("data")  # E
classic(Path("data"), stepz=3)  # E
described.produces.modl  # E
not_examples: Examples = described.produces.model  # E
real_wrong: Examples = run[described.produces.model]  # E
run["fit"]  # E
LocalRunner("root", worker=2)  # E
LocalRunner("root").run(classic)  # E
import_artifact("data/schema")  # E
imported_wrong: Examples = import_artifact(Schema("data/schema"))  # E
generic: Artifact = trained
generic.split("train")  # E
