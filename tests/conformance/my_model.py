"""What the examples of the catalog call `my_model`: a user's functions, for penguins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork import FinalStatus, component
from millwork.components import FnArgs, PushArgs
from millwork.core.artifacts import Model, Report

if TYPE_CHECKING:
    import pandas as pd
    import tensorflow as tf

MEASURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
SPECIES = ("Adelie", "Chinstrap", "Gentoo")
LABEL = "species"


def preprocessing_fn(inputs: dict[str, tf.SparseTensor | tf.Tensor]) -> dict[str, tf.Tensor]:
    """Scale measures, and number the species. What was not measured is 0."""
    import tensorflow as tf
    import tensorflow_transform as tft

    dense = {name: _dense(inputs[name]) for name in (*MEASURES, LABEL)}
    outputs = {name: tft.scale_to_0_1(tf.cast(dense[name], tf.float32)) for name in MEASURES}
    outputs[LABEL] = tf.argmax(dense[LABEL] == tf.constant([SPECIES]), axis=1)[:, tf.newaxis]
    return outputs


def run_fn(fn_args: FnArgs) -> None:
    """A model that needs no trusted types and trains in no time."""
    import skops.io
    from sklearn.linear_model import LogisticRegression

    rows = _rows(fn_args, fn_args.train_files)
    folder = Path(fn_args.serving_model_dir)
    folder.mkdir(parents=True)
    skops.io.dump(LogisticRegression().fit(rows[MEASURES], rows[LABEL]), folder / "model.skops")


def objective(trial: Any, fn_args: FnArgs) -> float:
    """The accuracy on the eval split."""
    from sklearn.linear_model import LogisticRegression

    rows, held_out = _rows(fn_args, fn_args.train_files), _rows(fn_args, fn_args.eval_files)
    model = LogisticRegression(C=trial.suggest_float("C", 1e-2, 1e2, log=True))
    return float(model.fit(rows[MEASURES], rows[LABEL]).score(held_out[MEASURES], held_out[LABEL]))


def push(args: PushArgs) -> str:
    """A registry that takes everything."""
    return f"registry://{args.custom_config['name']}"


@component
def notify(told: Report, model: Model | None = None, *, status: FinalStatus = FinalStatus()) -> None:  # noqa: B008
    """Tell somebody that a run has ended."""
    (told.path / "told.txt").write_text(f"{status.state}, model: {model is not None}")


def _dense(feature: tf.SparseTensor | tf.Tensor) -> tf.Tensor:
    """One value a row. A feature is sparse if the schema allows it to be missing."""
    import tensorflow as tf

    if not isinstance(feature, tf.SparseTensor):
        return feature
    shape = [feature.dense_shape[0], 1]
    return tf.sparse.to_dense(tf.SparseTensor(feature.indices, feature.values, shape))


def _rows(fn_args: FnArgs, files: list[str]) -> pd.DataFrame:
    """The transformed rows of these files."""
    import pandas as pd
    from tfx_bsl.public.tfxio import RecordBatchesOptions

    options = RecordBatchesOptions(batch_size=1_000, num_epochs=1)
    batches = fn_args.data_accessor.record_batch_factory(files, options, None)
    frame = pd.concat(batch.to_pandas() for batch in batches)
    return frame.apply(lambda column: column.str[0])  # each cell is a list of one value
