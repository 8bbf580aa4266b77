"""`millwork diff`, and `millwork.diff` from Python."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from sample_command_line import CommandLine, Said, history, reading
from sample_workshop import Workshop
from sample_workshop import workshop as workshop
from typer.testing import CliRunner

import millwork
from millwork.cli.main import app
from millwork.core.errors import NotFound


def asked(workshop: Workshop, *arguments: str, **environment: str) -> Said:
    """The command on the workshop's root, in this process."""
    runner = CliRunner(env={"MILLWORK_ROOT": str(workshop.root), "NO_COLOR": "1", **environment})
    done = runner.invoke(app, ["diff", *arguments], prog_name="millwork")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def changed(workshop: Workshop) -> Workshop:
    """Two runs, between which rows, code and a parameter were changed."""
    workshop.run(trials=1)
    workshop.write("features.py", 'NAMES = ["age", "sex", "height"]\n')
    workshop.write("rows.txt", "1\n2\n3\n4\n")
    workshop.run(trials=1, steps=20)
    return workshop


def test_first_causes_come_first_then_what_follows_and_what_came_of_it(changed: Workshop) -> None:
    said = asked(changed)
    before, after = (changed.store.runs()[i].id for i in (1, 0))
    assert said.code == 0
    assert said.out == (
        f"{before}  project  complete\n"
        f"{after}  project  complete\n"
        "\n"
        "Parameters of the pipeline\n"
        "  steps  10 → 20\n"
        "\n"
        "First causes\n"
        "  data: source/rows.txt changed (load)\n"
        "    rows of train  3 → 4\n"
        "  parameters: train was given other values\n"
        "    steps  10 → 20\n"
        "  code: features changed (tune, train)\n"
        "    @@ -1 +1 @@\n"
        '    -NAMES = ["age", "sex"]\n'
        '    +NAMES = ["age", "sex", "height"]\n'
        "\n"
        "What they look like\n"
        "  hyperparameters: tune, by itself and from load\n"
        "    units  2 → 3\n"
        "\n"
        "What follows from them\n"
        "  from load: tune\n"
        "  from load, tune: train\n"
        "  from load, tune, train: evaluate, judge (with the same result)\n"
        "\n"
        "What came of it\n"
        "  evaluate.evaluation.metrics.score  74 → 76\n"
    )


def test_json_is_the_whole_difference(changed: Workshop) -> None:
    document = json.loads(asked(changed, "latest~1", "latest", "--json").out)
    assert document["schema"] == "millwork/diff/v1"
    assert document["equal"] is False
    assert [(c["kind"], c["steps"]) for c in document["causes"]] == [
        ("data", ["load"]),
        ("parameters", ["train"]),
        ("code", ["tune", "train"]),
    ]
    assert document["causes"][2]["module"] == "features"
    assert document["causes"][2]["diff"].startswith("--- features")
    assert document == millwork.diff("latest~1", root=changed.root).to_dict()


def test_runs_can_be_named_in_either_order_and_with_themselves(changed: Workshop) -> None:
    assert "steps  20 → 10" in asked(changed, "latest", "latest~1").out
    assert asked(changed, "latest", "latest").out.endswith(
        "No differences: every step did the same work with the same result\n"
    )


def test_markdown_for_a_pull_request(changed: Workshop) -> None:
    said = asked(changed, "--md").out
    assert "- code: features changed (`tune`, `train`)" in said
    assert "- parameters: train was given other values (`train`): `steps` 10 → 20" in said
    assert "```diff\n--- features" in said
    assert "| `evaluate.evaluation.metrics.score` | 74 | 76 |" in said


def test_a_picture_of_the_steps(changed: Workshop) -> None:
    drawn = ET.fromstring(asked(changed, "--svg").out)
    said = ["".join(text.itertext()) for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"first cause · data", "first cause · parameters, code", "follows"} <= set(said)


def test_long_code_is_cut_unless_asked_for(workshop: Workshop) -> None:
    workshop.run()
    workshop.write("features.py", 'NAMES = ["age"]\n' + "".join(f"x{i} = {i}\n" for i in range(100)))
    workshop.run()
    short, whole = asked(workshop).out, asked(workshop, "--code").out
    assert "… 83 more lines: --code shows them" in short
    assert "+x99 = 99" not in short
    assert "+x99 = 99" in whole


def test_what_code_holds_cannot_command_a_terminal_or_leave_its_block(workshop: Workshop) -> None:
    workshop.run()
    workshop.write("features.py", 'NAMES = ["\x1b[2J"]\n# ```\n# </details> @everyone\n')
    workshop.run()
    assert "\x1b" not in asked(workshop).out
    markdown = asked(workshop, "--md").out
    assert "\x1b" not in markdown
    assert "````diff\n" in markdown


def test_chains_of_the_command_line_can_be_compared_too() -> None:
    said = reading("diff", "latest~2", "latest~1")
    assert said.out.endswith("No differences: every step did the same work with the same result\n")
    said = reading("diff", "latest~1", "latest")
    assert "add_0 is only in run" in said.out
    assert "boom is only in run" in said.out


def test_what_is_not_there_is_exit_code_4_and_two_forms_at_once_are_2(tmp_path: Path) -> None:
    said = reading("diff", "latest", "nothing")
    assert said.code == 4
    assert "There is no run 'nothing'" in said.err
    assert reading("diff", "--json", "--md").code == 2
    empty = CommandLine(tmp_path).here("diff")
    assert empty.code == 4
    assert "nothing has been run with this root" in empty.err


def test_python_has_the_same(changed: Workshop) -> None:
    found = millwork.diff("latest~1", "latest", root=changed.root)
    assert found
    assert str(found) == repr(found) == asked(changed).out.rstrip("\n")
    assert found.to_markdown() == asked(changed, "--md").out
    assert "&quot;height&quot;" in found._repr_html_() and "<svg" in found._repr_html_()
    assert not millwork.diff("latest", "latest", root=changed.root)
    with pytest.raises(NotFound, match="no run 'x'"):
        millwork.diff("x", root=history())
