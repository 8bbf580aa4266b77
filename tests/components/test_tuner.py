"""Tuner finds hyperparameters with KerasTuner or Optuna, writes TFX's files and a table, and survives bad trials."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sample_project import Project

from millwork import Options, Pipeline, import_artifact
from millwork.components import EvalArgs, Study, TrainArgs, TuneArgs, Tuner
from millwork.components.data.writing import ExamplesWriter
from millwork.core.artifacts import Examples
from millwork.core.errors import BadInput, MillworkError, UnportableFunction, WrongArgument
from millwork.core.testing import perform
from millwork.core.workspace import offering
from millwork.runners import LocalRunner

OBJECTIVES = """
    import os
    import signal
    import time
    from pathlib import Path

    import optuna


    def parabola(trial, fn_args):
        x = trial.suggest_float("x", -10, 10)
        if fn_args.custom_config:
            time.sleep(0.02 * (trial.number % 3))  # side by side they end in another order
        return (x - 2) ** 2


    def sees(trial, fn_args):
        trial.suggest_int("n", 0, 1)
        assert fn_args.train_files and fn_args.eval_files and Path(fn_args.working_dir).is_dir()
        return fn_args.train_steps + fn_args.custom_config["more"]


    def fails_below_zero(trial, fn_args):
        x = trial.suggest_float("x", -10, 10)
        if x < 0:
            raise ArithmeticError(f"{x} is below zero")
        return x


    def always_fails(trial, fn_args):
        trial.suggest_categorical("kind", ["only"])
        raise ArithmeticError("no way")


    def meets_another(trial, fn_args):
        folder = Path(fn_args.custom_config["folder"])
        (folder / f"began-{trial.number}").touch()
        other = folder / f"began-{trial.number ^ 1}"
        deadline = time.monotonic() + 60
        while not other.exists():
            assert time.monotonic() < deadline, "no other trial began while this one ran"
            time.sleep(0.01)
        return trial.suggest_float("x", 0, 1)


    def is_killed_once(trial, fn_args):
        x = trial.suggest_float("x", 0, 1)
        with open(Path(fn_args.custom_config["folder"], "tried"), "a") as file:
            file.write(f"{trial.number}\\n")
        flag = Path(fn_args.custom_config["folder"], "killed")
        if trial.number == 2 and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return x


    def reports(trial, fn_args):
        x = trial.suggest_int("x", 0, 100)
        for step in range(3):
            trial.report(x + step, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return x


    def returns(trial, fn_args):
        trial.suggest_int("n", 0, 1)
        return fn_args.custom_config["value"]


    def returns_nan(trial, fn_args):
        return float("nan")


    def chooses_a_tuple(trial, fn_args):
        return trial.suggest_categorical("layers", [(8, 8), (16,)])[0]


    class Sealed(Exception):
        # pickle cannot make it again
        def __init__(self, what, why):
            super().__init__(f"{what}: {why}")


    def broken_sampler(seed):
        raise Sealed("no licence", "it has run out")


    def no_sampler(seed):
        return "tpe"


    def qmc(seed):
        return optuna.samplers.QMCSampler(seed=seed)


    def multivariate(seed):
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=2)


    def patient():
        return optuna.pruners.ThresholdPruner(upper=1000)
"""

KERAS = """
    import os
    import signal
    import time
    from pathlib import Path

    import keras_tuner
    from millwork.tfx.fn_args_utils import FnArgs, TunerFnResult


    class Arithmetic(keras_tuner.RandomSearch):
        def run_trial(self, trial, folder=None, kill=False, fail=False):
            x = trial.hyperparameters.Int("x", 0, 20)
            if fail:
                raise keras_tuner.errors.FailedTrialError("no way")
            if folder:
                me = int(trial.trial_id)
                Path(folder, f"began-{me}").touch()
                if kill and me == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                deadline = time.monotonic() + 60
                while not Path(folder, f"began-{me ^ 1}").exists():
                    assert time.monotonic() < deadline, "no other trial began while this one ran"
                    time.sleep(0.01)
            return abs(x - 7)


    def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
        space = keras_tuner.HyperParameters()
        space.Int("x", 0, 20)
        tuner = Arithmetic(
            max_trials=4,
            seed=1,
            hyperparameters=space,
            directory=fn_args.working_dir,
            overwrite=True,
            max_consecutive_failed_trials=2,
        )
        return TunerFnResult(tuner=tuner, fit_kwargs=fn_args.custom_config or {})


    class Interrupted(keras_tuner.RandomSearch):
        def run_trial(self, trial, folder):
            with open(Path(folder, "tried"), "a") as file:
                file.write(trial.trial_id)
            if trial.trial_id == "2" and Path(folder, "tried").read_text() == "012":
                raise KeyboardInterrupt
            return trial.hyperparameters.get("x")


    def is_interrupted(fn_args: FnArgs) -> TunerFnResult:
        space = keras_tuner.HyperParameters()
        space.Int("x", 0, 20)
        tuner = Interrupted(max_trials=4, seed=1, hyperparameters=space, directory=fn_args.working_dir)
        return TunerFnResult(tuner=tuner, fit_kwargs=fn_args.custom_config)


    def returns_a_model(fn_args):
        return "a model"


    def build(hp):
        from tensorflow import keras

        hidden = keras.layers.Dense(hp.Int("units", 1, 2))
        model = keras.Sequential([keras.layers.Input((1,)), hidden, keras.layers.Dense(1)])
        model.compile(loss="mse")
        return model


    def of_keras_2(fn_args):
        import numpy as np

        tuner = keras_tuner.GridSearch(build, objective="val_loss", directory=fn_args.working_dir)
        x = np.ones((4, 1), "float32")
        return TunerFnResult(tuner=tuner, fit_kwargs={"x": x, "y": x, "validation_data": (x, x), "verbose": 0})
"""


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    made = Examples(str(tmp_path / "examples"))
    rows = pa.RecordBatch.from_pydict({"x": pa.array([0.5, 1.5], pa.float32()), "y": [0, 1]})
    with ExamplesWriter(made, ["train", "eval"]) as writer:
        for split in ("train", "eval"):
            writer.write(split, rows)
    return made


@pytest.fixture
def objectives(project: Project) -> Any:
    project.write("objectives.py", OBJECTIVES)
    return project.load("objectives")


@pytest.fixture
def keras_module(project: Project) -> Any:
    project.write("searches.py", KERAS)
    return project.load("searches")


def trials_of(tuner: Tuner) -> list[dict[str, str]]:
    with (tuner.tuner_results.path / "trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def best_of(tuner: Tuner) -> Any:
    return json.loads((tuner.best_hyperparameters.path / "best_hyperparameters.txt").read_text())


def results_of(tuner: Tuner) -> Any:
    return json.loads((tuner.tuner_results.path / "tuner_results.json").read_text())


# Optuna


def test_the_best_trial_and_all_trials_are_written(
    examples: Examples, objectives: Any, tmp_path: Path
) -> None:
    study = Study("minimize", trials=15)
    tuner = perform(Tuner(examples=examples, objective=objectives.parabola, study=study), tmp_path / "out")

    best, results, trials = best_of(tuner), results_of(tuner), trials_of(tuner)
    assert abs(best["values"]["x"] - 2) < 2
    assert list(results[0]) == ["trial_id", "score", "x"]
    assert results[0]["x"] == best["values"]["x"]
    assert [r["score"] for r in results] == sorted(r["score"] for r in results)
    assert [t["trial"] for t in trials] == [str(n) for n in range(15)]
    assert {t["state"] for t in trials} == {"complete"}
    assert (tuner.tuner_results.num_trials, tuner.tuner_results.best_score) == (15, results[0]["score"])


def test_what_was_found_is_a_configuration_of_keras_tuner_too(
    examples: Examples, objectives: Any, tmp_path: Path
) -> None:
    import keras_tuner

    study = Study("maximize", trials=2)
    tuner = perform(Tuner(examples=examples, objective=objectives.parabola, study=study), tmp_path / "out")

    assert keras_tuner.HyperParameters.from_config(best_of(tuner)).get("x") == results_of(tuner)[0]["x"]


def test_the_objective_gets_fn_args(examples: Examples, objectives: Any, tmp_path: Path) -> None:
    tuner = Tuner(
        examples=examples,
        objective="objectives.sees",
        study=Study("maximize", trials=1),
        train_args=TrainArgs(num_steps=7),
        custom_config={"more": 1},
    )
    assert results_of(perform(tuner, tmp_path / "out"))[0]["score"] == 8


@pytest.mark.parametrize(
    ("parallel", "sampler"), [(1, "tpe"), (1, "random"), (1, "multivariate"), (2, "multivariate")]
)
def test_the_same_search_finds_the_same(
    examples: Examples, objectives: Any, tmp_path: Path, parallel: int, sampler: Any
) -> None:
    trials = 4 if parallel > 1 else 14
    study = Study("minimize", trials=trials, sampler=getattr(objectives, sampler, sampler))
    found: list[list[str]] = []
    for place in ("one", "two"):
        tuner = Tuner(
            examples=examples,
            objective=objectives.parabola,
            study=study,
            tune_args=TuneArgs(num_parallel_trials=parallel),
            custom_config={"hurry": False},
        )
        found.append([t["x"] for t in trials_of(perform(tuner, tmp_path / place))])
    assert found[0] == found[1]
    assert len(set(found[0])) == trials


def test_another_seed_finds_something_else(examples: Examples, objectives: Any, tmp_path: Path) -> None:
    found: list[float] = []
    for seed in (0, 1, None, None):
        tuner = Tuner(
            examples=examples, objective=objectives.parabola, study=Study("minimize", trials=1, seed=seed)
        )
        found.append(best_of(perform(tuner, tmp_path / f"out-{len(found)}"))["values"]["x"])
    assert len(set(found)) == 4


@pytest.mark.parametrize("seed", [0, None])
def test_trials_run_side_by_side(
    examples: Examples, objectives: Any, tmp_path: Path, seed: int | None
) -> None:
    tuner = Tuner(
        examples=examples,
        objective=objectives.meets_another,
        study=Study("maximize", trials=2, seed=seed),
        tune_args=TuneArgs(num_parallel_trials=2),
        custom_config={"folder": str(tmp_path)},
    )
    assert [t["state"] for t in trials_of(perform(tuner, tmp_path / "out"))] == ["complete", "complete"]


def test_a_trial_that_fails_is_recorded_and_the_search_goes_on(
    examples: Examples, objectives: Any, tmp_path: Path
) -> None:
    study = Study("minimize", trials=12, sampler="random")
    tuner = perform(
        Tuner(examples=examples, objective=objectives.fails_below_zero, study=study), tmp_path / "out"
    )
    failed = [t for t in trials_of(tuner) if t["state"] == "failed"]
    assert failed
    for trial in failed:
        assert float(trial["x"]) < 0 and trial["score"] == ""
        assert "objectives.py" in trial["error"] and "ArithmeticError" in trial["error"]
    assert best_of(tuner)["values"]["x"] >= 0
    assert tuner.tuner_results.num_complete == 12 - len(failed)


def test_a_search_whose_first_trials_all_fail_stops_and_says_with_what(
    examples: Examples, objectives: Any, tmp_path: Path
) -> None:
    tuner = Tuner(examples=examples, objective=objectives.always_fails, study=Study("minimize", trials=50))
    with pytest.raises(BadInput) as caught:
        perform(tuner, tmp_path / "out")
    said = str(caught.value)
    assert "The first 3 trials all failed" in said and "Trial 0 with kind='only'" in said
    assert "in always_fails" in said and "ArithmeticError: no way" in said


def test_a_trial_whose_process_is_killed_harms_only_itself(
    examples: Examples, objectives: Any, tmp_path: Path
) -> None:
    tuner = Tuner(
        examples=examples,
        objective=objectives.is_killed_once,
        study=Study("minimize", trials=5),
        tune_args=TuneArgs(num_parallel_trials=2),
        custom_config={"folder": str(tmp_path)},
    )
    trials = trials_of(perform(tuner, tmp_path / "out"))
    assert [t["state"] for t in trials] == ["complete", "complete", "failed", "complete", "complete"]
    assert "killed by SIGKILL" in trials[2]["error"]


def test_hopeless_trials_are_pruned(examples: Examples, objectives: Any, tmp_path: Path) -> None:
    pruner: Any
    for pruner, expected in (("median", {"complete", "pruned"}), ("none", {"complete"})):
        study = Study("minimize", trials=15, sampler="random", pruner=pruner)
        tuner = Tuner(examples=examples, objective=objectives.reports, study=study)
        assert {t["state"] for t in trials_of(perform(tuner, tmp_path / pruner))} == expected
    study = Study("minimize", trials=2, pruner=objectives.patient)
    perform(Tuner(examples=examples, objective=objectives.reports, study=study), tmp_path / "own")


def test_a_step_that_is_killed_and_tried_again_goes_on_where_it_stopped(
    examples: Examples, objectives: Any, tmp_path: Path
) -> None:
    tuner = Tuner(
        examples=import_artifact(examples),
        objective=objectives.is_killed_once,
        study=Study("minimize", trials=4),
        custom_config={"folder": str(tmp_path)},
        options=Options(retries=1, backoff=0),
    )
    run = LocalRunner(tmp_path / "root", quiet=True).run(Pipeline("search", tuner.tuner_results))
    assert run[tuner.tuner_results].num_complete == 4
    assert (tmp_path / "tried").read_text().split() == ["0", "1", "2", "2", "3"]
    assert not list((tmp_path / "root").rglob("kept-*"))


@pytest.mark.parametrize(
    ("objective", "value", "message"),
    [
        ("returns", None, "must return one number, but returned None"),
        ("returns", [1, 2], "must return one number, but returned [1, 2]"),
        ("returns_nan", 0, "must return a finite number, but returned nan"),
        ("chooses_a_tuple", 0, "The hyperparameter 'layers' is (16,), a tuple"),
    ],
)
@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")
def test_what_cannot_be_stored_is_refused(
    examples: Examples, objectives: Any, tmp_path: Path, objective: str, value: object, message: str
) -> None:
    tuner = Tuner(
        examples=examples,
        objective=getattr(objectives, objective),
        study=Study("minimize", trials=1, seed=1),
        custom_config={"value": value},
    )
    with pytest.raises(BadInput) as caught:
        perform(tuner, tmp_path / "out")
    assert message.replace("(16,)", "") in str(caught.value).replace("(16,)", "").replace("(8, 8)", "")


@pytest.mark.filterwarnings("ignore:QMCSampler is experimental")
def test_a_sampler_that_would_begin_anew_every_time_is_refused(
    examples: Examples, objectives: Any, tmp_path: Path
) -> None:
    for sampler, message in ((objectives.qmc, "QMCSampler"), (objectives.no_sampler, "not 'tpe'")):
        tuner = Tuner(
            examples=examples, objective=objectives.parabola, study=Study("minimize", sampler=sampler)
        )
        with pytest.raises(WrongArgument, match=message):
            perform(tuner, tmp_path / "out")


@pytest.mark.parametrize("parallel", [1, 2])
def test_what_a_sampler_raises_is_told(
    examples: Examples, objectives: Any, tmp_path: Path, parallel: int
) -> None:
    tuner = Tuner(
        examples=examples,
        objective=objectives.parabola,
        study=Study("minimize", sampler=objectives.broken_sampler),
        tune_args=TuneArgs(num_parallel_trials=parallel),
    )
    with pytest.raises(Exception, match="no licence: it has run out"):
        perform(tuner, tmp_path / "out")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"direction": "maximise"}, "direction is one of .*'maximise'. Did you mean 'maximize'?"),
        ({"direction": ["maximize", "minimize"]}, "A Tuner follows one value"),
        ({"trials": 0}, "trials must be a whole number, 1 or more, but got 0"),
        ({"trials": 2.5}, "but got 2.5"),
        ({"sampler": "tpr"}, "a function of yours"),
        ({"pruner": 3}, "but got 3"),
        ({"seed": -1}, "but got -1"),
    ],
)
def test_impossible_settings_are_refused_at_once(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        Study(**{"direction": "maximize", **wrong})


def test_one_way_to_search_must_be_chosen(objectives: Any, keras_module: Any) -> None:
    study = Study("maximize")
    with pytest.raises(WrongArgument, match="say which way the objective is better"):
        Tuner(examples=Examples(), objective=objectives.parabola)
    with pytest.raises(WrongArgument, match="tuner_fn is for KerasTuner and objective for Optuna"):
        Tuner(examples=Examples(), objective=objectives.parabola, tuner_fn=keras_module.tuner_fn)
    with pytest.raises(WrongArgument, match="pass objective=... or module_file=..., one of them"):
        Tuner(examples=Examples(), study=study)
    with pytest.raises(WrongArgument, match="pass tuner_fn=... or module_file=..., one of them"):
        Tuner(examples=Examples())
    with pytest.raises(UnportableFunction, match="lambda"):
        Tuner(examples=Examples(), objective=lambda trial, fn_args: 1.0, study=study)
    with pytest.raises(UnportableFunction, match="lambda"):
        Study("maximize", sampler=lambda seed: None)
    with pytest.raises(
        WrongArgument, match="num_parallel_trials must be a whole number, 1 or more, but got 0"
    ):
        TuneArgs(num_parallel_trials=0)


def test_a_split_that_is_not_there_is_refused(examples: Examples, objectives: Any, tmp_path: Path) -> None:
    tuner = Tuner(
        examples=examples,
        objective=objectives.parabola,
        study=Study("minimize"),
        eval_args=EvalArgs(splits=("evil",)),
    )
    with pytest.raises(BadInput, match="Tuner wants the split 'evil'.*Did you mean 'eval'"):
        perform(tuner, tmp_path / "out")


# KerasTuner


@pytest.mark.parametrize("parallel", [1, 2])
def test_keras_tuner_searches_alone_or_in_several_processes(
    examples: Examples, keras_module: Any, tmp_path: Path, parallel: int
) -> None:
    tuner = Tuner(
        examples=examples,
        module_file=Path(keras_module.__file__),
        tune_args=TuneArgs(num_parallel_trials=parallel),
        custom_config={"folder": str(tmp_path)} if parallel == 2 else None,
    )
    done = perform(tuner, tmp_path / "out")

    best, results, trials = best_of(done), results_of(done), trials_of(done)
    assert best["space"][0]["config"]["name"] == "x"
    assert results[0] == {
        "trial_id": results[0]["trial_id"],
        "score": abs(best["values"]["x"] - 7),
        **best["values"],
    }
    assert [r["score"] for r in results] == sorted(r["score"] for r in results)
    assert [t["trial"] for t in trials] == ["0", "1", "2", "3"]
    assert all(t["state"] == "complete" and t["began"] for t in trials)


def test_a_process_of_keras_tuner_that_is_killed_harms_only_its_trial(
    examples: Examples, keras_module: Any, tmp_path: Path
) -> None:
    tuner = Tuner(
        examples=examples,
        tuner_fn=keras_module.tuner_fn,
        tune_args=TuneArgs(num_parallel_trials=2),
        custom_config={"folder": str(tmp_path), "kill": True},
    )
    (tmp_path / "began-2").touch()  # the one that is left need not wait for another
    (tmp_path / "began-3").touch()
    trials = trials_of(perform(tuner, tmp_path / "out"))
    assert [t["state"] for t in trials] == ["failed", "complete", "complete", "complete"]
    assert "killed by SIGKILL" in trials[0]["error"]


@pytest.mark.parametrize("parallel", [1, 2])
def test_trials_of_keras_tuner_that_all_fail_are_named(
    examples: Examples, keras_module: Any, tmp_path: Path, parallel: int
) -> None:
    tuner = Tuner(
        examples=examples,
        tuner_fn=keras_module.tuner_fn,
        tune_args=TuneArgs(num_parallel_trials=parallel),
        custom_config={"fail": True},
    )
    with pytest.raises(RuntimeError, match="consecutive failures exceeded") as caught:
        perform(tuner, tmp_path / "out")
    assert any("Trial 0 failed with x=" in note for note in caught.value.__notes__)


def test_a_search_of_keras_tuner_goes_on_where_it_stopped(
    examples: Examples, keras_module: Any, tmp_path: Path
) -> None:
    tuner = Tuner(
        examples=examples, tuner_fn=keras_module.is_interrupted, custom_config={"folder": str(tmp_path)}
    )
    with offering(lambda: tmp_path / "kept"):
        with pytest.raises(KeyboardInterrupt):
            perform(tuner, tmp_path / "out")
        done = perform(tuner, tmp_path / "out")
    assert (tmp_path / "tried").read_text() == "01223"
    assert [t["state"] for t in trials_of(done)] == ["complete"] * 4


def test_a_tuner_fn_that_returns_no_tuner_is_refused(
    examples: Examples, keras_module: Any, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"searches.returns_a_model\) must return TunerFnResult.*'a model'"):
        perform(Tuner(examples=examples, tuner_fn=keras_module.returns_a_model), tmp_path / "out")


def test_models_of_keras_2_are_searched_as_tfx_modules_have_them(project: Project, tmp_path: Path) -> None:
    """In a step, where `tf.keras` is Keras 2: here it may be either."""
    project.write("searches.py", KERAS)
    project.write(
        "legacy.py",
        """
        import os, sys
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        from pathlib import Path
        import tensorflow as tf
        import searches
        from millwork.components.models.fn_args import FnArgs
        from millwork.components.tuning.keras_search import search
        assert tf.keras.Model.__module__.startswith("tf_keras")
        found = search(searches.of_keras_2, FnArgs(working_dir=sys.argv[1]))
        print([t.hyperparameters for t in found.trials], found.best["values"] in [{"units": 1}, {"units": 2}])
        """,
    )
    done = project.python("legacy.py", str(tmp_path))
    assert done.stdout.endswith("[{'units': 1}, {'units': 2}] True\n"), done.stderr


def test_a_module_file_that_is_not_there_is_refused(examples: Examples, tmp_path: Path) -> None:
    with pytest.raises(MillworkError, match="there is no module file '.*nowhere.py'"):
        Tuner(examples=examples, module_file="nowhere.py")
