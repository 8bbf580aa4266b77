"""A random forest, trained on the transformed examples and saved with skops (no pickle)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components import FnArgs
from millwork.templates.tabular_multiclass.features import LABEL, MODEL_FEATURES

if TYPE_CHECKING:
    import pandas as pd

TRUSTED_TYPES = ("sklearn.tree._tree.Tree",)
"""What a saved forest holds, and skops loads only if it is told to: code of scikit-learn that is not Python."""


def run_fn(fn_args: FnArgs) -> None:
    """What `Trainer` calls."""
    import skops.io

    found = (fn_args.hyperparameters or {}).get("values", {})
    rows = read(fn_args, fn_args.train_files)
    model = build(trees=fn_args.train_steps or 50, **({"max_depth": 4} | found))
    model.fit(rows[MODEL_FEATURES], rows[LABEL])
    folder = Path(fn_args.serving_model_dir)
    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model, folder / "model.skops")


def objective(trial: Any, fn_args: FnArgs) -> float:
    """What `Tuner` maximises: the accuracy on the eval split."""
    rows, held_out = read(fn_args, fn_args.train_files), read(fn_args, fn_args.eval_files)
    model = build(trees=50, max_depth=trial.suggest_int("max_depth", 2, 8))
    model.fit(rows[MODEL_FEATURES], rows[LABEL])
    return float(model.score(held_out[MODEL_FEATURES], held_out[LABEL]))


def build(trees: int, max_depth: int) -> Any:
    """A forest that is the same every time."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(trees, max_depth=max_depth, random_state=7)


def read(fn_args: FnArgs, files: list[str]) -> pd.DataFrame:
    """The transformed rows of these files."""
    import pandas as pd
    from tfx_bsl.public.tfxio import RecordBatchesOptions

    options = RecordBatchesOptions(batch_size=65_536, num_epochs=1)
    batches = fn_args.data_accessor.record_batch_factory(files, options, None)
    frame = pd.concat(batch.to_pandas() for batch in batches)
    return frame.apply(lambda column: column.str[0])  # each cell is a list of one value
