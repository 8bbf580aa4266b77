"""Several runs on one store at the same time all succeed, from the first moment of the store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sample_project import Project

from millwork.core.records import State
from millwork.core.store import MetadataStore

SCRIPT = """
    import sys
    from millwork import component, pipeline
    from millwork.core.artifacts import Integer
    from millwork.runners.local import LocalRunner

    @component
    def make(result: Integer, *, value: int) -> None:
        result.value = value

    @component
    def add(result: Integer, x: Integer, *, more: int = 1) -> None:
        result.value = x.value + more

    @pipeline(name=sys.argv[1] if len(sys.argv) > 1 else "p")
    def described() -> Integer:
        x = make(value=1)
        for i in range(8):
            x = add.configured(id=f"add_{i}")(x)
        return x

    if __name__ == "__main__":
        p = described()
        run = LocalRunner("root", quiet=True).run(p, cache="cached" in sys.argv)
        print(run[p.produces].value)
    """


@pytest.fixture
def store(project: Project) -> MetadataStore:
    project.write("script.py", SCRIPT)
    return MetadataStore(str(project.folder / "root" / "metadata.sqlite"))


def run_together(project: Project, *arguments: list[str]) -> list[tuple[int, str, str]]:
    processes = [
        subprocess.Popen(
            [sys.executable, "script.py", *a],
            cwd=project.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for a in arguments
    ]
    outcomes = [p.communicate(timeout=120) for p in processes]
    return [(p.returncode, *o) for p, o in zip(processes, outcomes, strict=True)]


@pytest.mark.parametrize("names", [["p", "p"], ["p", "q"], ["p", "p", "q", "q", "r"]], ids="-".join)
def test_runs_at_the_same_time_on_a_new_store_all_succeed(names: list[str], project: Project) -> None:
    project.write("script.py", SCRIPT)
    outcomes = run_together(project, *([n] for n in names))
    assert [(code, out) for code, out, _ in outcomes] == [(0, "9\n")] * len(names), outcomes
    store = MetadataStore(str(project.folder / "root" / "metadata.sqlite"))
    runs = store.runs()
    assert sorted(r.pipeline for r in runs) == sorted(names)
    for run in runs:
        assert run.state is State.COMPLETE
        assert [e.state for e in store.executions_of_run(run.id)] == [State.COMPLETE] * 9
    assert list((project.folder / "root" / ".runs").iterdir()) == []


def test_runs_at_the_same_time_may_use_each_others_results(project: Project, store: MetadataStore) -> None:
    outcomes = run_together(project, *[["p", "cached"]] * 4)
    assert [(code, out) for code, out, _ in outcomes] == [(0, "9\n")] * 4, outcomes
    for run in store.runs():
        for execution in store.executions_of_run(run.id):
            assert execution.state in (State.COMPLETE, State.CACHED)
            [result] = store.outputs_of(execution.id)["result"]
            assert Path(result.uri).exists()


def test_no_artifact_belongs_to_two_executions_that_did_the_work(
    project: Project, store: MetadataStore
) -> None:
    run_together(project, ["p"], ["p"], ["q"])
    uris = [a.uri for a in store.artifacts(limit=200)]
    assert len(uris) == len(set(uris)) == 27
