"""Train a model with the user's `run_fn`, in TensorFlow Extended's contract."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from millwork.components.data.reading import newest
from millwork.components.data.statistics import num_examples, read_statistics
from millwork.components.models.autograph import framework_source_as_it_is
from millwork.components.models.fn_args import FnArgs
from millwork.components.models.loading import SERVING_FOLDER, framework_of
from millwork.components.models.training import HYPERPARAMETERS_FILE, EvalArgs, TrainArgs, Training
from millwork.core.artifacts import (
    Examples,
    ExampleStatistics,
    HyperParameters,
    Model,
    ModelRun,
    Schema,
    TransformGraph,
)
from millwork.core.callables import check_user_function, user_function
from millwork.core.component import Component, output
from millwork.core.errors import BadInput
from millwork.core.signature import ModuleFile

logger = logging.getLogger(__name__)

EVAL_FOLDER = "Format-TFMA"


class Trainer(Component):
    """Train a model with `run_fn(fn_args)`, which saves it to `fn_args.serving_model_dir`.

    `run_fn` is the user's: a function, the dotted name of one, or what a module file calls so. It may use any
    library. `fn_args` has the fields of TFX's FnArgs; `fn_args.data_accessor` reads the examples however they
    are stored. What it raises is raised unchanged. `import keras` gives Keras 3, and `tf.keras` Keras 2 as in
    TFX, unless `Options(environment={"TF_USE_LEGACY_KERAS": "0"})`.

        trainer = Trainer(
            examples=transform.transformed_examples,
            transform_graph=transform.transform_graph,
            run_fn=my_model.run_fn,
            train_args=TrainArgs(num_steps=500),
        )
    """

    base_type = "mlmd.Train"
    libraries = ("tensorflow", "tensorflow_transform")

    examples: Examples | list[Examples]
    """Raw or transformed rows: what `run_fn` expects. Of several, such as one for each span, `fn_args.train_files`
    lists the files of all."""
    transform_graph: TransformGraph | None = None
    schema: Schema | None = None
    statistics: ExampleStatistics | None = None
    base_model: Model | None = None
    """A model to start from: `run_fn` finds its folder in `fn_args.base_model`."""
    hyperparameters: HyperParameters | None = None
    """What a Tuner found best: `run_fn` gets the JSON of its file as the dict `fn_args.hyperparameters`, whose "values"
    are the best value of each hyperparameter. It is also a configuration of KerasTuner:
    `keras_tuner.HyperParameters.from_config(fn_args.hyperparameters)`."""
    run_fn: Callable[..., Any] | str | None = None
    module_file: ModuleFile | None = None
    train_args: TrainArgs = TrainArgs()
    eval_args: EvalArgs = EvalArgs()
    custom_config: Mapping[str, Any] | None = None
    """Anything that `run_fn` should see as `fn_args.custom_config`."""
    model: Model = output()
    model_run: ModelRun = output()
    """What `run_fn` wrote to `fn_args.model_run_dir`, such as `keras.callbacks.TensorBoard(fn_args.model_run_dir)`."""

    def check(self) -> None:
        check_user_function("Trainer", "run_fn", self.run_fn, self.module_file)

    def run(self) -> None:
        # TFT sets this when it is imported. Set here, tf.keras is the same library whether it was or not.
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
        run_fn = user_function("run_fn", self.run_fn, self.module_file)
        with tempfile.TemporaryDirectory(prefix="millwork-trainer-") as working_dir:
            training = self._training()
            fn_args = self._fn_args(training, working_dir)
            try:
                with framework_source_as_it_is():
                    run_fn(fn_args)
            except Exception as e:
                training.hint_at_format(e)
                raise
        saved = self.model.path / SERVING_FOLDER
        if not saved.is_dir() or not any(saved.iterdir()):
            raise BadInput(
                f"run_fn ({run_fn.__module__}.{run_fn.__qualname__}) returned, but saved no model: "
                f"{str(saved)!r} is {'empty' if saved.exists() else 'not there'}. At the end of run_fn, save one "
                "to fn_args.serving_model_dir, for example with tf.saved_model.save(model, fn_args.serving_model_dir)"
            )
        self.model.framework = framework_of(saved)
        self.model.span = newest(self.examples).span
        if any(self.model_run.path.rglob("events.out.tfevents.*")):
            logger.info(
                "TensorBoard: tensorboard --logdir URI, where `millwork artifacts list --type ModelRun` says the URI"
            )

    def _training(self) -> Training:
        return Training(
            owner="Trainer",
            examples=self.examples,
            train_args=self.train_args,
            eval_args=self.eval_args,
            transform_graph=self.transform_graph,
            schema=self.schema,
            base_model=self.base_model,
            custom_config=self.custom_config,
        )

    def _fn_args(self, training: Training, working_dir: str) -> FnArgs:
        return replace(
            training.fn_args(working_dir),
            serving_model_dir=str(self.model.path / SERVING_FOLDER),
            eval_model_dir=str(self.model.path / EVAL_FOLDER),
            model_run_dir=str(self.model_run.path),
            hyperparameters=_read_hyperparameters(self.hyperparameters) if self.hyperparameters else None,
            num_examples=_count_examples(self.statistics) if self.statistics else None,
        )


def _read_hyperparameters(artifact: HyperParameters) -> dict[str, Any]:
    path: Path = artifact.path / HYPERPARAMETERS_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"The hyperparameters have no file {str(path)!r}") from None
    except ValueError as e:
        raise BadInput(f"{str(path)!r} is not JSON: {e}") from e
    if not isinstance(values, dict):
        raise BadInput(f"{str(path)!r} must hold a JSON object, but holds {values!r}")
    return values


def _count_examples(statistics: ExampleStatistics) -> dict[str, int]:
    return {name: num_examples(read_statistics(statistics, name)) for name in statistics.split_names}
