"""Which splits of two artifacts are compared with which."""

from __future__ import annotations

from collections.abc import Sequence

from millwork.core.errors import BadInput, did_you_mean

Pair = tuple[str, str]
"""A split of the data that is checked, and one of the base."""


def pair_name(pair: Pair) -> str:
    """`train_eval`, as TFX names the folder of a pair."""
    return "_".join(pair)


def same_names(splits: Sequence[str], base: Sequence[str]) -> list[Pair]:
    """Each split with the base's of the same name. BadInput if there is none."""
    pairs = [(name, name) for name in splits if name in base]
    if not pairs:
        raise BadInput(
            f"No split has the same name on both sides: {_listed(splits)}, and in the base {_listed(base)}. Say which "
            'are to be compared: include_split_pairs=(("train", "eval"),)'
        )
    return pairs


def all_pairs(splits: Sequence[str], base: Sequence[str]) -> list[Pair]:
    """Each split with each of the base's. BadInput if there is none."""
    pairs = [(one, other) for one in splits for other in base]
    if not pairs:
        raise BadInput(f"There are no splits to compare: {_listed(splits)}, and in the base {_listed(base)}")
    return _with_own_folders(pairs)


def chosen(include: Sequence[Pair], splits: Sequence[str], base: Sequence[str]) -> list[Pair]:
    """The pairs that are asked for, each once. BadInput if one names a split that is not there."""
    for pair in include:
        for name, known, side in zip(pair, (splits, base), ("first", "base"), strict=True):
            if name not in known:
                what = "the data" if side == "first" else "the base"
                raise BadInput(
                    f"include_split_pairs names {pair!r}, but {what} has no split {name!r}. {did_you_mean(name, known)}"
                )
    return _with_own_folders(list(dict.fromkeys(include)))


def _with_own_folders(pairs: list[Pair]) -> list[Pair]:
    names = [pair_name(pair) for pair in pairs]
    if double := next((name for name in names if names.count(name) > 1), ""):
        raise BadInput(
            f"Two pairs of splits would be written to one folder, {double!r}. Rename a split, or compare them in two "
            "steps, each with its include_split_pairs"
        )
    return pairs


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
