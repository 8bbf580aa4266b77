"""Reports of models: what was found, with why they differ and what they were made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from millwork.analysis.comparison import ModelComparison
from millwork.analysis.differences.comparing import difference_between
from millwork.analysis.differences.difference import RunDifference
from millwork.analysis.differences.graph import difference_svg
from millwork.analysis.differences.sections import change_sections
from millwork.analysis.entrants import Entrants, Named, Reading
from millwork.analysis.lineage_graph import lineage_of_artifact
from millwork.analysis.lineage_picture import lineage_svg
from millwork.analysis.stores import existing_store
from millwork.core.store import MetadataStore
from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.document import SourceDocument
from millwork.evaluation.comparing.policy import Policy
from millwork.evaluation.comparing.row_slices import slices
from millwork.evaluation.reporting.change_sections import ChangeSection
from millwork.evaluation.reporting.model_report import model_report_html
from millwork.evaluation.reporting.report import report_html


def comparison_report(
    compared: ModelComparison, *, root: str = ".millwork", store: str = "", title: str = ""
) -> str:
    """One HTML file. Of models in the store it says how their runs differ, and draws it."""
    sources = [source for source in compared.sources.values() if source["predictions"] is not None]
    opened = existing_store(root, store) if sources else None
    found = list(_differences(compared, opened)) if opened else []
    changes = list(_sections(found))
    drawings = [difference_svg(difference, f"{names[0]} → {names[1]}") for names, difference in found]
    if opened and not drawings:
        drawings = [_lineage(opened, sources[-1])]
    return report_html(
        compared.findings,
        compared.contest,
        changes=changes,
        lineage_svg="\n".join(drawings),
        title=title,
        sources=compared.sources,
    )


def model_report(
    model: Named,
    policy: Policy,
    reading: Reading,
    *,
    names: Sequence[str] = (),
    root: str = ".millwork",
    store: str = "",
    title: str = "",
) -> str:
    """One HTML file about one model by itself, and what it was made from."""
    entrants = Entrants(root, store)
    [found] = entrants.find([model], names)
    by = policy.settings.by
    contender = entrants.contender(found, replace(reading, by=by))
    alone = Contest((contender,), True, slices([contender], True, by), notes=contender.notes)
    source = entrants.source(found)
    drawing = _lineage(existing_store(root, store), source) if source["predictions"] is not None else ""
    return model_report_html(alone, policy.settings, lineage_svg=drawing, title=title)


Compared = tuple[tuple[str, str], RunDifference]
"""The names of the baseline and of a challenger, and how their runs differ."""


def _differences(compared: ModelComparison, store: MetadataStore) -> Iterator[Compared]:
    """Of each challenger from another run than the baseline's."""
    baseline = compared.findings.baseline
    before = compared.sources[baseline]["run"]
    for challenger in compared.findings.challengers:
        after = compared.sources[challenger]["run"]
        if before and after and before != after:
            yield (baseline, challenger), difference_between(store, store.run(before), store.run(after))


def _sections(found: Sequence[Compared]) -> Iterator[ChangeSection]:
    for (baseline, challenger), difference in found:
        title = "{}: " + _braced(challenger) if len(found) > 1 else "{}"
        yield from change_sections(difference, baseline, challenger, title)


def _braced(name: str) -> str:
    """A name in which braces mean themselves."""
    return name.replace("{", "{{").replace("}", "}}")


def _lineage(store: MetadataStore, source: SourceDocument) -> str:
    """What the predictions of one model were made from."""
    id = source["predictions"]
    assert id is not None
    return lineage_svg(lineage_of_artifact(store, id, up=True, down=False))
