"""Is a model really better than another, where is it worse, and how sure can one be? As a step of a pipeline."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence

from millwork.core import artifacts
from millwork.core.artifacts import Predictions
from millwork.core.component import Component, output
from millwork.core.errors import GateNotMet, WrongArgument
from millwork.core.signature import InputPath
from millwork.core.storage import local_path
from millwork.evaluation.comparing.comparing import compare
from millwork.evaluation.comparing.contenders import contender_of
from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.document import SourceDocument, document
from millwork.evaluation.comparing.findings import Finding, Findings, Verdict
from millwork.evaluation.comparing.line_up import contest
from millwork.evaluation.comparing.markdown import markdown
from millwork.evaluation.comparing.policy import Policy, Said, checked, policy_of, read_policy
from millwork.evaluation.comparing.slice_expressions import features_needed
from millwork.evaluation.comparing.wording import deciding, refusal, why
from millwork.evaluation.reporting.report import report_html

log = logging.getLogger(__name__)

Amounts = float | str | Mapping[str, float | str]

BASELINE, CHALLENGER = "baseline", "challenger"
NOT_COMPARED = "NOT_COMPARED"
NAMED = 50
"""So many findings the error of a gate lists."""


class Comparison(Component):
    """Say whether a model is really better than another, where it is worse, and how sure that is.

    What `millwork compare` says, as a step: per metric and slice a verdict, and one of all. What comes after can depend
    on it, `with when(comparison.is_not_worse()):`, or the step stops the run.

        blessed = latest_blessed_model(other_than=trainer.model)
        before = Predict(id="before", model=blessed, examples=transform.transformed_examples, label="species")
        comparison = Comparison(
            baseline=before.predictions, challenger=predict.predictions, margin=0.05, fail_on=("regression",)
        ).comparison

    In the first run nothing is blessed: then nothing is compared, no gate stops, and a file `NOT_COMPARED` says so.
    Evaluator's `new_predictions` and `new_baseline_predictions` can be compared, too. See docs/comparing.md.
    """

    base_type = "mlmd.Evaluate"
    libraries = ("pyarrow", "scipy")

    baseline: Predictions | None = None
    """Of the model that is there. None, or predictions without splits: there is none yet."""
    challenger: Predictions | list[Predictions]
    """Of the new model, or of several, each of which is compared with the baseline."""
    names: tuple[str, ...] = ()
    """What the challengers are called in what is written, in their order."""
    splits: tuple[str, ...] = ()
    """All of them are one data set; by default all that were scored."""
    metrics: tuple[str, ...] = ()
    """By default the usual ones of the problem."""
    by: tuple[str, ...] = ()
    """Slices: `health` (each value), `health=poor`, `age>60`, `sex,health` (each pair of values), by features that were
    stored with the predictions: Predict(slice_features=...)."""
    margin: Amounts | None = None
    """How much worse is no worse: a number, or "2%" of the baseline's value, for all metrics or for each by name."""
    minimum_effect: Amounts | None = None
    """A change that is smaller is neither better nor worse. Given like the margin."""
    confidence: float | None = None
    """Of intervals and verdicts: 0.95."""
    resamples: int | None = None
    """Of the bootstrap: 1,000."""
    seed: int | None = None
    """Of the bootstrap: 0. The same gives the same."""
    threshold: float | None = None
    """Of two classes: a row with a higher score is positive. By default what each model decided."""
    policy: InputPath | None = None
    """A YAML file with all this below `comparison:`. Arguments have the last word."""
    fail_on: tuple[str, ...] = ()
    """Stop the run for a "regression"; for what is "inconclusive", too. The step fails with GateNotMet, which lists
    what is, nothing that needs it runs, and `millwork run` exits with 3. A step that fails leaves no report: to have
    one, let what follows depend on the verdict instead."""
    comparison: artifacts.Comparison = output()

    def check(self) -> None:
        features_needed(self._said.get("by", ()))
        count = len(self._challengers)
        if not count:
            raise WrongArgument("Comparison: name one challenger at least")
        if self.names and (len(self.names) != count or len({BASELINE, *self.names}) != count + 1):
            raise WrongArgument(
                f"Comparison: names needs {count} different names, none of them {BASELINE!r}, but got {self.names}"
            )

    def run(self) -> None:
        if self.baseline is None or not self.baseline.split_names:
            self._tell_that_nothing_was_compared()
            return
        policy = policy_of(read_policy(local_path(str(self.policy))) if self.policy else {}, self._said)
        models = self._models(self.baseline)
        wanted = features_needed(policy.settings.by)
        contenders = [
            contender_of(p, name, splits=self.splits, features=wanted) for name, p in models.items()
        ]
        lined_up = contest(contenders, policy.settings.by)
        findings = compare(lined_up, policy.settings)
        self._write(findings, lined_up, policy, models)
        self._tell(findings)
        if failing := findings.failing(policy.fail_on):
            raise _stop(findings, failing, policy.fail_on)

    @property
    def _challengers(self) -> Sequence[Predictions]:
        return [self.challenger] if isinstance(self.challenger, Predictions) else self.challenger

    @property
    def _said(self) -> Said:
        """The arguments that were given, checked."""
        said = {
            "metrics": self.metrics,
            "by": self.by,
            "margin": self.margin,
            "minimum_effect": self.minimum_effect,
            "confidence": self.confidence,
            "resamples": self.resamples,
            "seed": self.seed,
            "threshold": self.threshold,
            "fail_on": self.fail_on,
        }
        given = {name: value for name, value in said.items() if value not in (None, ())}
        return checked(given, "Comparison")

    def _models(self, baseline: Predictions) -> dict[str, Predictions]:
        """The predictions by what the models are called."""
        challengers = self._challengers
        numbered = [f"{CHALLENGER} {number}" for number in range(1, len(challengers) + 1)]
        names = self.names or (numbered if len(challengers) > 1 else [CHALLENGER])
        return {BASELINE: baseline, **dict(zip(names, challengers, strict=True))}

    def _tell_that_nothing_was_compared(self) -> None:
        self.comparison.reason = "there is no baseline to compare with"
        (self.comparison.path / NOT_COMPARED).write_text(f"{self.comparison.reason}\n", "utf-8")
        log.warning("Nothing was compared: %s", self.comparison.reason)

    def _write(
        self, findings: Findings, lined_up: Contest, policy: Policy, models: Mapping[str, Predictions]
    ) -> None:
        sources = {name: _source(name, predictions) for name, predictions in models.items()}
        content = json.dumps(document(findings, sources, policy.fail_on), indent=2, allow_nan=False)
        folder = self.comparison.path
        (folder / "comparison.json").write_text(content + "\n", "utf-8")
        (folder / "comparison.md").write_text(markdown(findings), "utf-8")
        (folder / "report.html").write_text(report_html(findings, lined_up), "utf-8")
        counts = [entry.verdict for entry in findings.entries]
        self.comparison.verdict = findings.verdict.value
        self.comparison.reason = "; ".join(_reasons(findings))
        self.comparison.num_better = counts.count(Verdict.BETTER)
        self.comparison.num_worse = counts.count(Verdict.WORSE)
        self.comparison.num_inconclusive = counts.count(Verdict.INCONCLUSIVE)

    def _tell(self, findings: Findings) -> None:
        for model in findings.challengers:
            log.info("%s is %s: %s", model, findings.verdict_on(model), why(findings, model))
            for entry in deciding(findings, model) if findings.verdict_on(model) is Verdict.WORSE else ():
                log.warning("%s", _line(entry))


def _reasons(findings: Findings) -> list[str]:
    """Of the challengers that have the verdict of all."""
    of = [model for model in findings.challengers if findings.verdict_on(model) is findings.verdict]
    several = len(findings.challengers) > 1
    return [f"{model}: {why(findings, model)}" if several else why(findings, model) for model in of]


def _source(name: str, predictions: Predictions) -> SourceDocument:
    id = predictions.id or None
    return SourceDocument(given=name, predictions=id, uri=predictions.uri, run="", step="", model=None)


def _line(entry: Finding) -> str:
    return f"{entry.metric} of {entry.model}, {entry.slice}: {entry.verdict}. {entry.reason}"


def _stop(findings: Findings, failing: Sequence[Finding], fail_on: Sequence[str]) -> GateNotMet:
    """What to raise so that nothing after the step runs. All is in it, for a step that fails leaves no files."""
    lines = [f"  {_line(entry)}" for entry in failing[:NAMED]]
    more = [f"  and {len(failing) - NAMED:,} more"] if len(failing) > NAMED else []
    return GateNotMet("\n".join([refusal(findings, fail_on), *lines, *more]))
