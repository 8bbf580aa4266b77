"""The stock artifact types. Names, properties and files are TFX's where TFX has the type.

Files are below `artifact.path`; a split's are below `artifact.split(name)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from millwork.core.errors import BadInput, did_you_mean
from millwork.core.graph import Artifact, Condition, custom_property
from millwork.core.value_artifacts import Boolean as Boolean
from millwork.core.value_artifacts import Float as Float
from millwork.core.value_artifacts import Integer as Integer
from millwork.core.value_artifacts import String as String
from millwork.core.value_artifacts import ValueArtifact as ValueArtifact

PARQUET = "parquet"
TFRECORD = "tfrecords_gzip"


@dataclass(eq=False)
class SplitArtifact(Artifact):
    """An artifact with one folder for each split: `Split-train/`, `Split-eval/`, …"""

    span: int = 0
    split_names: tuple[str, ...] = ()

    def split(self, name: str) -> Path:
        """The folder of one split."""
        if name not in self.split_names:
            raise BadInput(f"{self.type_name} has no split {name!r}. {did_you_mean(name, self.split_names)}")
        return self.path / f"Split-{name}"

    def split_pair(self, name: str) -> Path:
        """The folder of two splits that were compared, `train_eval`: train with the baseline's eval."""
        if name not in self.split_names:
            raise BadInput(
                f"{self.type_name} has no pair of splits {name!r}. {did_you_mean(name, self.split_names)}"
            )
        return self.path / f"SplitPair-{name}"


@dataclass(eq=False)
class Examples(SplitArtifact):
    """Rows of data: `Split-<name>/data_*` as Parquet, or as gzipped TFRecords of `tf.Example`."""

    base_type: ClassVar[str] = "mlmd.Dataset"

    version: int = 0
    file_format: str = custom_property(PARQUET)
    payload_format: str = custom_property("FORMAT_TF_EXAMPLE")
    num_examples: Mapping[str, int] = custom_property({})
    """Rows per split."""
    spans: Mapping[str, int] = custom_property({})
    """The spans that an ExampleGen read, each with its version. Each has a file of its own in each split, in the order
    of their numbers. `span` and `version` are those of the last."""


@dataclass(eq=False)
class ExampleStatistics(SplitArtifact):
    """`Split-<name>/FeatureStats.pb`: TFDV's DatasetFeatureStatisticsList."""

    base_type: ClassVar[str] = "mlmd.Statistics"


@dataclass(eq=False)
class Schema(Artifact):
    """`schema.pbtxt`: TensorFlow Metadata's Schema."""


@dataclass(eq=False)
class ExampleAnomalies(SplitArtifact):
    """`Split-<name>/SchemaDiff.pb`: TFDV's Anomalies.

    Where two data sets were compared it is `SplitPair-<name>_<baseline's>/SchemaDiff.pb`, beside it `distances.json`,
    and the pairs are the `split_names`.
    """

    blessed: str = custom_property("")
    """JSON, as TFX writes it: per split or pair 1 if there is no anomaly, else 0; 2 if there was no baseline."""
    num_anomalies: int = custom_property(0)
    """Over all splits."""

    def is_empty(self) -> Condition:
        """For `when(...)`: there is no anomaly."""
        return self.prop("num_anomalies").equals(0)

    @property
    def remark(self) -> str:
        if not self.num_anomalies:
            return ""
        return "1 anomaly" if self.num_anomalies == 1 else f"{self.num_anomalies} anomalies"


@dataclass(eq=False)
class ExamplesDiff(Artifact):
    """`SplitPair-<test>_<base>/`: how the rows of two data sets that have the same identifiers differ.

    `diff.json` holds all counts, `feature_skew.parquet` a row for each feature, `sample_pairs.parquet` one for each
    value that differs in a sample of pairs, `confusion.parquet` counts of pairs of values. The same as TFDV's
    messages, which its feature_skew_detector reads: `skew_stats`, `match_stats`, `sample_pairs`, `confusion`.
    """

    split_pairs: tuple[str, ...] = custom_property(())
    num_pairs: int = custom_property(0)
    """Rows that were compared with one of the same identifiers, over all pairs of splits."""
    num_skewed_pairs: int = custom_property(0)
    """Those in which a feature differs."""

    def split_pair(self, name: str) -> Path:
        """The folder of a pair of splits, `train_eval`: train of the test examples with eval of the base."""
        if name not in self.split_pairs:
            raise BadInput(
                f"{self.type_name} has no pair of splits {name!r}. {did_you_mean(name, self.split_pairs)}"
            )
        return self.path / f"SplitPair-{name}"

    def is_empty(self) -> Condition:
        """For `when(...)`: no two rows of the same identifiers differ."""
        return self.prop("num_skewed_pairs").equals(0)


@dataclass(eq=False)
class TransformGraph(Artifact):
    """`transform_fn/`, `transformed_metadata/`, `metadata/`: what tft.TFTransformOutput reads."""


@dataclass(eq=False)
class TransformCache(Artifact):
    """`<rows>/<analyzer>.gz`: what analyzers found in each file of rows, for a Transform of more files."""

    span: int = custom_property(0)
    """Of the newest rows."""


@dataclass(eq=False)
class Model(Artifact):
    """`Format-Serving/`: what the user's `run_fn` saved to `fn_args.serving_model_dir`."""

    base_type: ClassVar[str] = "mlmd.Model"

    framework: str = custom_property("")
    """`saved_model`, `keras`, `skops`, `joblib`, or `unknown`."""
    span: int = custom_property(0)
    """Of the newest rows that it was trained on."""


@dataclass(eq=False)
class ModelRun(Artifact):
    """What `run_fn` wrote to `fn_args.model_run_dir`: TensorBoard logs, checkpoints."""


@dataclass(eq=False)
class ModelEvaluation(Artifact):
    """TFMA's files (`metrics-*`, `plots-*`, `validations.tfrecord`, `eval_config.json`), and `metrics.json`.

    `tfma.load_eval_result(evaluation.uri)` reads them.
    """

    metrics: Mapping[str, float] = custom_property({})
    """The model's numbers over all rows, by name."""
    num_slices: int = custom_property(0)
    num_examples: int = custom_property(0)
    """Rows with a label."""


@dataclass(eq=False)
class ModelBlessing(Artifact):
    """An empty file `BLESSED`, `NOT_BLESSED` or `NOT_EVALUATED`, and `blessing.json` with every check."""

    blessed: int = custom_property(0)
    verdict: str = custom_property("")
    """As the file is called."""
    reason: str = custom_property("")
    """Why, in words."""
    current_model: str = custom_property("")
    """The uri of the model."""
    current_model_id: int = custom_property(0)
    baseline_model: str = custom_property("")
    baseline_model_id: int = custom_property(0)
    component_id: str = custom_property("")
    """The step that gave the verdict."""
    forced: int = custom_property(0)
    """1 if a person gave it, whatever the evaluation said."""

    @property
    def remark(self) -> str:
        return f"{self.verdict}: {self.reason}" if self.reason else self.verdict


@dataclass(eq=False)
class InfraBlessing(Artifact):
    """An empty file `INFRA_BLESSED` or `INFRA_NOT_BLESSED`; `infra.json`, `server.log`, perhaps `stamped_model/`."""

    blessed: int = custom_property(0)
    has_model: int = custom_property(0)
    """1 if there is a copy of the model with a warm-up file in `stamped_model/`."""
    reason: str = custom_property("")
    """Why it is not blessed."""
    load_seconds: float = custom_property(0.0)
    """From the start of the server's process until it could answer."""
    latency_p50_ms: float = custom_property(0.0)
    latency_p90_ms: float = custom_property(0.0)
    latency_p99_ms: float = custom_property(0.0)
    peak_memory: int = custom_property(0)
    """Bytes, of the server's process."""

    @property
    def remark(self) -> str:
        return "" if self.blessed else f"INFRA_NOT_BLESSED: {self.reason}"


@dataclass(eq=False)
class PushedModel(Artifact):
    """A copy of the model that was pushed."""

    base_type: ClassVar[str] = "mlmd.Model"

    pushed: int = custom_property(0)
    pushed_destination: str = custom_property("")
    pushed_version: str = custom_property("")
    reason: str = custom_property("")
    """Why the model was not pushed, or who wanted it pushed all the same."""
    forced: int = custom_property(0)
    """1 if the model was pushed although it was not blessed."""

    @property
    def remark(self) -> str:
        if self.pushed:
            return f"pushed to {self.pushed_destination}" + (f", {self.reason}" if self.reason else "")
        return f"not pushed: {self.reason}"


@dataclass(eq=False)
class Predictions(SplitArtifact):
    """`Split-<name>/predictions.parquet`: a row for each example that was scored.

    Columns: `row_id` (int64, the place in the split, or what the user names), `label` and `predicted` (class
    names as text, lists of them for multilabel, or numbers for regression), `weight` (float64, 1 by default),
    `score_<class>` (float64) for each of `classes`, or `score` for regression, and `slice_<feature>`, a single
    value, for each of `slice_features`.
    """

    base_type: ClassVar[str] = "mlmd.Dataset"

    problem: str = "binary"
    """`binary`, `multiclass`, `multilabel` or `regression`."""
    classes: tuple[str, ...] = ()
    """Class names in the order of the model's scores. The last of two is the positive one."""
    label: str = ""
    """The feature that holds the truth."""
    slice_features: tuple[str, ...] = ()
    id_feature: str = custom_property("")
    """The feature that `row_id` holds; "" if it is the place in the split."""
    num_examples: Mapping[str, int] = custom_property({})


@dataclass(eq=False)
class ConfusionMatrix(SplitArtifact):
    """`Split-<name>/confusion_matrix.{csv,json,svg}`, and `report.html` over all splits."""

    base_type: ClassVar[str] = "mlmd.Metrics"

    accuracy: Mapping[str, float] = custom_property({})
    """Per split."""


@dataclass(eq=False)
class RocCurve(SplitArtifact):
    """`Split-<name>/roc.{csv,json,svg}`, and `report.html` over all splits."""

    base_type: ClassVar[str] = "mlmd.Metrics"

    auc: Mapping[str, float] = custom_property({})
    """Per split: of the positive class, or the macro average over the classes."""


@dataclass(eq=False)
class Comparison(Artifact):
    """`comparison.json` (as `millwork compare --json` prints it), `comparison.md` and `report.html`.

    Only `NOT_COMPARED`, which says why, if there was no baseline.
    """

    base_type: ClassVar[str] = "mlmd.Metrics"

    verdict: str = custom_property("")
    """`better`, `no worse`, `inconclusive` or `worse`; of several challengers the worst. "" without a baseline."""
    reason: str = custom_property("")
    """Why, in words."""
    num_better: int = custom_property(0)
    """Metrics in which the challenger is better, each slice counted."""
    num_worse: int = custom_property(0)
    num_inconclusive: int = custom_property(0)

    def is_not_worse(self) -> Condition:
        """For `when(...)`: no metric is worse in any slice. It also holds if there was no baseline."""
        return self.prop("num_worse").equals(0)

    def is_better(self) -> Condition:
        """For `when(...)`: the verdict is `better`. It does not hold if there was no baseline."""
        return self.prop("verdict").equals("better")

    @property
    def remark(self) -> str:
        return f"{self.verdict}: {self.reason}" if self.verdict else self.reason


@dataclass(eq=False)
class HyperParameters(Artifact):
    """`best_hyperparameters.txt`: KerasTuner's configuration as JSON, the best values under `values`."""


@dataclass(eq=False)
class TunerResults(Artifact):
    """`trials.csv`: a row for each trial; `tuner_results.json`, as TFX's: the complete ones, the best first."""

    objective: str = custom_property("")
    """What was sought: KerasTuner's objective, or Optuna's direction."""
    best_score: float = custom_property(0.0)
    num_trials: int = custom_property(0)
    num_complete: int = custom_property(0)
    """Those that were neither pruned nor failed."""


@dataclass(eq=False)
class Report(Artifact):
    """Something for people to read, such as `report.md`."""
