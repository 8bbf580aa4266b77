"""A person's word on a model, as a step that the lineage keeps."""

from __future__ import annotations

from millwork.core.artifacts import Model, ModelBlessing
from millwork.core.function import component
from millwork.evaluation.verdicts import BLESSED, NOT_BLESSED


@component
def approve(blessing: ModelBlessing, model: Model, *, reason: str, by: str, refuse: bool = False) -> None:
    """Bless a model, or refuse it, whatever evaluations said."""
    blessing.verdict = NOT_BLESSED if refuse else BLESSED
    blessing.blessed = int(not refuse)
    blessing.forced = 1
    blessing.reason = f"{by}: {reason}"
    blessing.current_model, blessing.current_model_id = model.uri, model.id
    blessing.component_id = "approve"
    (blessing.path / blessing.verdict).touch()
