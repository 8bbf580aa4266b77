"""Numbers as a report writes them: as many decimals as the data support, the same in a whole table."""

from __future__ import annotations

import math
from collections.abc import Iterable

from millwork.evaluation.comparing.findings import Finding

MINUS = "\N{MINUS SIGN}"
NOT_DEFINED = "n/a"


def decimals_for(findings: Iterable[Finding]) -> int:
    """How many decimals show two digits of the narrowest interval; of numbers without one, four digits of the value."""
    found = list(findings)
    widths = [f.upper - f.lower for f in found if f.lower is not None and f.upper is not None]
    return decimals_of_widths(widths, [v for f in found for v in (f.baseline_value, f.value)])


def decimals_of_widths(widths: Iterable[float], values: Iterable[float | None]) -> int:
    """The same for the widths of intervals, and the values."""
    narrowest = min((w / 2 for w in widths if w > 0 and math.isfinite(w)), default=0.0)
    if narrowest:
        return min(max(1 - math.floor(math.log10(narrowest)), 0), 6)
    largest = max((abs(v) for v in values if v), default=1.0)
    return min(max(3 - math.floor(math.log10(largest)), 0), 6)


def plain(value: float | None, decimals: int) -> str:
    """`0.8123`, `−1.20`, `12,345`."""
    if value is None or math.isnan(value):
        return NOT_DEFINED
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) else text


def signed(value: float | None, decimals: int) -> str:
    """`+0.0123`, `−0.0004`; what rounds to nothing has no sign."""
    text = plain(value, decimals)
    return f"+{text}" if value and value > 0 and any(c in "123456789∞" for c in text) else text


def span(lower: float | None, upper: float | None, decimals: int) -> str:
    """`−0.0010 to +0.0213`."""
    if lower is None or upper is None:
        return ""
    return f"{signed(lower, decimals)} to {signed(upper, decimals)}"


def short(value: float) -> str:
    """A number on an axis or in a sentence, with the digits that it has: `0.05`, `−2`, `1e−05`."""
    return f"{value:.6g}".replace("-", MINUS)


def chance(p: float | None) -> str:
    """A p-value."""
    if p is None or math.isnan(p):
        return NOT_DEFINED
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def count(number: float) -> str:
    """Rows, or a sum of weights."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"
