"""What the examples of the catalog call `my_model`: a user's functions, for penguins."""

from __future__ import annotations

from pathlib import Path

from millwork import FinalStatus, component
from millwork.components import FnArgs, PushArgs
from millwork.core.artifacts import Model, Report
from millwork.templates.tabular_multiclass.features import LABEL, MODEL_FEATURES
from millwork.templates.tabular_multiclass.model_sklearn import objective, read
from millwork.templates.tabular_multiclass.preprocessing import preprocessing_fn

__all__ = ["notify", "objective", "preprocessing_fn", "push", "run_fn"]


def run_fn(fn_args: FnArgs) -> None:
    """A model that needs no trusted types and trains in no time."""
    import skops.io
    from sklearn.linear_model import LogisticRegression

    rows = read(fn_args, fn_args.train_files)
    folder = Path(fn_args.serving_model_dir)
    folder.mkdir(parents=True)
    skops.io.dump(LogisticRegression().fit(rows[MODEL_FEATURES], rows[LABEL]), folder / "model.skops")


def push(args: PushArgs) -> str:
    """A registry that takes everything."""
    return f"registry://{args.custom_config['name']}"


@component
def notify(told: Report, model: Model | None = None, *, status: FinalStatus = FinalStatus()) -> None:  # noqa: B008
    """Tell somebody that a run has ended."""
    (told.path / "told.txt").write_text(f"{status.state}, model: {model is not None}")
