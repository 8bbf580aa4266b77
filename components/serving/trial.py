"""Asking a served model sample requests: whether it answers, what it answers, and how fast."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from millwork.components.data.reading import batches, each
from millwork.components.data.tf_example import encode
from millwork.components.models.inputs import Rows
from millwork.components.models.served import ServedModel
from millwork.components.models.tensor_models import signature_of
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

    from millwork.components.data.reading import OneOrMore

    Array = np.ndarray[Any, Any]

_MEASURED = 100
"""Requests whose time is taken, after each sample has been answered once."""
_SECONDS = 5.0
"""… unless that takes longer than this."""


@dataclass(frozen=True)
class Sample:
    """One row as a request to one signature."""

    signature: str
    inputs: Mapping[str, Any]
    """In the form of the wire."""
    where: str


@dataclass
class Latency:
    """Milliseconds, as the client sees them: the way through the server is included."""

    first: float = 0.0
    """Of the first request: TensorFlow prepares much in it."""
    times: list[float] = field(default_factory=list)

    def percentile(self, share: int) -> float:
        """The time that this share of requests, in percent, does not exceed. 0 if none was measured."""
        import numpy as np

        return round(float(np.percentile(self.times, share, method="higher")), 3) if self.times else 0.0


def sample_rows(examples: OneOrMore, split: str, count: int, leave_out: Sequence[str]) -> list[Rows]:
    """The first rows of a split, each by itself. BadInput if there are none."""
    chosen = split or each(examples)[0].split_names[0]
    rows: list[Rows] = []
    for batch in batches(examples, chosen, rows=count):
        kept = [name for name in batch.schema.names if name not in leave_out]
        if missing := sorted(set(leave_out) - set(batch.schema.names)):
            raise BadInput(
                f"exclude_features names {missing[0]!r}, which the examples do not have: {', '.join(kept)}"
            )
        if not kept:
            raise BadInput("exclude_features leaves no feature to ask the model with")
        only = _select(batch, kept)  # RecordBatch.select is not in pyarrow 10
        rows += [
            Rows(chosen, len(rows) + i, only.slice(i, 1), encode(only.slice(i, 1)))
            for i in range(only.num_rows)
        ]
        if len(rows) >= count:
            return rows[:count]
    if not rows:
        raise BadInput(f"Split {chosen!r} has no rows to ask the model with. Name another with split_name")
    return rows


def samples_for(
    model: ServedModel, rows: Sequence[Rows], signatures: Sequence[str], features: Sequence[str] | None
) -> list[Sample]:
    """A request for each row and signature. BadInput if a signature takes what the rows do not have."""
    found = []
    for name in signatures:
        signature_of(model, name, "The model")
        found += [Sample(name, model.inputs(name, row, features), row.where(0)) for row in rows]
    return found


def ask(model: ServedModel, samples: Sequence[Sample]) -> Latency:
    """Send each sample once and look at the answer, then measure. BadInput says which answer is wrong, and how."""
    latency = Latency()
    for i, sample in enumerate(samples):
        began = time.perf_counter()
        outputs = model.ask(sample.signature, sample.inputs)
        if i == 0:
            latency.first = round(1000 * (time.perf_counter() - began), 3)
        _check(outputs, sample)
    latency.times = list(_times(model, samples))
    return latency


def _times(model: ServedModel, samples: Sequence[Sample]) -> Iterator[float]:
    deadline = time.perf_counter() + _SECONDS
    for i in range(max(_MEASURED, len(samples))):
        sample = samples[i % len(samples)]
        began = time.perf_counter()
        model.ask(sample.signature, sample.inputs)
        ended = time.perf_counter()
        yield 1000 * (ended - began)
        if ended > deadline:
            return


def _check(outputs: Mapping[str, Array], sample: Sample) -> None:
    import numpy as np

    for name, value in outputs.items():
        about = f"Output {name!r} of signature {sample.signature!r} for {sample.where}"
        if value.ndim and len(value) != 1:
            raise BadInput(f"{about} has {len(value)} rows, but it was asked for one")
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise BadInput(f"{about} is {value[~np.isfinite(value)][0]}, which is no answer")


def _select(batch: Any, names: Sequence[str]) -> Any:
    import pyarrow as pa

    columns = [batch.column(batch.schema.get_field_index(name)) for name in names]
    return pa.RecordBatch.from_arrays(columns, list(names))
