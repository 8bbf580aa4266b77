"""A logistic regression, trained on the transformed examples and saved with skops (no pickle)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components import FnArgs

from .features import LABEL

if TYPE_CHECKING:
    import pandas as pd


def run_fn(fn_args: FnArgs) -> None:
    """What `Trainer` calls."""
    import skops.io

    found = (fn_args.hyperparameters or {}).get("values", {})
    model = build(iterations=fn_args.train_steps or 500, **({"C": 1.0} | found))
    fit(model, read(fn_args, fn_args.train_files), features(fn_args))
    folder = Path(fn_args.serving_model_dir)
    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model, folder / "model.skops")


def objective(trial: Any, fn_args: FnArgs) -> float:
    """What `Tuner` maximises: the accuracy on the eval split."""
    seen = features(fn_args)
    model = build(iterations=500, C=trial.suggest_float("C", 1e-3, 1e2, log=True))
    fit(model, read(fn_args, fn_args.train_files), seen)
    held_out = read(fn_args, fn_args.eval_files)
    return float(model.score(held_out[seen].astype("float64"), held_out[LABEL]))


def build(iterations: int, C: float) -> Any:
    """A regression with as many outputs as there are species."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=C, max_iter=iterations)


def fit(model: Any, rows: pd.DataFrame, seen: Sequence[str]) -> None:
    """In double precision: in single, the result would depend on the versions of the libraries below."""
    model.fit(rows[list(seen)].astype("float64"), rows[LABEL])


def features(fn_args: FnArgs) -> list[str]:
    """What the pipeline lets the model see."""
    return list((fn_args.custom_config or {})["features"])


def read(fn_args: FnArgs, files: list[str]) -> pd.DataFrame:
    """The transformed rows of these files."""
    import pandas as pd
    from tfx_bsl.public.tfxio import RecordBatchesOptions

    options = RecordBatchesOptions(batch_size=65_536, num_epochs=1, shuffle=False)
    batches = fn_args.data_accessor.record_batch_factory(files, options, None)
    frame = pd.concat(batch.to_pandas() for batch in batches)
    return frame.apply(lambda column: column.str[0])  # each cell is a list of one value
