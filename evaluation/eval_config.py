"""An EvalConfig as people give it (a message, a mapping, YAML, JSON or text format) as plain data, checked."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from millwork.core.errors import WrongArgument, did_you_mean
from millwork.evaluation.tfma_protos import tfma_protos

Data = dict[str, Any]

WRAPPERS = ("DoubleValue", "BoolValue", "Int32Value")
TEXT_FORMAT = (".pbtxt", ".textproto", ".prototxt")


@runtime_checkable
class EvalConfigMessage(Protocol):
    """`tfma.EvalConfig(...)`, or `config_pb2.EvalConfig(...)` of `tensorflow_model_analysis.proto`."""

    DESCRIPTOR: Any

    def SerializeToString(self) -> bytes:
        """The message in protobuf's binary form."""


GivenConfig = Mapping[str, Any] | str | Path | EvalConfigMessage
"""A mapping, YAML text, the path of a file (.yaml, .json, .pbtxt), or the message itself."""


def config_data(given: GivenConfig) -> Data:
    """The config as plain data, with protobuf's names of fields. WrongArgument says what is wrong, and where."""
    if isinstance(given, str | Path):
        return config_data(_parsed(given))
    message = _from_mapping(given) if isinstance(given, Mapping) else _copied(given)
    _check(message)
    return _data(message)


def config_message(data: Mapping[str, Any]) -> Any:
    """The `EvalConfig` that plain data stand for."""
    return _from_mapping(data)


def thresholds_in(config: Any) -> Iterator[tuple[str, Any]]:
    """Every `MetricThreshold` of an `EvalConfig`, and where it stands."""
    for place, sets in _threshold_sets(config):
        for threshold, of in sets:
            yield f"{place}.{of}", threshold


def metric_title(metric: Any) -> str:
    """How a `MetricConfig` is called in messages: by the name in its config, else its class."""
    return str(metric_settings(metric).get("name") or metric.class_name)


def metric_settings(metric: Any) -> dict[str, Any]:
    """The `config` of a `MetricConfig`, which is JSON, with or without its outer braces."""
    text = metric.config.strip()
    if not text:
        return {}
    try:
        settings = json.loads(text if text.startswith("{") else f"{{{text}}}")
    except ValueError as e:
        raise WrongArgument(
            f"eval_config: the config of metric {metric.class_name} is no JSON: {metric.config!r} ({e}). Write "
            """for example '{"name": "auc", "num_thresholds": 100}'"""
        ) from None
    return dict(settings)


def _parsed(given: str | Path) -> GivenConfig:
    """What a file says, or text: it has several lines, a colon or a brace, and names no file."""
    path = Path(given).expanduser()
    if isinstance(given, str) and ("\n" in given or given.lstrip().startswith("{")):
        return _from_yaml(given, "eval_config")
    if not path.is_file():
        raise WrongArgument(
            f"eval_config: there is no file {str(given)!r}. Give the path of a .yaml, .json or .pbtxt file, YAML text "
            "of several lines, a dict, or an EvalConfig message"
        )
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as e:
        raise WrongArgument(f"eval_config: {str(given)!r} is no text: {e}") from None
    return _from_text_format(text, path) if path.suffix in TEXT_FORMAT else _from_yaml(text, str(path))


def _from_yaml(text: str, where: str) -> Mapping[str, Any]:
    """YAML, of which JSON is a part."""
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as e:
        raise WrongArgument(f"eval_config: {where} is not valid YAML: {e}") from None
    if not isinstance(content, Mapping):
        raise WrongArgument(
            f"eval_config: {where} must hold the fields of an EvalConfig ({', '.join(_fields_of_config())}), but it "
            f"holds {content!r}"
        )
    return content


def _from_text_format(text: str, path: Path) -> Any:
    from google.protobuf import text_format

    try:
        return text_format.Parse(text, tfma_protos().config.EvalConfig())
    except text_format.ParseError as e:
        raise WrongArgument(f"eval_config: {str(path)!r} is no EvalConfig in text format: {e}") from None


def _copied(given: EvalConfigMessage) -> Any:
    """The same message by our own class of it. The caller's may come from another copy of the library."""
    name = given.DESCRIPTOR.full_name
    if name != "tensorflow_model_analysis.EvalConfig":
        raise WrongArgument(f"eval_config must be an EvalConfig, but got a message of type {name}")
    return tfma_protos().config.EvalConfig.FromString(given.SerializeToString())


def _from_mapping(given: Mapping[str, Any]) -> Any:
    from google.protobuf import json_format

    config = tfma_protos().config.EvalConfig
    tidy = _tidied(given, config.DESCRIPTOR, "eval_config")
    try:
        return json_format.ParseDict(tidy, config())
    except json_format.ParseError as e:
        raise WrongArgument(f"eval_config: {e}") from None


def _data(message: Any) -> Data:
    from google.protobuf import json_format

    data: Data = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return data


def _tidied(value: object, descriptor: Any, where: str) -> Any:
    """A mapping as protobuf's JSON: each name checked, `{"value": 0.6}` for 0.6 taken, `config` as text."""
    if descriptor.name in WRAPPERS:
        return value.get("value") if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping):
        raise WrongArgument(f"{where} must be a mapping of {descriptor.name}'s fields, but got {value!r}")
    known = {field.name: field for field in descriptor.fields}
    known |= {field.json_name: field for field in descriptor.fields}
    tidy: Data = {}
    for name, content in value.items():
        if name not in known:
            names = [field.name for field in descriptor.fields]
            raise WrongArgument(f"{where} has no field {name!r}. {did_you_mean(str(name), names)}")
        if content is not None:
            tidy[known[name].name] = _tidied_field(content, known[name], f"{where}.{name}")
    return tidy


def _tidied_field(value: object, field: Any, where: str) -> Any:
    kind = field.message_type
    if kind is None:
        return _tidied_scalar(value, field, where)
    if kind.GetOptions().map_entry:
        if not isinstance(value, Mapping):
            raise WrongArgument(f"{where} must be a mapping, but got {value!r}")
        of = kind.fields_by_name["value"]
        return {k: _tidied_field(v, of, f"{where}[{k!r}]") for k, v in value.items()}
    if not _repeated(field):
        return _tidied(value, kind, where)
    if not isinstance(value, list | tuple):
        raise WrongArgument(f"{where} must be a list, but got {value!r}")
    return [_tidied(v, kind, f"{where}[{i}]") for i, v in enumerate(value)]


def _tidied_scalar(value: object, field: Any, where: str) -> Any:
    if field.enum_type is not None and isinstance(value, str):
        names = [v.name for v in field.enum_type.values]
        if value not in names:
            raise WrongArgument(f"{where} cannot be {value!r}. {did_you_mean(value, names)}")
    if field.name == "config" and isinstance(value, Mapping):
        return json.dumps(value)
    return list(value) if isinstance(value, tuple) else value


def _repeated(field: Any) -> bool:
    """protobuf 6 has an attribute for it, and warns about the label that protobuf 4 has."""
    known = getattr(field, "is_repeated", None)
    return bool(known if known is not None else field.label == field.LABEL_REPEATED)


def _fields_of_config() -> list[str]:
    return [field.name for field in tfma_protos().config.EvalConfig.DESCRIPTOR.fields]


def _check(config: Any) -> None:
    _check_models(config)
    for metrics_spec in config.metrics_specs:
        for metric in metrics_spec.metrics:
            if not metric.class_name:
                raise WrongArgument("eval_config: a metric has no class_name. Name one, such as 'AUC'")
            metric_settings(metric)
    for place, threshold in thresholds_in(config):
        _check_threshold(place, threshold)
    for spec in config.slicing_specs:
        if both := sorted(set(spec.feature_keys) & set(spec.feature_values)):
            raise WrongArgument(
                f"eval_config: a slicing spec names {both[0]!r} among its feature_keys and its feature_values. Name it "
                "once: with a value, or for all values"
            )


def _check_models(config: Any) -> None:
    specs = config.model_specs
    baselines = [spec for spec in specs if spec.is_baseline]
    if len(specs) > 2 or len(baselines) > 1 or (len(specs) == 2 and not baselines):
        raise WrongArgument(
            f"eval_config: {len(specs)} model_specs, {len(baselines)} of them with is_baseline. Evaluated is one "
            "model, and at most one baseline. Give other models evaluators of their own, and compare what these write"
        )
    names = [spec.name for spec in specs]
    if len(specs) == 2 and ("" in names or names[0] == names[1]):
        raise WrongArgument(f"eval_config: two model_specs need two names, but got {names!r}")
    for spec in specs:
        for several in ("label_keys", "prediction_keys", "example_weight_keys"):
            if getattr(spec, several):
                raise WrongArgument(
                    f"eval_config: {several} is for models with several outputs, which are not evaluated together. "
                    f"Give each output an Evaluator of its own, with {several.removesuffix('s')}"
                )
    known = {"", *names}
    for metrics_spec in config.metrics_specs:
        if metrics_spec.output_names or metrics_spec.output_weights:
            raise WrongArgument(
                "eval_config: output_names are for models with several outputs, which are not evaluated together. "
                "Give each output an Evaluator of its own, with Predict(output_name=...)"
            )
        for name in metrics_spec.model_names:
            if len(specs) > 1 and name not in known:
                raise WrongArgument(
                    f"eval_config: a metrics spec names the model {name!r}. {did_you_mean(name, names)}"
                )


def _threshold_sets(config: Any) -> Iterator[tuple[str, list[tuple[Any, str]]]]:
    """For each place that may hold thresholds, those that are there."""
    for i, spec in enumerate(config.metrics_specs):
        for metric in spec.metrics:
            found = [(metric.threshold, "threshold")] if metric.HasField("threshold") else []
            found += _sliced(metric.per_slice_thresholds, "per_slice_thresholds")
            found += _sliced(metric.cross_slice_thresholds, "cross_slice_thresholds")
            yield metric_title(metric), found
        place = f"metrics_specs[{i}]"
        yield place, [(threshold, f"thresholds[{name!r}]") for name, threshold in spec.thresholds.items()]
        for kind in ("per_slice_thresholds", "cross_slice_thresholds"):
            for name, sliced in getattr(spec, kind).items():
                yield place, _sliced(sliced.thresholds, f"{kind}[{name!r}]")


def _sliced(thresholds: Any, kind: str) -> list[tuple[Any, str]]:
    specs = "cross_slicing_specs" if kind.startswith("cross") else "slicing_specs"
    for sliced in thresholds:
        if not getattr(sliced, specs):
            raise WrongArgument(
                f"eval_config: a threshold in {kind} names no slices. Add {specs}; [{{}}] stands for all rows together"
            )
    return [(sliced.threshold, kind) for sliced in thresholds]


def _check_threshold(place: str, threshold: Any) -> None:
    value, change = threshold.value_threshold, threshold.change_threshold
    if not (threshold.HasField("value_threshold") or threshold.HasField("change_threshold")):
        raise WrongArgument(
            f"eval_config: {place} is empty. Give it a value_threshold (lower_bound, upper_bound) or a "
            "change_threshold (absolute, relative, direction)"
        )
    bounds = [b for b in ("lower_bound", "upper_bound") if value.HasField(b)]
    amounts = [a for a in ("absolute", "relative") if change.HasField(a)]
    for name in bounds + amounts:
        number = getattr(value if name in bounds else change, name).value
        if math.isnan(number):
            raise WrongArgument(f"eval_config: {name} of {place} is nan")
    if len(bounds) == 2 and value.lower_bound.value > value.upper_bound.value:
        raise WrongArgument(
            f"eval_config: {place} has the lower bound {value.lower_bound.value:g} above the upper bound "
            f"{value.upper_bound.value:g}: nothing can pass"
        )
    if threshold.HasField("change_threshold") and not amounts:
        raise WrongArgument(
            f"eval_config: the change_threshold of {place} needs an absolute or a relative amount"
        )
    if threshold.HasField("change_threshold") and change.direction == 0:
        raise WrongArgument(
            f"eval_config: the change_threshold of {place} needs a direction: HIGHER_IS_BETTER or LOWER_IS_BETTER"
        )
