"""`millwork artifacts`."""

from __future__ import annotations

import json
from pathlib import Path

from sample_command_line import reading


def test_the_list_is_newest_first_and_can_be_narrowed() -> None:
    document = json.loads(reading("artifacts", "list", "--json").out)
    assert document["schema"] == "millwork/artifacts/v1"
    ids = [a["id"] for a in document["artifacts"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 4  # three of `chain`; `bad` shares the first of them and adds one
    assert json.loads(reading("artifacts", "list", "--type", "Model", "--json").out)["artifacts"] == []
    assert len(json.loads(reading("artifacts", "list", "--limit", "1", "--json").out)["artifacts"]) == 1


def test_of_a_run_what_it_wrote_or_took_from_the_cache_is_listed() -> None:
    for run in ("latest~2", "latest~1"):
        said = reading("artifacts", "list", "--run", run)
        assert [row.split()[1:3] for row in said.out.splitlines()[1:]] == [["Integer", "live"]] * 3


def test_an_artifact_shows_where_it_came_from_and_what_is_in_it() -> None:
    artifact = json.loads(reading("artifacts", "show", "1", "--json").out)
    assert artifact["schema"] == "millwork/artifact/v1"
    assert (artifact["type"], artifact["state"]) == ("Integer", "live")
    assert artifact["properties"] == {"value": "1"} or artifact["properties"] == {"value": 1}
    assert artifact["producer"]["step"] == "one"
    assert {"add_0", "fine", "boom"} <= {use["step"] for use in artifact["consumers"]}
    assert artifact["files"] == [{"path": "value", "bytes": 1}]
    assert Path(artifact["uri"]).read_text() == "1"
    said = reading("artifacts", "show", "1")
    assert "producer  one in run" in said.out
    assert "\nvalue   1 B\n" in said.out


def test_an_artifact_that_is_not_there_is_exit_code_4() -> None:
    said = reading("artifacts", "show", "99")
    assert (said.code, said.out) == (4, "")
    assert "There is no artifact 99" in said.err
    assert reading("artifacts", "show", "x").code == 2
