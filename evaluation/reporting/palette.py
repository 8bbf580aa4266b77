"""The colours of a report, as CSS variables for light pages, dark ones and paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from millwork.evaluation.pictures import DARK, DARK_CURVES, LIGHT, LIGHT_CURVES

SERIES = len(LIGHT_CURVES)
"""So many models have colours of their own; more than these share them, and differ by their dashes."""

# Verdicts are told apart without colour, too: each has a shape and a word.
LIGHT_PAGE = {**LIGHT, "panel": "#f6f7f9", "band": "#e4e9f0", "focus": "#0b62a4"}
LIGHT_PAGE |= {"better": "#0a6b4a", "worse": "#b3311a", "no-worse": "#2f5d94", "inconclusive": "#7a5a00"}
LIGHT_PAGE |= {"added": "#dff3e6", "removed": "#fbe4df"}
DARK_PAGE = {**DARK, "panel": "#19202a", "band": "#28313d", "focus": "#7cc0f5"}
DARK_PAGE |= {"better": "#4cc79a", "worse": "#ff8a70", "no-worse": "#84b5ee", "inconclusive": "#dcb84a"}
DARK_PAGE |= {"added": "#143524", "removed": "#44211b"}


def variables() -> str:
    """CSS that defines every colour: as the reader's system prefers, as the page's button chose, for paper."""
    light = _declarations(LIGHT_PAGE, LIGHT_CURVES) + "color-scheme:light;"
    dark = _declarations(DARK_PAGE, DARK_CURVES) + "color-scheme:dark;"
    return (
        f":root{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f":root[data-theme=light]{{{light}}}\n"
        f":root[data-theme=dark]{{{dark}}}\n"
        f"@media print{{:root,:root[data-theme]{{{light}}}}}\n"
        + "".join(f".s{n}{{--series:var(--s{n})}}:root .mw-c{n}{{stroke:var(--s{n})}}" for n in range(SERIES))
    )


def _declarations(colours: Mapping[str, str], series: Sequence[str]) -> str:
    named = {**colours, **{f"s{n}": colour for n, colour in enumerate(series)}}
    return "".join(f"--{name}:{colour};" for name, colour in named.items())
