"""What every stock component must satisfy. A new one needs a case in `cases.py`, and nothing here."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cases import CASES, Case
from materials import Materials

from millwork import Pipeline, import_artifact
from millwork import components as stock
from millwork.core.component import Component, contract_of
from millwork.core.errors import BadInput, MillworkError, WrongArgument
from millwork.core.graph import Artifact
from millwork.core.plan import Plan, compile_pipeline
from millwork.core.storage import content_digest
from millwork.core.testing import perform, place_for

CATALOG = [
    kind
    for kind in (getattr(stock, name) for name in stock.__all__)
    if isinstance(kind, type) and issubclass(kind, Component)
]
DOCS = Path(__file__).parents[2] / "docs/reference/components"
HEAVY = ("tensorflow", "apache_beam", "sklearn", "pandas", "scipy", "tfx_bsl", "matplotlib", "pyarrow")

every_component = pytest.mark.parametrize("kind", CATALOG, ids=lambda kind: kind.__name__)


@pytest.fixture(scope="session")
def materials(tmp_path_factory: pytest.TempPathFactory) -> Materials:
    return Materials(tmp_path_factory.mktemp("materials"), eval_rows=40)


@pytest.fixture(scope="session")
def empty_eval(tmp_path_factory: pytest.TempPathFactory) -> Materials:
    return Materials(tmp_path_factory.mktemp("empty"), eval_rows=0)


def test_every_component_of_the_catalog_has_a_case() -> None:
    assert set(CASES) == set(CATALOG)


@every_component
def test_it_is_described(kind: type[Component]) -> None:
    assert (kind.__doc__ or "").strip().partition("\n")[0].endswith(".")
    contract = contract_of(kind)
    assert set(CASES[kind].writes) == set(contract.outputs)
    assert all(issubclass(t, Artifact) for t in contract.outputs.values())
    assert (DOCS / f"{kind.__name__}.md").is_file()


@every_component
def test_it_is_one_file_of_its_own(kind: type[Component]) -> None:
    others = [k for k in CATALOG if inspect.getsourcefile(k) == inspect.getsourcefile(kind)]
    assert others == [kind]


def test_describing_the_catalog_loads_nothing_heavy() -> None:
    program = f"import sys, millwork.components; print([m for m in {HEAVY} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@every_component
def test_a_missing_or_unknown_argument_is_refused(kind: type[Component], materials: Materials) -> None:
    with pytest.raises(MillworkError, match=kind.__name__):
        kind()
    given: dict[str, Any] = dict(CASES[kind].build(materials).arguments)
    with pytest.raises(WrongArgument, match=f"{kind.__name__} has no argument 'nonsense'"):
        kind(**given, nonsense=1)  # type: ignore[call-arg]


@every_component
def test_an_argument_of_the_wrong_type_is_refused(kind: type[Component], materials: Materials) -> None:
    given: dict[str, Any] = dict(CASES[kind].build(materials).arguments)
    inputs = contract_of(kind).inputs
    wrong = CASES[kind].wrong or {next(iter(inputs)): "a path"}
    with pytest.raises(WrongArgument, match=next(iter(wrong))):
        kind(**{**given, **wrong})


@every_component
def test_it_runs_without_a_runner(kind: type[Component], materials: Materials, tmp_path: Path) -> None:
    case = CASES[kind]
    done = perform(case.build(materials), tmp_path)
    for name, pattern in case.writes.items():
        if pattern:
            assert list(done.outputs[name].path.glob(pattern)), f"{name} has no {pattern}"


@every_component
def test_a_plan_takes_it_to_another_process(
    kind: type[Component], materials: Materials, tmp_path: Path
) -> None:
    case = CASES[kind]
    plan = _plan_with_imports(kind, case, materials)
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(plan.to_json()).to_json() == plan.to_json()

    step = case.build(materials)
    places = {n: place_for(a, str(tmp_path / n)) for n, a in step.outputs.items()}
    for name in places:
        (tmp_path / name).mkdir()
    loaded = Plan.from_json(plan.to_json())[step.id].load(step.inputs, places)
    assert {n: loaded.parameters[n] for n in step.parameters} == step.parameters
    loaded.run()
    if case.stable:
        again = perform(case.build(materials), tmp_path / "again")
        for name, artifact in loaded.outputs.items():
            assert content_digest(artifact.path) == content_digest(again.outputs[name].path)
            assert artifact.properties == again.outputs[name].properties or kind is stock.Pusher


@every_component
def test_a_split_without_rows_is_no_accident(
    kind: type[Component], empty_eval: Materials, tmp_path: Path
) -> None:
    case = CASES[kind]
    if case.refuses_empty:
        with pytest.raises(BadInput, match=case.refuses_empty):
            perform(case.build(empty_eval), tmp_path)
        return
    done = perform(case.build(empty_eval), tmp_path)
    for name, pattern in case.writes.items():
        if pattern:
            assert list(done.outputs[name].path.glob(pattern))


def _plan_with_imports(kind: type[Component], case: Case, materials: Materials) -> Plan:
    """The plan of a pipeline with this component, its inputs brought in from where they are."""
    step = case.build(materials)
    given: dict[str, Any] = dict(step.arguments)
    for name, [artifact] in step.inputs.items():
        given[name] = import_artifact(artifact, id=f"import_{name}")
    placed = kind(**given)
    return compile_pipeline(Pipeline("conformance", list(placed.outputs.values())))
