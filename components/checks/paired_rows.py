"""Comparing two divided data sets partition by partition: what is held in memory is one partition of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from millwork.components.checks.feature_skew import MATCH, FeatureSkew, compare_feature, new_skew, type_name
from millwork.components.checks.matching import MatchStats, match
from millwork.components.checks.paired_skew import PairedExampleSkew
from millwork.components.checks.partitions import Divided, Rows
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_CONFUSIONS = 100_000
"""More different pairs of values than this are refused: they are counted in memory."""


@dataclass(frozen=True)
class SamplePair:
    """Two rows that belong together and differ, in feature form."""

    base: pa.RecordBatch
    test: pa.RecordBatch
    kinds: dict[str, int]
    """For each feature one of feature_skew.KINDS, by its place."""


@dataclass
class PairedRows:
    """What comparing two splits has found so far."""

    config: PairedExampleSkew
    stats: MatchStats = field(default_factory=MatchStats)
    features: dict[str, FeatureSkew] = field(default_factory=dict)
    num_pairs: int = 0
    """Pairs that were compared."""
    num_skewed_pairs: int = 0
    confusion: Counter[tuple[str, Any, Any]] = field(default_factory=Counter)
    """How often a feature had this value in the base and that one in the test data; None: no value."""
    _samples: list[tuple[float, SamplePair]] = field(default_factory=list)
    _random: np.random.Generator | None = None

    @property
    def samples(self) -> list[SamplePair]:
        """Some of the pairs that differ, each as likely as any other."""
        return [sample for _, sample in self._samples]

    @property
    def skewed_fraction(self) -> float:
        """The share of the compared pairs in which a feature differs. 0 if none was compared."""
        return self.num_skewed_pairs / max(1, self.num_pairs)

    def compare(self, base: Divided, test: Divided, partitions: int) -> None:
        """Compare all rows of two splits."""
        self._check_features(base, test)
        unlike = (*self.config.identifier_features, *self.config.ignore_features)
        for name in {**base.features, **test.features}:
            if name not in unlike:
                self.features[name] = new_skew(name, base.features.get(name), test.features.get(name))
        self.stats.base_missing_id_count = base.without_identifiers
        self.stats.test_missing_id_count = test.without_identifiers
        for number in range(partitions):
            self._compare_partition(base.read(number), test.read(number))

    def _compare_partition(self, base: Rows | None, test: Rows | None) -> None:
        import pyarrow as pa

        none = pa.array([], pa.large_binary())
        base_keys, test_keys = (rows.keys if rows else none for rows in (base, test))
        for in_base, in_test in match(
            base_keys, test_keys, self.config.allow_duplicate_identifiers, self.stats
        ):
            assert base is not None, "these rows belong together"
            assert test is not None, "these rows belong together"
            self._compare_pairs(base.features.take(pa.array(in_base)), test.features.take(pa.array(in_test)))

    def _compare_pairs(self, base: pa.RecordBatch, test: pa.RecordBatch) -> None:
        import numpy as np

        pairs, digits = base.num_rows, self.config.float_round_ndigits
        kinds = {
            name: compare_feature(skew, _column(base, name), _column(test, name), digits, pairs)
            for name, skew in self.features.items()
        }
        skewed = np.zeros(pairs, bool)
        for one in kinds.values():
            skewed |= one != MATCH
        self.num_pairs += pairs
        self.num_skewed_pairs += int(skewed.sum())
        self._sample(base, test, kinds, np.flatnonzero(skewed))
        for name in self.config.confusion_config:
            self._count_confusion(name, base, test)

    def _sample(
        self,
        base: pa.RecordBatch,
        test: pa.RecordBatch,
        kinds: dict[str, np.ndarray[Any, Any]],
        skewed: np.ndarray[Any, Any],
    ) -> None:
        """Each pair draws a number; those with the lowest are kept."""
        import numpy as np
        import pyarrow as pa

        self._random = self._random or np.random.default_rng(0)
        size = self.config.skew_sample_size
        ranks = self._random.random(len(skewed))
        for place in np.argsort(ranks)[:size]:
            if len(self._samples) == size and ranks[place] > self._samples[-1][0]:
                break
            row = pa.array([skewed[place]])
            pair = SamplePair(
                base.take(row), test.take(row), {n: int(k[skewed[place]]) for n, k in kinds.items()}
            )
            self._samples.append((float(ranks[place]), pair))
            self._samples.sort(key=lambda ranked: ranked[0])
            del self._samples[size:]

    def _count_confusion(self, name: str, base: pa.RecordBatch, test: pa.RecordBatch) -> None:
        values = [
            single_values(_column(side, name), name, base.num_rows).to_pylist() for side in (base, test)
        ]
        self.confusion.update((name, one, other) for one, other in zip(*values, strict=True))
        if len(self.confusion) > MOST_CONFUSIONS:
            raise BadInput(
                f"confusion_config: there are more than {MOST_CONFUSIONS:,} different pairs of values, the last "
                f"feature being {name!r}. Count those of features with fewer distinct values"
            )

    def _check_features(self, base: Divided, test: Divided) -> None:
        if not (base.features and test.features):
            return
        known = {**base.features, **test.features}
        for setting in ("ignore_features", "confusion_config"):
            for name in getattr(self.config, setting):
                if name not in known:
                    raise BadInput(
                        f"{setting} names {name!r}, which is no feature. {did_you_mean(name, known)}"
                    )
        for name in self.config.identifier_features:
            kinds = [type_name(side.features[name]) for side in (base, test)]
            if all(kinds) and kinds[0] != kinds[1]:
                raise BadInput(
                    f"The identifier {name!r} is {kinds[0]} in the base and {kinds[1]} in the test examples, so no "
                    "rows can belong together. Give it one type"
                )


def single_values(column: pa.Array | None, name: str, rows: int) -> pa.Array:
    """The one value of each row, or null. BadInput if a row has several, or if they are floats."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column is None or pa.types.is_null(column.type):
        return pa.nulls(rows)
    if column.type == pa.large_list(pa.float32()):
        raise BadInput(
            f"confusion_config names {name!r}, which is FLOAT: pairs of values are counted of strings and integers only"
        )
    lengths = pc.list_value_length(column).fill_null(0)
    if rows and pc.max(lengths).as_py() > 1:
        raise BadInput(
            f"confusion_config names {name!r}, which has several values in a row: pairs of values are counted of "
            "single values only"
        )
    return pc.list_element(pc.if_else(pc.equal(lengths, 1), column, None), 0)


def _column(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    place = batch.schema.get_field_index(name)
    return None if place < 0 else batch.column(place)
