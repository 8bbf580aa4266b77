"""How a verdict looks: a colour, a shape and a word, so that it can be told without colours, too."""

from __future__ import annotations

from markupsafe import Markup

from millwork.evaluation.comparing.findings import Verdict

SHAPES = {
    Verdict.BETTER: '<path d="M0-6 6 5H-6z"/>',
    Verdict.NO_WORSE: '<circle r="5"/>',
    Verdict.INCONCLUSIVE: '<path class="hollow" d="M0-5.5 5.5 0 0 5.5-5.5 0z"/>',
    Verdict.WORSE: '<path d="M0 6 6-5H-6z"/>',
}


def css_class(verdict: Verdict) -> str:
    """`v-no-worse`: gives an element, and the signs in it, the colour of the verdict."""
    return f"v-{verdict.replace(' ', '-')}"


def sign_id(verdict: Verdict) -> str:
    return f"sign-{verdict.name.lower()}"


def sign(verdict: Verdict) -> Markup:
    """The shape alone; the word must stand beside it, or in a label."""
    return Markup(
        '<svg class="sign" viewBox="-7 -7 14 14" aria-hidden="true"><use href="#{}"/></svg>'
    ).format(sign_id(verdict))


def badge(verdict: Verdict) -> Markup:
    """Shape and word."""
    return Markup('<span class="badge {}">{}{}</span>').format(
        css_class(verdict), sign(verdict), verdict.value
    )


DEFINITIONS = Markup(
    '<svg class="definitions" aria-hidden="true" focusable="false"><defs>{shapes}</defs></svg>'.format(
        shapes="".join(f'<g id="{sign_id(verdict)}">{shape}</g>' for verdict, shape in SHAPES.items())
    )
)
"""To be put once into a page; `sign` and the forests use it."""
