"""Run the full pipeline with a Keras model and with a scikit-learn model, and show what came of it."""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path

from millwork.core.errors import MillworkError
from millwork.core.run import Run
from millwork.runners.local import LocalRunner
from millwork.templates.tabular_binary.data import write_data
from millwork.templates.tabular_binary.pipeline import Results, classic


def main() -> int:
    """What `make demo` does. Returns the exit code."""
    root = Path(os.environ.get("MILLWORK_ROOT", ".millwork")).absolute()
    began = time.monotonic()
    data = write_data(root / "data")
    for framework in ("keras", "sklearn"):
        described = classic(data=data, serving=root / "serving" / framework, framework=framework)
        try:
            run = LocalRunner(root).run(described)
        except MillworkError as error:
            print(error, file=sys.stderr)
            return 1
        show(framework, run, described.produces)
    print(
        f"\ntook {time.monotonic() - began:.1f} s. Again, and what has nothing new to do does nothing: make demo"
    )
    return 0


def show(framework: str, run: Run, results: Results) -> None:
    """Times, quality, and where everything is."""
    print(f"\n── {framework}: run {run.id}")
    for step in run.steps.values():
        print(f"   {step.id:<20} {step.state.value:<9} {step.seconds:6.2f} s")
    matrix, roc, pushed = run[results.confusion_matrix], run[results.roc_curve], run[results.pushed_model]
    print(f"   accuracy {matrix.accuracy['eval']:.4f}   AUC {roc.auc['eval']:.4f}   (eval split)")
    with open(matrix.split("eval") / "confusion_matrix.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["slice"] in ("", "Overall"):
                print(f"   target {row['target']:>3}   predicted {row['predicted']:>3}   {row['count']:>8}")
    print(f"   {matrix.split('eval') / 'report.html'}")
    print(f"   {roc.split('eval') / 'report.html'}")
    print(f"   {run[results.blessing].remark}")
    print(f"   {pushed.remark}")


if __name__ == "__main__":
    sys.exit(main())
