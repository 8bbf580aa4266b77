"""Train a model with the user's `run_fn`, in TensorFlow Extended's contract."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millwork.components.data.reading import each
from millwork.components.data.schema_file import FILE_NAME as SCHEMA_FILE
from millwork.components.data.statistics import num_examples, read_statistics
from millwork.components.models.autograph import framework_source_as_it_is
from millwork.components.models.fn_args import DataAccessor, FnArgs
from millwork.components.models.loading import SERVING_FOLDER, framework_of, serving_folder
from millwork.core.artifacts import (
    PARQUET,
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
from millwork.core.errors import BadInput, WrongArgument, did_you_mean
from millwork.core.signature import ModuleFile

logger = logging.getLogger(__name__)

EVAL_FOLDER = "Format-TFMA"
HYPERPARAMETERS_FILE = "best_hyperparameters.txt"


def _check_steps(owner: str, splits: Sequence[str], num_steps: int) -> None:
    if isinstance(splits, str):
        raise WrongArgument(f"{owner}: splits is a tuple of names: write splits=({splits!r},)")
    if num_steps < 0:
        raise WrongArgument(f"{owner}: num_steps must be 0 or more, but got {num_steps}")


@dataclass(frozen=True)
class TrainArgs:
    """The splits to train on, and how many steps to take."""

    splits: tuple[str, ...] = ("train",)
    num_steps: int = 0
    """0 leaves it to `run_fn`, which sees None."""

    def __post_init__(self) -> None:
        _check_steps(type(self).__name__, self.splits, self.num_steps)
        if not self.splits:
            raise WrongArgument("TrainArgs: name at least one split to train on, such as splits=('train',)")


@dataclass(frozen=True)
class EvalArgs:
    """The splits to evaluate on while training, and how many steps to take. There may be no split."""

    splits: tuple[str, ...] = ("eval",)
    num_steps: int = 0
    """0 leaves it to `run_fn`, which sees None."""

    def __post_init__(self) -> None:
        _check_steps(type(self).__name__, self.splits, self.num_steps)


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
    """What a Tuner found best: `run_fn` gets the JSON of its file as the dict `fn_args.hyperparameters`, and with
    KerasTuner `keras_tuner.HyperParameters.from_config(fn_args.hyperparameters)`."""
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
            fn_args = self._fn_args(working_dir)
            try:
                with framework_source_as_it_is():
                    run_fn(fn_args)
            except Exception as e:
                self._hint_at_format(e)
                raise
        saved = self.model.path / SERVING_FOLDER
        if not saved.is_dir() or not any(saved.iterdir()):
            raise BadInput(
                f"run_fn ({run_fn.__module__}.{run_fn.__qualname__}) returned, but saved no model: "
                f"{str(saved)!r} is {'empty' if saved.exists() else 'not there'}. At the end of run_fn, save one "
                "to fn_args.serving_model_dir, for example with tf.saved_model.save(model, fn_args.serving_model_dir)"
            )
        self.model.framework = framework_of(saved)
        if any(self.model_run.path.rglob("events.out.tfevents.*")):
            logger.info(
                "TensorBoard: tensorboard --logdir URI, where `millwork artifacts list --type ModelRun` says the URI"
            )

    def _fn_args(self, working_dir: str) -> FnArgs:
        self._check_formats()
        schema = str(self.schema.path / SCHEMA_FILE) if self.schema else None
        graph = str(self.transform_graph.path) if self.transform_graph else None
        return FnArgs(
            working_dir=working_dir,
            train_files=self._patterns(self.train_args.splits),
            eval_files=self._patterns(self.eval_args.splits),
            train_steps=self.train_args.num_steps or None,
            eval_steps=self.eval_args.num_steps or None,
            schema_path=schema,
            schema_file=schema,
            transform_graph_path=graph,
            transform_output=graph,
            data_accessor=DataAccessor(),
            serving_model_dir=str(self.model.path / SERVING_FOLDER),
            eval_model_dir=str(self.model.path / EVAL_FOLDER),
            model_run_dir=str(self.model_run.path),
            base_model=str(serving_folder(self.base_model)) if self.base_model else None,
            hyperparameters=_read_hyperparameters(self.hyperparameters) if self.hyperparameters else None,
            custom_config=None if self.custom_config is None else dict(self.custom_config),
            num_examples=_count_examples(self.statistics) if self.statistics else None,
        )

    def _patterns(self, splits: Sequence[str]) -> list[str]:
        parts = each(self.examples)
        known = parts[0].split_names
        for name in splits:
            if name not in known:
                raise BadInput(
                    f"Trainer wants the split {name!r}, and the examples have none of this name. "
                    f"{did_you_mean(name, known)} Choose with train_args and eval_args; "
                    "EvalArgs(splits=()) evaluates nothing"
                )
        return [str(part.split(name) / "*") for name in splits for part in parts]

    def _check_formats(self) -> None:
        """`run_fn` reads all files in one way."""
        first, *others = each(self.examples)
        for other in others:
            if other.file_format != first.file_format:
                raise BadInput(
                    f"Trainer reads examples of one format, but {first.uri!r} has {first.file_format} and "
                    f"{other.uri!r} has {other.file_format}. Write them with the same format=..., or let one Transform "
                    "of all of them come before"
                )

    def _hint_at_format(self, error: Exception) -> None:
        """TensorFlow calls Parquet read as TFRecord corrupted: the most likely mistake with a TFX module."""
        if type(error).__name__ == "DataLossError" and each(self.examples)[0].file_format == PARQUET:
            error.add_note(
                "The examples are stored as Parquet, not as TFRecord. Read them with fn_args.data_accessor, "
                "or let the component that writes them use format='tfrecord'"
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
