"""How two schemas differ: features, their types, presence, shapes and domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from millwork.analysis.differences.difference import Change

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema

_MOST = 8
"""Values of a domain that are listed; of more, only those that one schema has."""


def schema_changes(before: Schema, after: Schema) -> Iterator[Change]:
    """`sex` for a feature that only one has, `sex.type`, `sex.presence`, … for what differs in one of both."""
    was, has = _described(before), _described(after)
    for name in dict.fromkeys([*was, *has]):
        if name not in was or name not in has:
            yield Change(name, _brief(was.get(name)), _brief(has.get(name)))
            continue
        for aspect in dict.fromkeys([*was[name], *has[name]]):
            pair = (was[name].get(aspect), has[name].get(aspect))
            if pair[0] != pair[1]:
                yield Change(f"{name}.{aspect}", *_told(*pair))


Aspects = dict[str, str | tuple[str, ...]]


def _described(schema: Schema) -> dict[str, Aspects]:
    domains = {domain.name: tuple(domain.value) for domain in schema.string_domain}
    return dict(_features(schema.feature, domains, ""))


def _features(
    features: Sequence[Any], domains: Mapping[str, tuple[str, ...]], prefix: str
) -> Iterator[tuple[str, Aspects]]:
    """Nested ones too, by their path."""
    from tensorflow_metadata.proto.v0 import schema_pb2

    for feature in features:
        name = f"{prefix}{feature.name}"
        aspects: Aspects = {"type": schema_pb2.FeatureType.Name(feature.type)}
        if feature.HasField("presence"):
            aspects["presence"] = f"{feature.presence.min_fraction:g} of the rows"
        if feature.HasField("shape"):
            aspects["shape"] = "×".join(str(dim.size) for dim in feature.shape.dim) or "1"
        if feature.HasField("value_count"):
            aspects["values per row"] = f"{feature.value_count.min} to {feature.value_count.max}"
        if feature.lifecycle_stage:
            aspects["stage"] = schema_pb2.LifecycleStage.Name(feature.lifecycle_stage)
        yield name, aspects | _domain(feature, domains)
        yield from _features(feature.struct_domain.feature, domains, f"{name}.")


def _domain(feature: Any, domains: Mapping[str, tuple[str, ...]]) -> Aspects:
    kind = feature.WhichOneof("domain_info")
    if kind == "domain":
        return {"domain": domains.get(feature.domain, ())}
    if kind == "string_domain":
        return {"domain": tuple(feature.string_domain.value)}
    if kind in ("int_domain", "float_domain"):
        limits = getattr(feature, kind)
        lower, upper = (
            f"{getattr(limits, side):g}" if limits.HasField(side) else "any" for side in ("min", "max")
        )
        return {"domain": f"{lower} to {upper}" + (", categorical" if limits.is_categorical else "")}
    return {"domain": kind} if kind and kind != "struct_domain" else {}


def _brief(aspects: Aspects | None) -> str | None:
    return None if aspects is None else str(aspects["type"])


def _told(
    before: str | tuple[str, ...] | None, after: str | tuple[str, ...] | None
) -> tuple[str | None, str | None]:
    return _value(before, after), _value(after, before)


def _value(value: str | tuple[str, ...] | None, other: str | tuple[str, ...] | None) -> str | None:
    if not isinstance(value, tuple):
        return value
    if len(value) <= _MOST:
        return ", ".join(value)
    only = [text for text in value if not isinstance(other, tuple) or text not in set(other)]
    more = ", …" if len(only) > _MOST else ""
    return f"{len(value)} values" + (f", only here: {', '.join(only[:_MOST])}{more}" if only else "")
