"""What a `run_fn` and a `tuner_fn` take and return."""

from millwork.components.models.fn_args import DataAccessor, FnArgs, TunerFnResult

__all__ = ["DataAccessor", "FnArgs", "TunerFnResult"]
