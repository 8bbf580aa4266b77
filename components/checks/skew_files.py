"""What is written about two splits that were compared row by row: JSON, Parquet, and TFDV's own messages."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.checks.feature_skew import KINDS, MATCH, FeatureSkew
from millwork.components.checks.paired_rows import PairedRows, SamplePair
from millwork.components.data.tf_example import encode
from millwork.components.data.tfrecord import framed

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = b"__MISSING_VALUE__"
"""TFDV's value in its confusion counts for a row that has none."""
COUNTS = (
    *("base_count", "test_count", "match_count", "base_only", "test_only"),
    *("mismatch_count", "diff_count"),
)
"""The fields of TFDV's FeatureSkew beside its name; ours are called the same."""


def write_skew(folder: Path, found: PairedRows, splits: dict[str, str]) -> None:
    """Write all files of one pair of splits. `splits` names the two."""
    folder.mkdir(parents=True)
    _write_messages(folder, found)
    samples = [_sample(number, pair, found) for number, pair in enumerate(found.samples)]
    document = {
        **splits,
        "match_stats": asdict(found.stats),
        "num_pairs": found.num_pairs,
        "num_skewed_pairs": found.num_skewed_pairs,
        "features": [_feature(skew) for skew in ranked(found.features.values())],
        "confusion": _confusion(found),
        "sample_pairs": samples,
    }
    (folder / "diff.json").write_text(json.dumps(document, indent=2, ensure_ascii=False))
    _write_tables(folder, document)


def ranked(skews: Iterable[FeatureSkew]) -> list[FeatureSkew]:
    """Those that differ most come first."""
    return sorted(skews, key=lambda skew: (-skew.diff_count, skew.feature_name))


def _feature(skew: FeatureSkew) -> dict[str, Any]:
    return {**asdict(skew), "diff_count": skew.diff_count, "diff_fraction": skew.diff_fraction}


def _confusion(found: PairedRows) -> list[dict[str, Any]]:
    counted = sorted(found.confusion.items(), key=lambda item: (item[0][0], -item[1], str(item[0])))
    return [
        {"feature_name": name, "base": _text(base), "test": _text(test), "count": count}
        for (name, base, test), count in counted
    ]


def _sample(number: int, pair: SamplePair, found: PairedRows) -> dict[str, Any]:
    return {
        "pair": number,
        "identifiers": {name: _values(pair.base, name) for name in found.config.identifier_features},
        "differences": [
            {
                "feature_name": name,
                "kind": KINDS[kind],
                "base": _values(pair.base, name),
                "test": _values(pair.test, name),
            }
            for name, kind in pair.kinds.items()
            if kind != MATCH
        ],
    }


def _values(row: pa.RecordBatch, name: str) -> list[Any]:
    """The values of a feature as JSON has them."""
    place = row.schema.get_field_index(name)
    values = (row.column(place)[0].as_py() if place >= 0 else None) or []
    return [_text(v) if isinstance(v, bytes) else v if math.isfinite(v) else str(v) for v in values]


def _text(value: Any) -> str | None:
    return (
        value.decode("utf-8", "backslashreplace")
        if isinstance(value, bytes)
        else None
        if value is None
        else str(value)
    )


def _write_tables(folder: Path, document: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, count, number = pa.string(), pa.int64(), pa.float64()
    features = pa.schema(
        [(name, text) for name in ("feature_name", "base_type", "test_type")]
        + [(name, count) for name in COUNTS]
        + [("diff_fraction", number), ("max_difference", number)]
    )
    differences = [
        {
            "pair": sample["pair"],
            "identifiers": json.dumps(sample["identifiers"], ensure_ascii=False),
            **one,
            "base": json.dumps(one["base"], ensure_ascii=False),
            "test": json.dumps(one["test"], ensure_ascii=False),
        }
        for sample in document["sample_pairs"]
        for one in sample["differences"]
    ]
    samples = pa.schema(
        [("pair", count)] + [(n, text) for n in ("identifiers", "feature_name", "kind", "base", "test")]
    )
    confusion = pa.schema([("feature_name", text), ("base", text), ("test", text), ("count", count)])
    for name, rows, schema in (
        ("feature_skew", document["features"], features),
        ("sample_pairs", differences, samples),
        ("confusion", document["confusion"], confusion),
    ):
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet")


def _write_messages(folder: Path, found: PairedRows) -> None:
    """The files that TFX's ExampleDiff writes: `tensorflow_data_validation.skew` has readers for them."""
    from tensorflow_data_validation.skew.protos import feature_skew_results_pb2 as messages

    stats = [
        messages.FeatureSkew(feature_name=skew.feature_name, **{n: getattr(skew, n) for n in COUNTS})
        for skew in ranked(found.features.values())
    ]
    _write(folder / "skew_stats", stats)
    _write(folder / "match_stats", [messages.MatchStats(**asdict(found.stats))])
    _write(folder / "sample_pairs", [_pair_message(pair) for pair in found.samples])
    if found.config.confusion_config:
        counts = [
            messages.ConfusionCount(
                feature_name=name,
                base={"bytes_value": _bytes(base)},
                test={"bytes_value": _bytes(test)},
                count=count,
            )
            for (name, base, test), count in sorted(found.confusion.items(), key=str)
        ]
        _write(folder / "confusion", counts)


def _pair_message(pair: SamplePair) -> Any:
    from tensorflow_data_validation.skew.protos import feature_skew_results_pb2 as messages

    [base], [test] = encode(pair.base), encode(pair.test)
    names: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name, kind in pair.kinds.items():
        names[KINDS[kind]].append(name)
    return messages.SkewPair(
        base=base,
        test=test,
        matched_features=names["match"],
        mismatched_features=names["mismatch"],
        base_only_features=names["base_only"],
        test_only_features=names["test_only"],
    )


def _bytes(value: Any) -> bytes:
    return MISSING if value is None else value if isinstance(value, bytes) else str(value).encode()


def _write(path: Path, messages: Sequence[Any]) -> None:
    content = framed(message.SerializeToString(deterministic=True) for message in messages)
    path.with_name(f"{path.name}-00000-of-00001").write_bytes(content)
