"""A logistic regression, trained on the transformed examples and saved with skops (no pickle)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from millwork.components import FnArgs
from millwork.templates.tabular_binary.features import LABEL, MODEL_FEATURES

if TYPE_CHECKING:
    import pandas as pd


def run_fn(fn_args: FnArgs) -> None:
    """What `Trainer` calls."""
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    rows = _read(fn_args)
    model = make_pipeline(PolynomialFeatures(2, include_bias=False), LogisticRegression(max_iter=500))
    # In single precision the regression would depend on the versions of the libraries below it.
    model.fit(rows[MODEL_FEATURES].astype("float64"), rows[LABEL])
    folder = Path(fn_args.serving_model_dir)
    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model, folder / "model.skops")


def _read(fn_args: FnArgs) -> pd.DataFrame:
    import pandas as pd
    from tfx_bsl.public.tfxio import RecordBatchesOptions

    options = RecordBatchesOptions(batch_size=65_536, num_epochs=1)
    batches = fn_args.data_accessor.record_batch_factory(fn_args.train_files, options, None)
    frame = pd.concat(batch.to_pandas() for batch in batches)
    return frame.apply(lambda column: column.str[0])  # each cell is a list of one value
