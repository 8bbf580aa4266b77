"""Quotients as TFMA's metrics form them: NaN where they are not defined."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def quotient(above: Array, below: Array) -> Array:
    """NaN where the divisor is not positive."""
    import numpy as np

    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)


def quotient_unless_zero(above: Array, below: Array) -> Array:
    """NaN where the divisor is 0."""
    import numpy as np

    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below != 0)


def quotient_unless_tiny(above: Array, below: Array) -> Array:
    """NaN where the divisor is as good as 0."""
    import numpy as np

    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=~np.isclose(below, 0.0))
