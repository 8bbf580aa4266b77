"""An evaluation with TFX's user functions: TFMA asks the models itself, with the user's model loader and extractors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.data.reading import feature_batches
from millwork.components.data.schema_file import read_schema
from millwork.components.data.tf_example import encode
from millwork.components.evaluating.tfma_run import run_tfma
from millwork.components.models.loading import serving_folder
from millwork.components.tft.raw_features import tensor_config
from millwork.core.artifacts import Model, Schema
from millwork.core.callables import load_module_file, user_function
from millwork.core.errors import BadInput
from millwork.evaluation.evaluating import Evaluated
from millwork.evaluation.settled_config import Settled

if TYPE_CHECKING:
    import pyarrow as pa

    from millwork.components.data.reading import OneOrMore

NAMES = ("custom_eval_shared_model", "custom_extractors")


@dataclass(frozen=True)
class UserFunctions:
    """Where the functions are: in a module file, or given by themselves."""

    module_file: str | Path | None = None
    custom_eval_shared_model: Callable[..., Any] | str | None = None
    custom_extractors: Callable[..., Any] | str | None = None

    def loaded(self) -> tuple[Callable[..., Any] | None, Callable[..., Any] | None]:
        """Both functions. BadInput if a module file has neither."""
        found: list[Callable[..., Any] | None] = []
        for name in NAMES:
            given = getattr(self, name)
            if given is not None:
                found.append(user_function(name, given, None))
            elif self.module_file is not None:
                found.append(getattr(load_module_file(self.module_file), name, None))
            else:
                found.append(None)
        if not any(found):
            raise BadInput(f"{str(self.module_file)!r} defines neither of {' and '.join(NAMES)}")
        return found[0], found[1]


def evaluate_with(
    functions: UserFunctions,
    settled: Settled,
    models: Mapping[str, Model],
    examples: OneOrMore,
    splits: Sequence[str],
    schema: Schema | None,
) -> Evaluated:
    """TFMA's own evaluation of raw examples, as TFX's Evaluator runs it."""
    import tensorflow_model_analysis as tfma

    load, extract = functions.loaded()
    load = load or tfma.default_eval_shared_model
    shared = [
        load(
            eval_saved_model_path=str(serving_folder(model)),
            model_name=name,
            eval_config=settled.config,
            add_metrics_callbacks=None,
        )
        for name, model in models.items()
    ]
    one_or_all = shared[0] if len(shared) == 1 else shared
    adapter = tensor_config(read_schema(schema.path)) if schema is not None else None
    arguments: dict[str, Any] = {"eval_shared_model": one_or_all, "tensor_adapter_config": adapter}
    if extract is not None:
        arguments["extractors"] = extract(
            eval_shared_model=one_or_all, eval_config=settled.config, tensor_adapter_config=adapter
        )
    rows = [batch for split in splits for batch in _with_examples(examples, split)]
    found = run_tfma(settled.config, rows, schema, **arguments)
    return Evaluated(found.metrics, found.plots, rows=sum(batch.num_rows for batch in rows))


def _with_examples(examples: OneOrMore, split: str) -> Iterator[pa.RecordBatch]:
    """Batches in feature form, with each row as a serialised tf.Example besides."""
    import pyarrow as pa
    import tensorflow_model_analysis as tfma

    for batch in feature_batches(examples, split, rows=1_000):
        raw = pa.array([[one] for one in encode(batch)], pa.large_list(pa.large_binary()))
        names = [*batch.schema.names, tfma.ARROW_INPUT_COLUMN]
        yield pa.RecordBatch.from_arrays([*batch.columns, raw], names)
