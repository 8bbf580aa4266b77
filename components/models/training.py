"""What Trainer and Tuner have in common: which rows, how many steps, and what the user's function learns of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from millwork.components.data import payloads
from millwork.components.data.reading import each, payload_of
from millwork.components.data.schema_file import FILE_NAME as SCHEMA_FILE
from millwork.components.models.fn_args import FnArgs, data_accessor
from millwork.components.models.loading import serving_folder
from millwork.core.artifacts import PARQUET, Examples, Model, Schema, TransformGraph
from millwork.core.errors import BadInput, WrongArgument, did_you_mean

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
    """0 leaves it to the user's function, which sees None."""

    def __post_init__(self) -> None:
        _check_steps(type(self).__name__, self.splits, self.num_steps)
        if not self.splits:
            raise WrongArgument("TrainArgs: name at least one split to train on, such as splits=('train',)")


@dataclass(frozen=True)
class EvalArgs:
    """The splits to evaluate on while training, and how many steps to take. There may be no split."""

    splits: tuple[str, ...] = ("eval",)
    num_steps: int = 0
    """0 leaves it to the user's function, which sees None."""

    def __post_init__(self) -> None:
        _check_steps(type(self).__name__, self.splits, self.num_steps)


@dataclass(frozen=True)
class Training:
    """What a user's function is to learn from, and how long."""

    owner: str
    """The component, as errors call it."""
    examples: Examples | list[Examples]
    train_args: TrainArgs
    eval_args: EvalArgs
    transform_graph: TransformGraph | None = None
    schema: Schema | None = None
    base_model: Model | None = None
    custom_config: Mapping[str, Any] | None = None

    def fn_args(self, working_dir: str) -> FnArgs:
        """What the user's function gets, without what only a Trainer sets. BadInput if the examples do not fit."""
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
            data_accessor=data_accessor(payload_of(self.examples, payloads.ALL)),
            base_model=str(serving_folder(self.base_model)) if self.base_model else None,
            custom_config=None if self.custom_config is None else dict(self.custom_config),
        )

    def hint_at_format(self, error: BaseException) -> None:
        """TensorFlow calls Parquet read as TFRecord corrupted: the most likely mistake with a TFX module."""
        if type(error).__name__ == "DataLossError" and each(self.examples)[0].file_format == PARQUET:
            error.add_note(
                "The examples are stored as Parquet, not as TFRecord. Read them with fn_args.data_accessor, "
                "or let the component that writes them use format='tfrecord'"
            )

    def _patterns(self, splits: Sequence[str]) -> list[str]:
        parts = each(self.examples)
        known = parts[0].split_names
        for name in splits:
            if name not in known:
                raise BadInput(
                    f"{self.owner} wants the split {name!r}, and the examples have none of this name. "
                    f"{did_you_mean(name, known)} Choose with train_args and eval_args; "
                    "EvalArgs(splits=()) evaluates nothing"
                )
        return [str(part.split(name) / "*") for name in splits for part in parts]

    def _check_formats(self) -> None:
        """The user's function reads all files in one way."""
        first, *others = each(self.examples)
        for other in others:
            if other.file_format != first.file_format:
                raise BadInput(
                    f"{self.owner} reads examples of one format, but {first.uri!r} has {first.file_format} and "
                    f"{other.uri!r} has {other.file_format}. Write them with the same format=..., or let one Transform "
                    "of all of them come before"
                )
