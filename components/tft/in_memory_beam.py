"""Beam in this process, for work that a library does only on Beam: made cheap, and honest about errors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import apache_beam as beam


@contextmanager
def in_memory_pipeline() -> Iterator[beam.Pipeline]:
    """A pipeline that runs, on one core of this process, when the block ends.

    The runner is named because Beam's DirectRunner would first try to download Prism. An exception of a step
    leaves the block as it was raised, not in Beam's wrapping.
    """
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    # Without a list of options Beam would parse the command line of whatever program this is.
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([]))
    log = logging.getLogger("apache_beam.runners.common")
    level = log.level
    try:
        log.setLevel(logging.CRITICAL)  # or else Beam logs the exceptions of steps, which are raised anyway
        with _cheap_construction():
            yield pipeline
            pipeline.run().wait_until_finish()
    except Exception as e:
        raise _as_raised(e) from None
    finally:
        log.setLevel(level)


@contextmanager
def _cheap_construction() -> Iterator[None]:
    """Let Beam look at each function and DoFn, and parse each group of options, once instead of again and again.

    For a TFT analysis of 15 features Beam inspects the signatures of 350 DoFns 1,400 times and builds the
    same 12 argument parsers 880 times: 0.55 of 3.35 CPU seconds. The methods of most DoFns are those of a few classes:
    of 31,000 inspections in an analysis of five spans nearly all are of a function seen before. The results
    are kept for this block only, by identity of function, DoFn and options, which are kept alive for as long.
    """
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.transforms import core, userstate

    get_dofn_specs, view_as = userstate.get_dofn_specs, PipelineOptions.view_as
    get_arguments = core.get_function_args_defaults
    arguments: dict[tuple[int, bool], tuple[object, Any]] = {}
    specs: dict[int, tuple[object, Any]] = {}
    views: dict[tuple[int, type], tuple[object, Any]] = {}

    def arguments_once(function: Any) -> tuple[list[Any], list[Any]]:
        # A bound method is a new object each time, but has the arguments of its function without the first.
        behind = getattr(function, "__func__", function)
        key = (id(behind), behind is function)
        if key not in arguments:
            arguments[key] = (behind, get_arguments(function))
        names, defaults = arguments[key][1]
        return [*names], [*defaults]

    def specs_once(dofn: Any) -> Any:
        if id(dofn) not in specs:
            specs[id(dofn)] = (dofn, get_dofn_specs(dofn))
        return specs[id(dofn)][1]

    def view_once(options: Any, cls: type) -> Any:
        # All views of an options object share its values, so one made earlier is as good as a new one.
        key = (id(options), cls)
        if key not in views:
            views[key] = (options, view_as(options, cls))
        return views[key][1]

    userstate.get_dofn_specs, PipelineOptions.view_as = specs_once, view_once
    core.get_function_args_defaults = arguments_once
    try:
        yield
    finally:
        userstate.get_dofn_specs, PipelineOptions.view_as = get_dofn_specs, view_as
        core.get_function_args_defaults = get_arguments


def _as_raised(error: BaseException) -> BaseException:
    """What a step raised: Beam raises a copy that names the step, and TFT another exception from it."""
    while True:
        copied_by_beam = hasattr(error, "_tagged_with_step")
        wrapped_by_tft = _raising_module(error).startswith("tensorflow_transform.beam.")
        inner = error.__context__ if copied_by_beam else error.__cause__ if wrapped_by_tft else None
        if inner is None:
            return error
        error = inner


def _raising_module(error: BaseException) -> str:
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    return str(last.tb_frame.f_globals.get("__name__")) if last else ""
