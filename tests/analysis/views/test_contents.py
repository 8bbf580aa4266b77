"""What the pages of the types show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sample_artifacts import artifact_of, predictions
from sample_page import Page

from millwork.analysis.views.registry import sections_of
from millwork.analysis.views.reports import html_of
from millwork.analysis.views.tuning import best_trial
from millwork.components import Evaluator
from millwork.core import artifacts as stock
from millwork.core.testing import perform


def html_parts(kind: str, tmp_path: Path, text: str = "Graz") -> dict[str, str]:
    """The parts of a page by their ids."""
    return {part.id: part.body for part in sections_of(artifact_of(kind, tmp_path / "made", text))}


def parts(kind: str, tmp_path: Path, text: str = "Graz") -> dict[str, str]:
    """Their texts."""
    return {id: words(body) for id, body in html_parts(kind, tmp_path, text).items()}


def words(html: str) -> str:
    return " ".join(Page(str(html)).text.split())


def test_statistics_put_first_what_differs_most_between_splits(tmp_path: Path) -> None:
    shown = parts("ExampleStatistics", tmp_path)
    rows = re.findall(r"(age|town Graz|photo) (?:INT|STRING|BYTES) (\S+)", shown["features"])
    assert rows == [("town Graz", "0.222"), ("age", "0.200"), ("photo", "n/a")]
    assert "10.0%" in shown["features"]  # an empty list of values is a missing value


def test_statistics_draw_splits_over_one_another(tmp_path: Path) -> None:
    drawn = html_parts("ExampleStatistics", tmp_path)["distributions"]
    assert (
        drawn.count('class="bar s0"') == 4
    )  # the histogram of train, a bar for each of its two values, the key
    assert drawn.count('class="curve s1"') == 2  # that of eval, the key
    assert "66.7%" in words(drawn)
    assert "44.4%" in words(drawn)


def test_anomalies_are_listed_by_split(tmp_path: Path) -> None:
    shown = parts("ExampleAnomalies", tmp_path)["anomalies"]
    assert "town Graz Unexpected string values Values: Graz" in shown
    assert "train anomalous eval good" in shown
    assert "eval: no anomalies" in shown


def test_distances_are_held_against_their_thresholds(tmp_path: Path) -> None:
    shown = parts("distances", tmp_path)["distances-0"]
    assert "town Graz infinity norm 0.3000 0.1000 above" in shown
    assert "age infinity norm 0.0500 0.1000 within" in shown
    assert "photo No Graz" in shown


def test_a_schema_tells_domains_and_environments(tmp_path: Path) -> None:
    shown = parts("Schema", tmp_path)
    assert "town Graz BYTES 0.5 any Graz, Wien" in shown["features"]
    assert "visited INT any 0 to 1 not SERVING" in shown["features"]
    assert "towns Graz , 2 values Graz , Wien" in shown["domains"]


def test_examples_show_counts_spans_and_first_rows(tmp_path: Path) -> None:
    shown = parts("Examples", tmp_path)
    assert "train 3 60.0% eval 2 40.0%" in shown["splits"]
    assert "Spans 7 (version 2)" in shown["splits"]
    assert "Graz 30 2 bytes" in shown["rows"]


def test_a_diff_of_examples_shows_features_and_values(tmp_path: Path) -> None:
    shown = parts("ExamplesDiff", tmp_path)
    assert "town Graz 0.25 1 0 0" in shown["features"]
    assert '{"id": ["Graz"]} town Graz mismatch ["Graz"] ["Wien"]' in shown["samples-0"]


def test_predictions_of_one_split_have_metrics_slices_and_curves(tmp_path: Path) -> None:
    shown = parts("Predictions", tmp_path)
    assert list(shown) == [
        "predictions",
        "scores",
        "metrics",
        "slices",
        "curves",
        "calibration",
        "confusion",
        "rows",
    ]
    assert "town:Graz a" in shown["slices"]
    assert "Graz 0 (89) Graz 1 (111)" in shown["scores"]


def test_predictions_of_several_splits_are_drawn_over_one_another(tmp_path: Path) -> None:
    shown = parts("predictions of two splits", tmp_path)
    assert "train 0.9885" in shown["curves"]
    assert "eval 0.9928" in shown["curves"]


def test_a_slice_feature_that_reads_as_a_condition_is_left_out(tmp_path: Path) -> None:
    made = predictions(tmp_path, "Graz", ("eval",))
    file = made.split("eval") / "predictions.parquet"
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    pq.write_table(table.append_column("slice_a<b", table.column("slice_town")), file)
    made.slice_features = ("town", "a<b")
    shown = {part.id: words(part.body) for part in sections_of(made)}
    assert "town:Graz a" in shown["slices"]
    assert "a<b" not in shown["slices"]


def test_predictions_of_numbers_show_errors(tmp_path: Path) -> None:
    assert "residuals" in parts("predictions of a number", tmp_path)


def test_predictions_without_labels_show_scores_all_the_same(tmp_path: Path) -> None:
    shown = parts("predictions without labels", tmp_path)
    assert "no label (3)" in shown["scores"]
    assert "No row of the predictions" in shown["quality"]


def test_predictions_of_no_model_say_so(tmp_path: Path) -> None:
    assert "a resolver found no model" in parts("predictions of no model", tmp_path)["predictions"]


def test_an_evaluation_shows_intervals_baseline_slices_and_its_plots(tmp_path: Path) -> None:
    shown = parts("ModelEvaluation", tmp_path)
    assert list(shown) == ["metrics", "slices", "plots", "config"]
    assert re.search(r"auc 0\.\d{4} 0\.\d{4} to 0\.\d{4} 0\.\d{4} 0\.0000", shown["metrics"])
    assert "NOT_BLESSED" in shown["metrics"]
    assert "town:Graz a" in shown["slices"]
    assert "strokes: the baseline" in shown["slices"]
    assert html_parts("ModelEvaluation", tmp_path / "again")["plots"].count("Calibration <small>") == 2


def test_an_evaluation_of_several_classes_shows_their_confusion(tmp_path: Path) -> None:
    given = predictions(tmp_path, "Graz", ("eval",), classes=3)
    metrics = [
        {"class_name": name} for name in ("SparseCategoricalAccuracy", "MultiClassConfusionMatrixPlot")
    ]
    config = {"model_specs": [{"label_key": "visited Graz"}], "metrics_specs": [{"metrics": metrics}]}
    made = perform(Evaluator(predictions=given, eval_config=config), tmp_path / "evaluator").evaluation
    shown = {part.id: words(part.body) for part in sections_of(made)}
    assert "Rows by the class of the highest score" in shown["plots"]
    assert "predicted true 0 1 2 0" in shown["plots"]


def test_an_evaluation_of_tfx_has_no_readable_table_and_is_read_all_the_same(tmp_path: Path) -> None:
    made = artifact_of("ModelEvaluation", tmp_path / "made")
    (made.path / "metrics.json").unlink()
    shown = {part.id: words(part.body) for part in sections_of(made)}
    assert re.search(r"auc 0\.\d{4}", shown["metrics"])
    assert "town:Graz a" in shown["slices"]


def test_of_a_blessing_failed_checks_come_first(tmp_path: Path) -> None:
    shown = parts("ModelBlessing", tmp_path)
    assert "Verdict NOT_BLESSED" in shown["verdict"]
    assert "6 checks, of which 3 failed" in shown["checks"]
    assert shown["checks"].index("failed binary_accuracy") < shown["checks"].index("passed auc")


def test_a_trial_in_a_server_shows_latencies_and_the_log(tmp_path: Path) -> None:
    shown = parts("InfraBlessing", tmp_path)
    assert "Verdict INFRA_NOT_BLESSED" in shown["verdict"]
    assert "no answer Graz" in shown["verdict"]
    assert "p50 6.9" in shown["verdict"]
    assert shown["log"] == "INFO Graz"


def test_a_confusion_matrix_has_classes_and_slices(tmp_path: Path) -> None:
    shown = parts("ConfusionMatrix", tmp_path)["split-0"]
    assert "Graz 0 Graz 1 Graz 2" in shown
    assert "town:Graz a 100" in shown


def test_curves_have_their_areas_beside_them(tmp_path: Path) -> None:
    html = html_parts("RocCurve", tmp_path)["split-0"]
    assert (
        html.count('<path class="curve') == 2 * 3
    )  # all rows and two slices, each with its sign in the table
    assert "Graz 1, all rows 0.9885" in words(html)


def test_a_transform_graph_shows_columns_and_how_vocabularies_begin(tmp_path: Path) -> None:
    shown = parts("TransformGraph", tmp_path)
    assert "town Graz BYTES" in shown["outputs"]
    assert "Entries 30" in shown["vocabularies"]
    assert "Graz 19 , and 10 more" in shown["vocabularies"]


def test_a_cache_of_analyzers_shows_its_entries(tmp_path: Path) -> None:
    assert "0a1b/mean.gz 2.0 KiB" in parts("TransformCache", tmp_path)["cache"]


def test_a_saved_model_shows_its_signatures(tmp_path: Path) -> None:
    shown = parts("Model", tmp_path)["signatures"]
    assert "Signature serving_default, predict" in shown
    assert "input examples Graz string any" in shown
    assert "output probability float scalar" in shown


def test_a_keras_model_shows_its_layers(tmp_path: Path) -> None:
    assert "dense Graz Dense units=16, activation=relu" in parts("Keras model", tmp_path)["layers"]


def test_a_skops_model_shows_its_estimators(tmp_path: Path) -> None:
    shown = parts("skops model", tmp_path)["steps"]
    assert "sklearn.pipeline.Pipeline" in shown
    assert "LogisticRegression" in shown


def test_a_training_shows_each_scalar_with_a_line_for_each_folder(tmp_path: Path) -> None:
    html = html_parts("ModelRun", tmp_path)["scalars"]
    assert "loss Graz 0.333333 0.333333" in words(html)
    assert "accuracy 0.75 0.75" in words(html)
    assert html.count("<title>train: last") == html.count("<title>validation: last") == 2


def test_of_a_log_that_was_cut_off_the_whole_events_are_shown(tmp_path: Path) -> None:
    made = artifact_of("ModelRun", tmp_path / "made")
    for file in made.path.glob("train/*"):
        file.write_bytes(file.read_bytes()[:-30])
    [shown] = sections_of(made)
    assert "loss Graz 0.5 0.333333" in words(shown.body)


def test_a_search_marks_the_best_trial(tmp_path: Path) -> None:
    shown = parts("TunerResults", tmp_path)
    assert "Best trial 2" in shown["search"]
    assert "2 best 0.83 Graz 2.1" in shown["trials"]
    assert html_parts("TunerResults", tmp_path / "again")["search"].count("<circle") == 3


@pytest.mark.parametrize(("scores", "best"), [((0.7, 0.9), "1"), ((None, 0.9), "1"), ((None, None), None)])
def test_the_best_trial_is_the_one_whose_score_is_the_best(
    scores: tuple[float | None, ...], best: str | None
) -> None:
    trials = [
        {"trial": str(n), "state": "complete", "score": "" if score is None else str(score)}
        for n, score in enumerate(scores)
    ]
    found = best_trial(trials, 0.9)
    assert (found and found["trial"]) == best


def test_hyperparameters_are_shown_with_what_they_were_sought_among(tmp_path: Path) -> None:
    assert "units Graz 32 16, 32" in parts("HyperParameters", tmp_path)["values"]


def test_a_comparison_shows_what_its_report_begins_with(tmp_path: Path) -> None:
    shown = parts("Comparison", tmp_path)
    assert list(shown) == ["verdict", "metrics", "slices", "reading"]
    assert "new Graz no worse" in shown["verdict"]
    assert "town:Graz a" in shown["slices"]
    assert "script id" not in shown["reading"]


def test_where_nothing_was_compared_the_reason_is_told(tmp_path: Path) -> None:
    assert "no baseline" in parts("no comparison", tmp_path)["verdict"]


def test_a_pushed_model_says_where_it_went(tmp_path: Path) -> None:
    assert "To /serving/Graz Version 3" in parts("PushedModel", tmp_path)["model"]


def test_markdown_is_shown_and_pages_are_not(tmp_path: Path) -> None:
    html = html_parts("Report", tmp_path)["report"]
    assert "<h3>Card Graz</h3>" in html
    assert "<td>Graz</td>" in html
    assert "report.html" in html
    for bad in ("<img", "<script", "onload", 'href="javascript'):
        assert bad not in html


def test_markdown_keeps_links_to_the_web() -> None:
    assert '<a href="https://example.com/a">a</a>' in html_of("[a](https://example.com/a)")


def test_a_value_is_shown(tmp_path: Path) -> None:
    assert parts("String", tmp_path) == {"value": "Graz"}


def test_a_users_own_type_shows_pictures_and_how_texts_begin(tmp_path: Path) -> None:
    html = html_parts("Gallery", tmp_path)
    assert html["pictures"].count("<img") == 1
    assert "1 picture not shown" in html["pictures"]
    assert 50 < words(html["texts"]).count("first line Graz") < 100
    assert "alert" not in html["pictures"] + html["texts"]


def test_many_features_do_not_make_a_page_too_large(tmp_path: Path) -> None:
    from tensorflow_metadata.proto.v0 import statistics_pb2 as pb

    for split in ("train", "eval"):
        found = pb.DatasetFeatureStatisticsList()
        data = found.datasets.add(num_examples=100)
        for number in range(1_500):
            feature = data.features.add(type=pb.FeatureNameStatistics.FLOAT)
            feature.path.step.append(f"feature_{number}" + "x" * 100)
            histogram = feature.num_stats.histograms.add(type=pb.Histogram.STANDARD)
            for place in range(10):
                histogram.buckets.add(low_value=place, high_value=place + 1, sample_count=10)
        (tmp_path / f"Split-{split}").mkdir()
        (tmp_path / f"Split-{split}" / "FeatureStats.pb").write_bytes(found.SerializeToString())
    made = stock.ExampleStatistics(str(tmp_path), split_names=("train", "eval"))
    assert sum(len(part.body) for part in sections_of(made)) < 1_900_000
