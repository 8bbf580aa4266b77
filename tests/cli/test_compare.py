"""`millwork compare`: is one model really better than another?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sample_command_line import CommandLine, Said
from sample_scored_runs import POOR, ROWS, project_of_runs, rescored_runs, run, scored_runs

USUAL, BLIND, WORSE, UNSTORED = "latest~3", "latest~2", "latest~1", "latest"


@pytest.fixture(scope="session")
def millwork() -> CommandLine:
    return scored_runs()


@pytest.fixture(scope="session")
def compare(millwork: CommandLine) -> Callable[..., Said]:
    return lambda *arguments: millwork.here("compare", *arguments)


def parsed(said: Said) -> Any:
    assert said.code == 0, said
    return json.loads(said.out)


def test_the_verdict_comes_first_and_the_slice_in_which_a_model_is_worse(
    compare: Callable[..., Said],
) -> None:
    said = compare(USUAL, BLIND, "--by", "health", "--metric", "auc")
    assert said.code == 0, "a finding is no failure unless asked"
    lines = said.out.splitlines()
    assert ": worse. ROC AUC" in lines[0]
    [row] = [line for line in lines if line.startswith("health:poor")]
    assert row.split()[1] == str(POOR) and row.endswith("  worse")
    assert said.err == ""


def test_json_says_where_each_model_is_from(compare: Callable[..., Said], millwork: CommandLine) -> None:
    document = parsed(compare(USUAL, BLIND, "--by", "health", "--json"))
    assert document["schema"] == "millwork/compare/v1"
    assert (document["verdict"], document["paired"]) == ("worse", True)
    assert document["slices"] == ["Overall", "health:good", "health:poor"]
    runs = parsed(millwork.here("runs", "list", "--json"))["runs"]
    baseline, challenger = document["models"]
    assert baseline["name"] == baseline["source"]["run"] == runs[3]["id"]
    assert challenger["source"]["given"] == BLIND
    assert challenger["source"]["step"] == "score"
    assert challenger["source"]["model"] is not None
    assert {entry["rows"] for entry in document["findings"]} == {ROWS, ROWS - POOR, POOR}


def test_json_is_as_its_schema_says(compare: Callable[..., Said]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(__file__).parents[2] / "docs/reference/compare.schema.json").read_text())
    document = parsed(compare(USUAL, BLIND, "--by", "health", "--json"))
    jsonschema.validate(document, schema)
    document["findings"][0]["rows"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def test_a_model_against_itself_is_no_worse_with_no_difference_anywhere(compare: Callable[..., Said]) -> None:
    document = parsed(compare(USUAL, USUAL, "--by", "health", "--json"))
    assert document["verdict"] == "no worse"
    assert {entry["verdict"] for entry in document["findings"]} == {"no worse"}
    assert {entry["change"] for entry in document["findings"]} == {0}
    assert document["models"][1]["name"] == f"{document['baseline']} (2)"
    assert any("the same predictions" in note for note in document["notes"])


def test_several_models_are_each_held_against_the_first(compare: Callable[..., Said]) -> None:
    document = parsed(compare(USUAL, BLIND, WORSE, UNSTORED, USUAL, "--json", "-m", "auc"))
    verdicts = [model["verdict"] for model in document["models"]]
    assert verdicts == [None, "worse", "worse", "better", "no worse"]
    assert document["verdict"] == "worse"


def test_models_are_called_as_one_likes(compare: Callable[..., Said]) -> None:
    said = compare(USUAL, BLIND, "-m", "auc", "--names", "usual, blind")
    assert said.out.startswith("blind against usual: worse. ")
    refused = compare(USUAL, BLIND, "--names", "usual")
    assert refused.code == 2 and "2 models need as many names, all different, not 'usual'" in refused.err


def test_a_baseline_may_be_named_among_the_models_or_besides(compare: Callable[..., Said]) -> None:
    first = parsed(compare(WORSE, USUAL, "--baseline", USUAL, "--json", "-m", "auc"))
    assert [m["source"]["given"] for m in first["models"]] == [USUAL, WORSE]
    assert first["verdict"] == "worse"
    besides = parsed(compare(UNSTORED, "--baseline", "@blessed", "--json", "-m", "auc"))
    assert (besides["baseline"], besides["verdict"]) == ("@blessed", "better")


@pytest.mark.parametrize("step", ["score", "train", "evaluate"])
def test_a_step_stands_for_its_predictions_or_those_of_its_model(
    compare: Callable[..., Said], step: str
) -> None:
    document = parsed(compare(USUAL, f"{BLIND}:{step}", "--json", "-m", "auc"))
    assert document["models"][1]["source"]["step"] == "score"
    assert document["models"][1]["name"].endswith(f":{step}")
    assert document["verdict"] == "worse"


@pytest.mark.parametrize("kind", ["Predictions", "Model", "ModelEvaluation"])
def test_an_id_may_be_of_predictions_of_a_model_or_of_an_evaluation(
    compare: Callable[..., Said], millwork: CommandLine, kind: str
) -> None:
    listed = parsed(millwork.here("artifacts", "list", "--type", kind, "--json"))["artifacts"]
    document = parsed(compare(USUAL, str(listed[0]["id"]), "--json", "-m", "auc"))
    newest = parsed(compare(USUAL, UNSTORED, "--json", "-m", "auc"))
    assert document["models"][1]["source"]["predictions"] == newest["models"][1]["source"]["predictions"]
    assert document["models"][1]["name"].endswith(f" {listed[0]['id']}")


def test_an_id_of_something_else_is_refused(compare: Callable[..., Said], millwork: CommandLine) -> None:
    [listed, *_] = parsed(millwork.here("artifacts", "list", "--type", "Examples", "--json"))["artifacts"]
    said = compare(USUAL, str(listed["id"]))
    assert said.code == 2
    assert "is of type Examples" in said.err and "millwork artifacts list --type Predictions" in said.err


def test_a_feature_that_was_not_stored_is_read_from_the_examples(compare: Callable[..., Said]) -> None:
    document = parsed(
        compare(USUAL, UNSTORED, "--by", "age>60", "--by", "health,age>60", "--json", "-m", "auc")
    )
    assert document["slices"] == ["Overall", "age>60", "health:good, age>60", "health:poor, age>60"]
    rows = {entry["slice"]: entry["rows"] for entry in document["findings"]}
    assert rows["age>60"] == rows["health:good, age>60"] + rows["health:poor, age>60"]
    assert 0 < rows["age>60"] < ROWS


def test_predictions_from_elsewhere_are_a_file_or_a_folder(
    compare: Callable[..., Said], millwork: CommandLine, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    uri = parsed(compare(USUAL, BLIND, "--json"))["models"][1]["source"]["uri"]
    rows = pq.read_table(f"{uri}/Split-eval/predictions.parquet").to_pandas()
    renamed = rows.rename(columns={"label": "visited", "score_1": "p", "slice_health": "health"})
    renamed[["visited", "p", "health"]].to_csv(tmp_path / "theirs.csv", index=False)
    named = ("--columns", "label=visited,score=p", "--by", "health", "--json", "-m", "auc")
    document = parsed(compare(USUAL, str(tmp_path / "theirs.csv"), *named))
    assert (document["verdict"], document["paired"], document["models"][1]["name"]) == (
        "worse",
        True,
        "theirs",
    )
    copied = parsed(compare(USUAL, uri, "--json", "-m", "auc"))
    assert copied["paired"] and copied["verdict"] == "worse"


def test_a_gate_ends_with_3_and_prints_all_the_same(compare: Callable[..., Said]) -> None:
    for how in ((), ("--json",), ("--md",)):
        said = compare(USUAL, BLIND, "--by", "health", "-m", "auc", "--fail-on", "regression", *how)
        assert said.code == 3
        assert "worse" in said.out
        assert "Not good enough: ROC AUC" in said.err and "health:poor" in said.err
    assert compare(USUAL, UNSTORED, "-m", "auc", "--fail-on", "regression,inconclusive").code == 0


def test_a_policy_says_how_to_compare_and_options_have_the_last_word(
    compare: Callable[..., Said], tmp_path: Path
) -> None:
    file = tmp_path / "blessing.yaml"
    file.write_text(
        "comparison: {metrics: [auc, brier], by: [health], margin: {auc: 0.02}, fail_on: [regression]}"
    )
    said = compare(USUAL, BLIND, "--policy", str(file), "--metric", "auc", "--margin", "0.3", "--json")
    assert said.code == 3
    document = json.loads(said.out)
    assert document["settings"]["metrics"] == ["auc"]
    assert document["settings"]["margin"] == {"auc": "0.02", "default": "0.3"}
    assert document["settings"]["by"] == ["health"]
    assert document["gate"]["fail_on"] == ["regression"] and not document["gate"]["met"]


def test_options_are_the_settings(compare: Callable[..., Said]) -> None:
    options = (
        "--margin",
        "auc=0.005",
        "--minimum-effect",
        "auc=1%",
        "--confidence",
        "0.9",
        "--resamples",
        "200",
    )
    more = ("--seed", "5", "--threshold", "0.4", "--split", "eval", "-m", "auc,accuracy", "-m", "f1")
    document = parsed(compare(USUAL, WORSE, *options, *more, "--json"))
    assert document["settings"] == {
        "metrics": ["auc", "accuracy", "f1"],
        "by": [],
        "margin": {"auc": "0.005"},
        "minimum_effect": {"auc": "1%"},
        "confidence": 0.9,
        "resamples": 200,
        "seed": 5,
        "threshold": 0.4,
    }


def test_junit_is_written_besides(compare: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "reports/compare.xml"
    assert compare(USUAL, BLIND, "--by", "health", "-m", "auc", "--junit", str(file)).code == 0
    [suite] = ElementTree.parse(file).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")


def test_markdown_is_for_a_pull_request(compare: Callable[..., Said]) -> None:
    said = compare(USUAL, BLIND, "--by", "health", "--md")
    assert said.out.startswith("### Model comparison: worse\n")
    assert "| `health:poor` | 300 | ROC AUC |" in said.out


def test_slices_that_are_no_worse_are_shown_on_request(compare: Callable[..., Said]) -> None:
    usual = compare(USUAL, UNSTORED, "--by", "health", "-m", "auc")
    everything = compare(USUAL, UNSTORED, "--by", "health", "-m", "auc", "--all")
    assert "--all shows them" not in everything.out
    assert everything.out.count("health:") == 2 >= usual.out.count("health:")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((USUAL,), 2, "millwork compare @blessed latest~3"),
        (("@blessed",), 2, "millwork compare latest~1 @blessed"),
        ((USUAL, "latest~9"), 4, "the store"),
        ((USUAL, "nonsense"), 4, "There is no run 'nonsense'"),
        ((USUAL, "9999"), 4, "artifact 9999"),
        ((USUAL, "@champion"), 4, "@blessed"),
        ((USUAL, f"{BLIND}:scroe"), 4, "Did you mean 'score'?"),
        ((USUAL, f"{BLIND}:people"), 4, "made no predictions"),
        ((USUAL, "nowhere/theirs.csv"), 4, "There is no file or folder 'nowhere/theirs.csv'"),
        ((USUAL, "s3://bucket/theirs.csv"), 2, "Copy it here"),
        ((USUAL, BLIND, "--metric", "acu"), 2, "Did you mean 'auc'?"),
        ((USUAL, BLIND, "--by", "helth"), 1, "Did you mean 'health'?"),
        ((USUAL, BLIND, "--by", "age>"), 2, "is not understood"),
        ((USUAL, BLIND, "--split", "evil"), 1, "Did you mean 'eval'?"),
        ((USUAL, BLIND, "--margin", "auc=much"), 2, "--margin"),
        ((USUAL, BLIND, "--fail-on", "worse"), 2, "regression"),
        ((USUAL, BLIND, "--confidence", "95"), 2, "confidence"),
        ((USUAL, BLIND, "--columns", "label"), 2, "--columns takes NAME=COLUMN"),
        ((USUAL, BLIND, "--policy", "none.yaml"), 2, "none.yaml"),
        ((USUAL, BLIND, "--json", "--md"), 2, "Choose one"),
    ],
)
def test_what_cannot_be_compared_is_told_with_what_to_do(
    compare: Callable[..., Said], arguments: tuple[str, ...], code: int, told: str
) -> None:
    said = compare(*arguments)
    assert (said.code, told in said.err) == (code, True), said
    assert said.out == ""


def test_without_a_store_files_can_be_compared_and_runs_cannot(tmp_path: Path) -> None:
    millwork = project_of_runs(tmp_path)
    rows = "".join(f"{n % 2},{(n * 37 % 100) / 100}\n" for n in range(400))
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"label,score\n{rows}")
    said = millwork.here("compare", "a.csv", "b.csv", "--json")
    assert parsed(said)["verdict"] == "no worse"
    assert millwork.here("compare", "a.csv", "latest").code == 4


def test_files_of_one_name_are_called_by_their_folders(tmp_path: Path) -> None:
    millwork = project_of_runs(tmp_path)
    rows = "".join(f"{n % 2},{(n * 37 % 100) / 100}\n" for n in range(400))
    for name in ("old/scores.v2.csv", "new/scores.v2.tsv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(f"label,score\n{rows}".replace(",", "\t" if "tsv" in name else ","))
    document = parsed(millwork.here("compare", "old/scores.v2.csv", "new/scores.v2.tsv", "--json"))
    assert [model["name"] for model in document["models"]] == ["old/scores.v2", "new/scores.v2"]


def test_what_an_evaluator_predicted_for_itself_is_of_its_model_or_of_its_baseline(tmp_path: Path) -> None:
    millwork = project_of_runs(tmp_path)
    run(millwork, "evaluated")
    document = parsed(millwork.here("compare", "latest:older", "latest:train", "--json", "-m", "auc"))
    assert document["verdict"] == "better"
    older, newer = (model["source"] for model in document["models"])
    assert older["uri"].find("/new_baseline_predictions/") > 0 < newer["uri"].find("/new_predictions/")
    assert older["model"] != newer["model"]
    for name in ("latest", "latest:evaluator"):
        same = parsed(millwork.here("compare", "latest:train", name, "--json", "-m", "auc"))
        assert same["models"][1]["source"]["predictions"] == newer["predictions"]


def test_the_blessed_model_is_not_compared_with_itself_if_another_was_blessed_before(tmp_path: Path) -> None:
    millwork = project_of_runs(tmp_path)
    run(millwork, "doctor", "bless=true")
    first = parsed(millwork.here("compare", "@blessed", "latest", "--json", "-m", "auc"))
    assert first["verdict"] == "no worse", "it is the first that was blessed"
    assert any("are the same predictions" in note for note in first["notes"])
    run(millwork, "doctor", "bless=true", "noise=1.6")
    for arguments in (("@blessed", "latest"), ("latest", "--baseline", "@blessed")):
        document = parsed(millwork.here("compare", *arguments, "--json", "-m", "auc"))
        blessed, latest = (model["source"]["model"] for model in document["models"])
        assert document["verdict"] == "worse"
        assert document["notes"] == [f"@blessed is model {blessed}"] and blessed != latest
    assert (
        parsed(millwork.here("compare", "latest~1", "@blessed", "--json", "-m", "auc"))["verdict"] == "worse"
    )


def test_of_a_run_that_scores_an_older_model_too_its_own_counts(tmp_path: Path) -> None:
    millwork = project_of_runs(tmp_path)
    run(millwork, "doctor", "bless=true")
    run(millwork, "beside_the_blessed")
    document = parsed(millwork.here("compare", "@blessed", "latest", "--json", "-m", "auc"))
    assert document["verdict"] == "worse"
    one = parsed(millwork.here("compare", "latest~1", "latest:before", "--json", "-m", "auc"))
    assert one["verdict"] == "no worse"


def test_runs_whose_predictions_are_several_none_unlabelled_or_deleted(tmp_path: Path) -> None:
    millwork = project_of_runs(tmp_path)
    run(millwork, "doctor")
    run(millwork, "twice")
    said = millwork.here("compare", "latest~1", "latest")
    assert said.code == 2
    assert "Name one: latest:score, latest:again" in said.err
    assert millwork.here("compare", "latest~1", "latest:again").code == 0
    run(millwork, "untried")
    said = millwork.here("compare", "latest~1:score", "latest")
    assert said.code == 4
    assert "Add Predict(model=..., examples=..., label=...) to the pipeline" in said.err
    said = millwork.here("compare", "latest~1:score", "latest:train")
    assert said.code == 4 and "There are no predictions of model" in said.err
    run(millwork, "doctor", "label=")
    said = millwork.here("compare", "latest~2:score", "latest")
    assert said.code == 1 and "Predict(label=...)" in said.err
    deleted = millwork.here("runs", "delete", "latest", "--yes")
    assert deleted.code == 0, deleted
    said = millwork.here("compare", "latest~2:score", "latest")
    assert said.code == 4 and "were deleted" in said.err


RESCORED_USUAL, RESCORED_CACHED, RESCORED_OTHER, OTHER_ROWS = "latest~3", "latest~2", "latest~1", "latest"


def test_rows_that_are_not_the_same_are_compared_without_pairs() -> None:
    millwork = rescored_runs()
    document = parsed(millwork.here("compare", RESCORED_USUAL, OTHER_ROWS, "--json", "-m", "auc"))
    assert not document["paired"]
    assert "these are not the same rows" in document["unpaired_because"]
    said = millwork.here("compare", RESCORED_USUAL, OTHER_ROWS, "-m", "auc")
    assert f"- Not paired: {document['unpaired_because']}" in said.out


def test_of_two_models_those_predictions_are_taken_that_are_of_the_same_examples() -> None:
    millwork = rescored_runs()
    models = (f"{RESCORED_USUAL}:train", f"{RESCORED_OTHER}:train")
    document = parsed(millwork.here("compare", *models, "--json", "-m", "auc"))
    assert document["paired"], "although the newest predictions of the first are of other rows"
    own = parsed(millwork.here("compare", RESCORED_USUAL, RESCORED_OTHER, "--json", "-m", "auc"))
    assert [m["source"]["predictions"] for m in document["models"]] == [
        m["source"]["predictions"] for m in own["models"]
    ]


def test_a_step_from_the_cache_counts_as_the_runs() -> None:
    document = parsed(rescored_runs().here("compare", RESCORED_USUAL, RESCORED_CACHED, "--json", "-m", "auc"))
    assert document["verdict"] == "no worse"
    one, two = (model["source"]["predictions"] for model in document["models"])
    assert one == two
