"""Compare two data sets row by row: the same rows by their identifiers, feature by feature."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from millwork.components.checks.feature_skew import FeatureSkew
from millwork.components.checks.paired_rows import PairedRows
from millwork.components.checks.paired_skew import GivenSkew, PairedExampleSkew, settled
from millwork.components.checks.partitions import Divided, divide, how_many
from millwork.components.checks.skew_files import ranked, write_skew
from millwork.components.checks.split_pairs import Pair, all_pairs, chosen, pair_name
from millwork.components.data import reading
from millwork.core.artifacts import Examples, ExamplesDiff
from millwork.core.component import Component, output
from millwork.core.errors import GateNotMet, WrongArgument

logger = logging.getLogger(__name__)


class ExampleDiff(Component):
    """Find features that differ between the rows of two data sets that have the same identifiers.

    For example between what a model was trained on and what it was served for the same requests. Counted for each
    feature is how often it differs, is missing on one side, and by how much numbers differ at most; of the identifiers,
    how many are on one side only, or occur more than once. Some of the pairs that differ are written in full.

    A NaN equals a NaN, a null equals a missing feature, and an integer does not equal a float.

        diff = ExampleDiff(
            examples_test=examples.examples,
            examples_base=examples.examples,  # of another source
            config={"identifier_features": ["penguin"], "float_round_ndigits": 3},
        ).example_diff_result
    """

    base_type = "mlmd.Process"
    libraries = ("tensorflow_data_validation",)

    examples_test: Examples | list[Examples]
    """Several, such as one for each span, are compared as one data set."""
    examples_base: Examples | list[Examples]
    config: GivenSkew
    """Which rows belong together and when they differ, as a mapping or a `PairedExampleSkew`: `identifier_features`,
    `ignore_features`, `float_round_ndigits`, `allow_duplicate_identifiers`, `skew_sample_size` and `confusion_config`.
    TFX's `ExampleDiffConfig`, and its JSON as a mapping, are taken as well."""
    include_split_pairs: tuple[Pair, ...] = ()
    """Splits to compare, each with one of the base: `(("train", "train"),)`. If there are none: each with each, for a
    row that differs may have been put into another split by its hash."""
    max_skewed_fraction: float | None = None
    """Stop the run if a larger share of all compared rows differs, or if no rows belong together: the step fails with
    GateNotMet, which names the features. `millwork run` then exits with 3."""
    example_diff_result: ExamplesDiff = output()

    def check(self) -> None:
        self.config = settled(self.config)
        share = self.max_skewed_fraction
        if share is not None and not 0 <= share <= 1:
            raise WrongArgument(f"ExampleDiff: max_skewed_fraction must be from 0 to 1, but got {share}")

    def run(self) -> None:
        pairs = self._pairs()
        diff = self.example_diff_result
        diff.split_pairs = tuple(map(pair_name, pairs))
        with tempfile.TemporaryDirectory(prefix="millwork-example-diff-") as folder:
            found = self._compare(pairs, Path(folder))
        for (test, base), one in found.items():
            logger.info("Split %r against the base's %r: %s", test, base, summary(one))
        diff.num_pairs = sum(one.num_pairs for one in found.values())
        diff.num_skewed_pairs = sum(one.num_skewed_pairs for one in found.values())
        self._stop_if_too_many(found)

    def _pairs(self) -> list[Pair]:
        test, base = (reading.newest(e).split_names for e in (self.examples_test, self.examples_base))
        return (
            chosen(self.include_split_pairs, test, base)
            if self.include_split_pairs
            else all_pairs(test, base)
        )

    def _compare(self, pairs: Sequence[Pair], folder: Path) -> dict[Pair, PairedRows]:
        """Compare each pair of splits and write what came of it. The rows are divided once for each split."""
        assert isinstance(self.config, PairedExampleSkew)
        sides = {"test": self.examples_test, "base": self.examples_base}
        wanted = {"test": {test for test, _ in pairs}, "base": {base for _, base in pairs}}
        files = [
            f
            for side, splits in wanted.items()
            for split in splits
            for f in reading.split_files(sides[side], split)
        ]
        count = how_many(files)
        divided: dict[tuple[str, str], Divided] = {}
        for side, splits in wanted.items():
            for split in sorted(splits):
                divided[side, split] = divide(
                    reading.batches(sides[side], split),
                    self.config.identifier_features,
                    self.config.float_round_ndigits,
                    folder / side / split,
                    count,
                    where=f"the {side} examples of split {split!r}",
                )
        found = {}
        for test, base in pairs:
            one = found[test, base] = PairedRows(self.config)
            one.compare(divided["base", base], divided["test", test], count)
            place = self.example_diff_result.split_pair(pair_name((test, base)))
            write_skew(place, one, {"test_split": test, "base_split": base})
        return found

    def _stop_if_too_many(self, found: dict[Pair, PairedRows]) -> None:
        most = self.max_skewed_fraction
        if most is None:
            return
        diff = self.example_diff_result
        told = "\n".join(f"  splits {t!r} and {b!r}: {summary(one)}" for (t, b), one in found.items())
        if not diff.num_pairs:
            raise GateNotMet(
                f"No rows of the test and the base examples could be compared\n{told}\nLook at the identifier_features"
            )
        if diff.num_skewed_pairs > most * diff.num_pairs:
            raise GateNotMet(
                f"{diff.num_skewed_pairs / diff.num_pairs:.2%} of the rows differ from the base's, but at most "
                f"{most:.2%} may\n{told}\nCorrect the data, or allow more: max_skewed_fraction"
            )


def summary(found: PairedRows) -> str:
    """What came of comparing two splits, for people: a line, and one for each feature that differs."""
    stats = found.stats
    lines = [
        f"{found.num_skewed_pairs:,} of {found.num_pairs:,} pairs of rows differ ({found.skewed_fraction:.2%}); of "
        f"{stats.identifiers_count:,} identifiers {stats.ids_missing_in_base_count:,} are not in the base, "
        f"{stats.ids_missing_in_test_count:,} only there, {stats.duplicate_id_count:,} occur more than once"
    ]
    if missing := stats.base_missing_id_count + stats.test_missing_id_count:
        lines[0] += f"; {missing:,} rows lack one"
    lines += [_told(skew) for skew in ranked(found.features.values()) if skew.diff_count]
    return "\n".join(lines)


def _told(skew: FeatureSkew) -> str:
    most = "" if skew.max_difference is None else f", by {skew.max_difference:g} at most"
    unlike = skew.mismatch_count and skew.base_type != skew.test_type
    types = f" ({skew.base_type} in the base, {skew.test_type} here)" if unlike else ""
    return (
        f"    feature {skew.feature_name!r}{types} differs in {skew.diff_fraction:.2%}: {skew.mismatch_count:,} "
        f"mismatches{most}, {skew.base_only:,} only in the base, {skew.test_only:,} only here"
    )
