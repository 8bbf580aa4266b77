"""`millwork.compare`: the same in Python, and in notebooks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sample_scored_runs import ROWS, scored_runs

import millwork
from millwork.analysis.comparison import ModelComparison
from millwork.core.artifacts import Examples, Model, Predictions
from millwork.core.errors import BadInput, NotFound, WrongArgument
from millwork.core.run import Run
from millwork.evaluation.comparing.findings import Verdict


@pytest.fixture(scope="session")
def root() -> Path:
    return scored_runs().folder / ".millwork"


@pytest.fixture(scope="session")
def compared(root: Path) -> ModelComparison:
    return millwork.compare("latest~3", "latest~2", by="health", metrics="auc", root=root)


def real(compared: ModelComparison, place: int) -> Predictions:
    """The artifact, as `run[promise]` gives it."""
    source = list(compared.sources.values())[place]
    return Predictions(
        source["uri"],
        id=source["predictions"] or 0,
        split_names=("eval",),
        num_examples={"eval": ROWS},
        classes=("0", "1"),
        label="visited",
        slice_features=("health",),
    )


def test_importing_millwork_loads_nothing_that_only_comparing_needs() -> None:
    code = "import millwork, sys; print(sorted({'numpy', 'pyarrow', 'millwork.analysis'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_comparing_loads_neither_tensorflow_nor_tfma(root: Path) -> None:
    code = (
        "import millwork, sys\n"
        f"millwork.compare('latest~3', 'latest~2', by=['health', 'age>60'], metrics='all', root={str(root)!r})\n"
        "print(sorted({'tensorflow', 'tensorflow_model_analysis', 'apache_beam', 'sklearn'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_the_verdict_and_a_row_for_each_finding(compared: ModelComparison) -> None:
    assert compared.verdict is Verdict.WORSE
    frame = compared.to_frame()
    assert list(frame["slice"]) == ["Overall", "health:good", "health:poor"]
    assert list(frame["verdict"]) == ["worse", "no worse", "worse"]
    assert frame["change"].iloc[2] == pytest.approx(frame["value"].iloc[2] - frame["baseline_value"].iloc[2])


def test_it_is_told_in_a_line_in_markdown_and_as_plain_data(compared: ModelComparison) -> None:
    assert repr(compared).count("\n") == 0 and ": worse. ROC AUC" in repr(compared)
    assert compared.to_markdown().startswith("### Model comparison: worse")
    assert compared.to_dict()["verdict"] == "worse"


def test_the_report_is_one_page(compared: ModelComparison) -> None:
    page = compared.to_html()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "health:poor" in page and len(page) < 2_000_000
    assert "blind_to" in page, "the parameter in which the runs differ"


def test_a_notebook_shows_tables_that_need_no_script(compared: ModelComparison) -> None:
    shown = compared._repr_html_()
    assert shown.count("<table>") == 2 and "<script" not in shown
    assert "<td>health:poor</td><td>300</td>" in shown


def test_a_notebook_tells_why_rows_are_not_paired_and_takes_an_index_for_a_column() -> None:
    frame = pd.DataFrame({"label": [0, 1] * 100, "score": [0.2, 0.7] * 100}).rename_axis("person")
    columns = {"row_id": "person"}
    assert millwork.compare(frame, frame[::-1], columns=columns).findings.paired
    shown = millwork.compare(frame, frame[20:], columns=columns)._repr_html_()
    assert "<li>Not paired: " in shown


def test_names_are_harmless_in_a_notebook(root: Path, tmp_path: Path) -> None:
    for name in ("old", "<img src=x onerror=alert(1)>"):
        (tmp_path / f"{name}.csv").write_text("label,score\n" + "0,0.2\n1,0.7\n" * 200)
    paths = [tmp_path / "old.csv", tmp_path / "<img src=x onerror=alert(1)>.csv"]
    shown = millwork.compare(*paths)._repr_html_()
    assert "<img" not in shown and "&lt;img" in shown


def test_real_artifacts_and_runs_are_compared(compared: ModelComparison, root: Path) -> None:
    old, new = real(compared, 0), real(compared, 1)
    by_artifact = millwork.compare(old, new, by="health", metrics="auc", root=root)
    assert by_artifact.findings.entries == tuple(
        entry.__class__(**{**vars(entry), "model": f"predictions {new.id}"})
        for entry in compared.findings.entries
    )
    run = Run(list(compared.sources.values())[1]["run"], "doctor", str(root))
    by_run = millwork.compare("@blessed", run, metrics="auc")
    assert by_run.findings.challengers == (run.id,)
    assert by_run.verdict is Verdict.WORSE


def test_predictions_that_no_store_knows_are_compared_all_the_same(
    compared: ModelComparison, tmp_path: Path
) -> None:
    found = millwork.compare(real(compared, 0), real(compared, 1), by="health", metrics="auc", root=tmp_path)
    assert found.verdict is Verdict.WORSE
    assert [source["predictions"] for source in found.sources.values()] == [None, None]


def test_frames_are_compared_and_called_as_one_likes(compared: ModelComparison) -> None:
    import pandas as pd

    frames = []
    for source in compared.sources.values():
        rows = pd.read_parquet(f"{source['uri']}/Split-eval/predictions.parquet")
        frames.append(
            rows.rename(columns={"label": "visited", "slice_health": "health"}).drop(columns="score_0")
        )
    columns = {"label": "visited", "score": "score_1"}
    found = millwork.compare(
        *frames, names=("old", "new"), columns=columns, by="health", metrics="auc", positive="1"
    )
    assert (found.findings.baseline, found.findings.challengers) == ("old", ("new",))
    assert [entry.change for entry in found.findings.entries] == [
        entry.change for entry in compared.findings.entries
    ]
    turned = millwork.compare(*frames, baseline=frames[1], columns=columns, metrics="auc", positive="1")
    assert turned.verdict is Verdict.BETTER
    assert turned.findings.challengers == ("frame (2)",)
    with pytest.raises(WrongArgument, match="2 models need as many names"):
        millwork.compare(*frames, names=("old", "old"))
    frames[0].loc[2, "score_1"] = float("nan")
    with pytest.raises(BadInput, match="'frame', row 3: score_1 is missing"):
        millwork.compare(*frames, columns=columns, metrics="auc")


def test_settings_are_those_of_the_policy_unless_said_otherwise(root: Path, tmp_path: Path) -> None:
    policy = tmp_path / "blessing.yaml"
    policy.write_text("comparison: {metrics: [auc], margin: {auc: 0.02}, fail_on: [regression]}")
    found = millwork.compare("latest~3", "latest~1", policy=policy, margin=0.3, seed=4, root=root)
    assert found.findings.settings.metrics == ("auc",)
    assert found.findings.settings.margin == {"auc": "0.02", "": "0.3"}
    assert found.findings.settings.seed == 4
    assert found.refusal.startswith("Not good enough: ROC AUC")
    lenient = millwork.compare("latest~3", "latest~1", policy=policy, margin={"auc": "50%"}, root=root)
    assert lenient.findings.settings.margin == {"auc": "50%"}


def test_what_makes_no_sense_is_refused(compared: ModelComparison, root: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongArgument, match="nothing to compare 'latest' with"):
        millwork.compare("latest", root=root)
    with pytest.raises(WrongArgument, match="run the pipeline"):
        millwork.compare("latest", Predictions(), root=root)
    with pytest.raises(WrongArgument, match="root="):
        millwork.compare("latest", Model(str(tmp_path), id=3), root=root)
    with pytest.raises(NotFound, match="There is no file or folder"):
        millwork.compare("latest", tmp_path / "none", root=root)
    with pytest.raises(WrongArgument, match="Examples"):
        millwork.compare("latest", Examples("/somewhere", id=1), root=root)
    with pytest.raises(WrongArgument, match="millwork.compare: seed must be a whole number"):
        millwork.compare("latest~1", "latest", seed=1.5, root=root)  # type: ignore[arg-type]


def test_files_whose_predictions_are_gone_are_not_compared(compared: ModelComparison, root: Path) -> None:
    source = list(compared.sources.values())[1]
    file = Path(source["uri"]) / "Split-eval/predictions.parquet"
    kept = file.with_name("kept")
    file.rename(kept)
    try:
        with pytest.raises(NotFound, match="Run the pipeline again"):
            millwork.compare("latest~3", "latest~2", root=root)
    finally:
        kept.rename(file)
