"""Search for good hyperparameters, with KerasTuner in TensorFlow Extended's contract or with Optuna for any library."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from millwork.components.models.fn_args import FnArgs
from millwork.components.models.training import EvalArgs, TrainArgs, Training
from millwork.components.tuning import keras_parallel, keras_search, optuna_search
from millwork.components.tuning.results import SearchResult, write_results
from millwork.components.tuning.settings import Study, TuneArgs
from millwork.core.artifacts import Examples, HyperParameters, Model, Schema, TransformGraph, TunerResults
from millwork.core.callables import check_user_function, user_function
from millwork.core.component import Component, output
from millwork.core.errors import WrongArgument
from millwork.core.signature import ModuleFile
from millwork.core.workspace import kept_folder


class Tuner(Component):
    """Search for good hyperparameters, with KerasTuner or with Optuna.

    With Optuna, for any library: `objective(trial, fn_args)` is the user's. It takes hyperparameters from
    `trial.suggest_int("layers", 1, 3)` and the like, learns from `fn_args.train_files`, and returns how good that is
    on `fn_args.eval_files`. `study` says which way is better and how many trials there are.

        tuner = Tuner(
            examples=transform.transformed_examples,
            transform_graph=transform.transform_graph,
            objective=my_model.objective,
            study=Study("maximize", trials=30),
            tune_args=TuneArgs(num_parallel_trials=2),
        )

    With KerasTuner, as in TFX: give `tuner_fn(fn_args)` instead of `objective` and `study`. It returns
    `TunerFnResult(tuner, fit_kwargs)`.

    `fn_args` has the fields of TFX's FnArgs. A Trainer's `hyperparameters` takes `tuner.best_hyperparameters`; its
    `run_fn` finds the best values in `fn_args.hyperparameters["values"]`, whichever library searched. Only KerasTuner
    fills in "space", the values that there were to choose from.

    A trial that fails is recorded with its hyperparameters and its error, and the search goes on, unless all fail.
    A search that is interrupted, or fails, goes on where it stopped when the step is retried or the run resumed: with
    KerasTuner if `tuner_fn` passes `directory=fn_args.working_dir`.
    """

    base_type = "mlmd.Train"
    libraries = ("tensorflow", "tensorflow_transform", "optuna", "keras_tuner")

    examples: Examples | list[Examples]
    """Raw or transformed rows: what the user's function expects. Of several, `fn_args.train_files` lists the files of
    all."""
    transform_graph: TransformGraph | None = None
    schema: Schema | None = None
    base_model: Model | None = None
    """A model to start from: the user's function finds its folder in `fn_args.base_model`."""
    tuner_fn: Callable[..., Any] | str | None = None
    """For KerasTuner: a function, or the dotted name of one."""
    objective: Callable[..., Any] | str | None = None
    """For Optuna: a function, or the dotted name of one."""
    module_file: ModuleFile | None = None
    """A Python file that defines `tuner_fn`, or, if there is a `study`, `objective`."""
    study: Study | None = None
    """How to search with Optuna."""
    train_args: TrainArgs = TrainArgs()
    eval_args: EvalArgs = EvalArgs()
    tune_args: TuneArgs = TuneArgs()
    """Trials at the same time run in processes of their own. Each may use all cores, if nobody tells its library."""
    custom_config: Mapping[str, Any] | None = None
    """Anything that the user's function should see as `fn_args.custom_config`."""
    best_hyperparameters: HyperParameters = output()
    tuner_results: TunerResults = output()
    """Every trial with its hyperparameters, score, state and duration."""

    def check(self) -> None:
        if self.tuner_fn is not None and (self.objective is not None or self.study is not None):
            other = "objective" if self.objective is not None else "study"
            raise WrongArgument(f"Tuner: tuner_fn is for KerasTuner and {other} for Optuna: pass one of them")
        if self.objective is not None and self.study is None:
            raise WrongArgument(
                "Tuner: say which way the objective is better, and how many trials there are: "
                "study=Study('maximize', trials=20)"
            )
        function = self.objective if self.study else self.tuner_fn
        check_user_function("Tuner", self._wanted, function, self.module_file)

    def run(self) -> None:
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # as in Trainer
        training = Training(
            owner="Tuner",
            examples=self.examples,
            train_args=self.train_args,
            eval_args=self.eval_args,
            transform_graph=self.transform_graph,
            schema=self.schema,
            base_model=self.base_model,
            custom_config=self.custom_config,
        )
        with kept_folder() as folder:
            working_dir = folder / "working_dir"
            working_dir.mkdir(exist_ok=True)
            try:
                found = self._search(training.fn_args(str(working_dir)), folder / "trials")
            except Exception as error:
                training.hint_at_format(error)
                raise
            write_results(found, self.best_hyperparameters, self.tuner_results)

    def _search(self, fn_args: FnArgs, folder: Path) -> SearchResult:
        parallel = self.tune_args.num_parallel_trials
        function = user_function(
            self._wanted, self.objective if self.study else self.tuner_fn, self.module_file
        )
        if self.study:
            return optuna_search.search(function, fn_args, self.study, parallel, folder)
        if parallel > 1:
            return keras_parallel.search_in_parallel(function, fn_args, parallel)
        return keras_search.search(function, fn_args)

    @property
    def _wanted(self) -> str:
        return "objective" if self.study else "tuner_fn"
