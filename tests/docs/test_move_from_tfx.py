"""The page for those who come from TFX names everything that TFX 1.21's public API has."""

from __future__ import annotations

import re

import doc_pages
import pytest

from millwork import components
from millwork.cli.tfx_names import TFX_NAMES

PAGE = (doc_pages.ROOT / "docs/how-to/move-from-tfx.md").read_text("utf-8")
WORDS = set(re.findall(r"\w+", PAGE))

TFX_V1 = {
    "components": "BulkInferrer CsvExampleGen DataAccessor Evaluator ExampleDiff ExampleValidator FnArgs "
    "ImportExampleGen ImportSchemaGen InfraValidator Pusher SchemaGen StatisticsGen Trainer Transform Tuner "
    "TunerFnResult DistributionValidator FileBasedExampleGen QueryBasedExampleGen BigQueryExampleGen PrestoExampleGen",
    "proto": "ClassifyOutput CustomConfig DataSpec DistributionValidatorConfig EnvVar EnvVarSource EvalArgs "
    "ExampleDiffConfig FeatureComparator FeatureSlicingSpec Filesystem Input KubernetesConfig LocalDockerConfig "
    "ModelSpec Output OutputColumnsSpec OutputExampleSpec PairedExampleSkew PodOverrides PredictOutput "
    "PredictOutputCol PushDestination RangeConfig RegressOutput RequestSpec RollingRange SecretKeySelector "
    "ServingSpec SingleSlicingSpec SplitConfig SplitsConfig StaticRange TensorFlowServing "
    "TensorFlowServingRequestSpec TrainArgs TuneArgs ValidationSpec Versioning RunState",
    "dsl": "Artifact Channel Cond ExecutionMode Importer Pipeline Resolver AsyncOutputArtifact "
    "BeamComponentParameter InputArtifact OutputArtifact OutputDict Parameter component exec_property "
    "execution_invocation LatestArtifactStrategy LatestBlessedModelStrategy ResolverStrategy RuntimeParameter "
    "SpanRangeStrategy create_container_component fileio Dataset Deploy Evaluate Metrics Process Statistics Train",
    "types": "BaseBeamComponent BaseChannel BaseComponent BaseFunctionalComponent BaseFunctionalComponentFactory "
    "BaseNode Boolean Bytes ExampleAnomalies ExampleStatistics Examples Float HyperParameters InferenceResult "
    "InfraBlessing Integer JsonValue Model ModelBlessing ModelEvaluation ModelRun PushedModel Schema String "
    "TransformCache TransformGraph TunerResults",
    "orchestration": "LocalDagRunner BeamDagRunner KubeflowV2DagRunner KubeflowV2DagRunnerConfig FinalStatusStr "
    "exit_handler get_default_kubeflow_metadata_config sqlite_metadata_connection_config "
    "mysql_metadata_connection_config ConnectionConfigType InteractiveContext",
    "extensions and utils": "PUSHER_SERVING_ARGS_KEY ENABLE_UCAIP_KEY ENABLE_VERTEX_KEY JOB_ID_KEY LABELS_KEY "
    "SERVING_ARGS_KEY TRAINING_ARGS_KEY UCAIP_REGION_KEY VERTEX_CONTAINER_IMAGE_URI_KEY VERTEX_REGION_KEY "
    "BULK_INFERRER_SERVING_ARGS_KEY ENDPOINT_ARGS_KEY REMOTE_TRIALS_WORKING_DIR_KEY TUNING_ARGS_KEY "
    "parse_pbtxt_file JsonableType",
}


@pytest.mark.parametrize("module", TFX_V1)
def test_every_public_name_is_there(module: str) -> None:
    assert set(TFX_V1[module].split()) <= WORDS


def test_what_the_catalog_says_of_tfx_names_exists_here() -> None:
    known = {*components.__all__, "import_artifact", "on_exit"}
    assert {here.name for here in TFX_NAMES.values()} <= known


def test_the_imports_of_the_first_table_work() -> None:
    lines = re.findall(r"`(from millwork[^`]*)`", PAGE)
    assert len(lines) > 4
    for line in lines:
        exec(line, {})
