"""How a search is to go, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from millwork.core.callables import reference_to
from millwork.core.errors import WrongArgument, did_you_mean

DIRECTIONS = ("maximize", "minimize")
SAMPLERS = ("tpe", "random")
PRUNERS = ("median", "hyperband", "none")


@dataclass(frozen=True)
class TuneArgs:
    """How many trials go on at the same time, each in a process of its own."""

    num_parallel_trials: int = 1

    def __post_init__(self) -> None:
        number: object = self.num_parallel_trials
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise WrongArgument(
                f"TuneArgs: num_parallel_trials must be a whole number, 1 or more, but got {number!r}"
            )


@dataclass(frozen=True)
class Study:
    """A search with Optuna: which way is better, how many trials, and how they are chosen.

    With a seed the same search finds the same, trials side by side too: each is chosen from what is known of those
    before it but for the last `num_parallel_trials - 1`, which may still be going on. So a long trial is waited for.
    """

    direction: Literal["maximize", "minimize"]
    """Whether the best trial is the one with the greatest or with the least value."""
    trials: int = 20
    """How many to try, the pruned and the failed ones included."""
    sampler: Literal["tpe", "random"] | Callable[[int | None], Any] = "tpe"
    """What chooses the hyperparameters of the next trial: Optuna's TPE, chance, or `sampler(seed)`, a function of
    yours that returns one of Optuna's samplers. It is called for each trial, with a seed of its own."""
    pruner: Literal["median", "hyperband", "none"] | Callable[[], Any] = "median"
    """What ends a trial early that has said `trial.report(value, step)` and asks `trial.should_prune()`: or a function
    of yours that returns one of Optuna's pruners."""
    seed: int | None = 0
    """None: different every time, and nobody waits."""

    def __post_init__(self) -> None:
        _check_choice("direction", self.direction, DIRECTIONS)
        _check_choice("sampler", self.sampler, SAMPLERS, "a function of yours: sampler(seed)")
        _check_choice("pruner", self.pruner, PRUNERS, "a function of yours: pruner()")
        trials, seed = self.trials, self.seed
        if not isinstance(trials, int) or isinstance(trials, bool) or trials < 1:
            raise WrongArgument(f"Study: trials must be a whole number, 1 or more, but got {trials!r}")
        if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
            raise WrongArgument(f"Study: seed must be a whole number, 0 or more, or None, but got {seed!r}")


def _check_choice(name: str, value: object, known: tuple[str, ...], function: str = "") -> None:
    if function and callable(value):
        reference_to(value)
    elif isinstance(value, list | tuple):
        raise WrongArgument(
            f"Study: {name} is one of {', '.join(map(repr, known))}, but got {value!r}. A Tuner follows one value: "
            "let the objective weigh several into one"
        )
    elif value not in known:
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        either = f", or {function}" if function else ""
        raise WrongArgument(
            f"Study: {name} is one of {', '.join(map(repr, known))}{either}, but got {value!r}. {hint}".rstrip()
        )
