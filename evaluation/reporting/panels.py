"""Parts of which the reader chooses one to look at. Without a script, and on paper, all are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from millwork.evaluation.pictures import render

CHOOSER = """
<div class="chooser" hidden data-panels="{{ panels }}">
{%- for key, legend, options in choices %}
<fieldset><legend>{{ legend }}</legend>
{%- for option in options %}
<label><input type="radio" name="{{ panels }}-{{ key }}" data-key="{{ key }}" value="{{ loop.index0 }}"
{{- ' checked' if loop.first }}><span><bdi>{{ option }}</bdi></span></label>
{%- endfor %}</fieldset>
{%- endfor %}
</div>
"""


def chooser(panels: str, choices: Sequence[tuple[str, str, Sequence[str]]]) -> Markup:
    """Buttons for each choice: a key, its name, the options. What has one option only is no choice."""
    real = [choice for choice in choices if len(choice[2]) > 1]
    return Markup(render(CHOOSER, panels=panels, choices=real)) if real else Markup()


def panel(panels: str, places: Mapping[str, int], body: str) -> Markup:
    """One of the parts: which option of each key it is for, and its HTML, made by this package."""
    marks = Markup().join(Markup(' data-{}="{}"').format(key, place) for key, place in places.items())
    return Markup('<div class="panel" data-of="{}"{}>\n{}</div>\n').format(panels, marks, Markup(body))
