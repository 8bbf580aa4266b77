"""Running a pipeline from the command line, and telling how it ended."""

from __future__ import annotations

import sys
from typing import Any

from millwork.cli.documents import RunDocument
from millwork.cli.printing import duration, is_terminal, print_json, say
from millwork.cli.run_report import print_steps, run_document
from millwork.core.errors import RunFailed
from millwork.core.pipeline import Pipeline
from millwork.runners.local import LocalRunner, open_store


def launch(runner: LocalRunner, pipeline: Pipeline[Any], *, as_json: bool, **how: Any) -> None:
    """Run the pipeline; `how` is what LocalRunner.run takes."""
    try:
        run = runner.run(pipeline, **how)
    except RunFailed as failed:
        if as_json:
            print_json(_document(runner, failed.run))
        raise
    except KeyboardInterrupt:
        say("Interrupted. Continue with: millwork resume")
        raise
    document = _document(runner, run.id)
    if as_json:
        print_json(document)
    elif not runner.quiet:
        _tell(document)


def _document(runner: LocalRunner, run: str) -> RunDocument:
    store = open_store(str(runner.root), runner.store)
    return run_document(store, store.run(run))


def _tell(document: RunDocument) -> None:
    shown_live = is_terminal(sys.stderr) and is_terminal(sys.stdout)
    if not shown_live:
        print_steps(document)
    states = [step["state"] for step in document["steps"]]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    say(f"Run {document['id']} of {document['pipeline']}: {counts}, in {duration(document['seconds'])}")
