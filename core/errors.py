"""Errors a user can cause. Each says what is wrong, where, and what to do.

MillworkError
├── DescriptionError        a pipeline is described wrongly; raised before anything runs
│   ├── WrongArgument       missing, misspelt, of the wrong type or out of range
│   ├── UnportableFunction  a lambda, a closure, a function of a notebook
│   ├── UnboundArtifact     a promise was read as if it were real
│   ├── NobodyProduces      an input that no step of the pipeline writes
│   ├── ForeignArtifact     an artifact that belongs to another pipeline
│   ├── DuplicateId         two steps with one name
│   ├── CyclicPipeline      a step that waits for itself
│   └── UnknownParameter    a pipeline parameter that does not exist
├── BadInput                data, a file or a module that a step cannot use
├── StoreError              the metadata store cannot be opened, read or written
├── NotFound                a run, step, artifact or component that is not there
├── GateNotMet              a check that was told to stop the run did
├── StepFailed              a step failed while it ran
└── RunFailed               at least one step of a run failed
    └── RunStopped          … and all that did are checks that were told to
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the nearest known name, or all of them."""
    known = sorted(known)
    begun = [one for one in known if name and one.startswith(name)]
    near = begun if len(begun) == 1 else get_close_matches(name, known, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"There are: {', '.join(known)}." if known else "There are none."


class MillworkError(Exception):
    """Base of every error that Millwork raises on purpose."""


class DescriptionError(MillworkError):
    """A pipeline is described wrongly. Nothing has run."""


class WrongArgument(DescriptionError):
    """An argument is missing, misspelt, of the wrong type or out of range."""


class UnportableFunction(DescriptionError):
    """A callable that another process could not import."""


class UnboundArtifact(DescriptionError):
    """A promise was read as if it were real."""

    def __init__(self, kind: str, producer: str) -> None:
        super().__init__(
            f"{kind} made by {producer} has no uri yet: it gets one when a runner runs the pipeline. "
            "Read it inside a component, or afterwards through the run: run[artifact].path"
        )


class NobodyProduces(DescriptionError):
    """An input that no step writes."""

    def __init__(self, kind: str, step: str, name: str, uri: str) -> None:
        where = f"the {kind} at {uri!r}" if uri else f"an empty {kind}()"
        super().__init__(
            f"{step} gets {where} as {name!r}, and no step writes it. Use the output of a component, or bring "
            f"an existing folder into the pipeline with import_artifact({kind}(uri=...))"
        )


class ForeignArtifact(DescriptionError):
    """An artifact that belongs to another pipeline."""

    def __init__(self, step: str, owner: str, pipeline: str) -> None:
        super().__init__(
            f"Step {step!r} belongs to pipeline {owner!r}; pipeline {pipeline!r} cannot use what it writes. "
            "Create the step inside this pipeline, or bring the folder of a finished run in with "
            "import_artifact(...)"
        )


class DuplicateId(DescriptionError):
    """Two steps with one name."""

    def __init__(self, id: str) -> None:
        super().__init__(
            f"Two steps are called {id!r}. Name one of them: id={id + '_2'!r} (of a function component: "
            f"{id}.configured(id={id + '_2'!r})(...))"
        )


class CyclicPipeline(DescriptionError):
    """A step that, through others, waits for itself."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(f"These steps wait for one another: {' → '.join(ids)}. Remove one of these wires")


class UnknownParameter(DescriptionError):
    """A pipeline parameter that does not exist."""

    def __init__(self, pipeline: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"Pipeline {pipeline!r} has no parameter {name!r}. {did_you_mean(name, known)}")


class BadInput(MillworkError):
    """Data, a file or a module that a step cannot use."""


class GateNotMet(MillworkError):
    """A check that was told to stop the run did: nothing is broken, something is not good enough."""


class StoreError(MillworkError):
    """The metadata store cannot be opened, read or written."""


class NotFound(MillworkError):
    """A run, step, artifact or component that is not there."""


class StepFailed(MillworkError):
    """A step failed while it ran, was killed, or took too long."""


class RunFailed(MillworkError):
    """At least one step of a run failed."""

    def __init__(self, message: str, run: str = "") -> None:
        super().__init__(message)
        self.run = run
        """The run's id."""


class RunStopped(RunFailed):
    """The steps of a run that failed are checks that were told to stop it."""
