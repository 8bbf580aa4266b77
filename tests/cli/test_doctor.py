"""`millwork doctor`."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest
from sample_command_line import reading

from millwork.cli import checkup
from millwork.cli.documents import CheckDocument


def _checks(root: Path, store: str = "") -> dict[str, CheckDocument]:
    return {check["name"]: check for check in checkup.check_up(str(root), store)}


def test_everything_is_looked_at_and_nothing_is_made(tmp_path: Path) -> None:
    checks = _checks(tmp_path / "root")
    assert {
        "python",
        "platform",
        "tensorflow",
        "ml-metadata",
        "bytecode",
        "root",
        "disk",
        "store",
        "leftovers",
    } <= set(checks)
    assert checks["python"]["state"] == "ok"
    assert checks["store"]["found"] == "none yet: the first run makes it"
    assert checks["root"]["state"] == "ok"
    assert list(tmp_path.iterdir()) == []


def test_the_verdict_is_a_document_and_an_exit_code() -> None:
    said = reading("doctor", "--json")
    document = json.loads(said.out)
    assert document["schema"] == "millwork/doctor/v1"
    assert document["ok"] == all(check["state"] == "ok" for check in document["checks"])
    assert said.code == (0 if document["ok"] else 1)
    assert all(check["advice"] for check in document["checks"] if check["state"] == "wrong")


def test_a_root_that_cannot_be_written_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = reading("doctor", "--root", str(tmp_path / "file" / "root"))
    assert said.code == 1
    assert f"root: Runs write below {tmp_path}/file/root. Allow writing in {tmp_path}/file" in said.err


def test_a_store_that_cannot_be_used_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("no database" * 1000)
    check = _checks(tmp_path, str(tmp_path / "notes"))["store"]
    assert check["state"] == "wrong"
    assert "is not a metadata store" in check["advice"]


def test_what_a_dead_run_left_is_wrong(tmp_path: Path) -> None:
    (tmp_path / ".runs").mkdir()
    (tmp_path / ".runs" / "20261124-031500-3fa2.lock").touch()
    check = _checks(tmp_path)["leftovers"]
    assert check["state"] == "wrong"
    assert "millwork resume 20261124-031500-3fa2" in check["advice"]
    assert (tmp_path / ".runs" / "20261124-031500-3fa2.lock").exists()


def test_a_package_of_another_version_or_missing_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "rich":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0" if name == "protobuf" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    checks = _checks(tmp_path)
    assert checks["rich"]["found"] == "not installed"
    assert checks["protobuf"]["found"].startswith("1.0, not ")
    assert "pip install 'protobuf" in checks["protobuf"]["advice"]


def test_packages_without_bytecode_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "uncompiled_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(checkup, "_HEAVY", ("uncompiled_package",))
    check = _checks(tmp_path)["bytecode"]
    assert (check["state"], check["found"]) == ("wrong", "missing for uncompiled_package")
    assert "-m compileall" in check["advice"]
    import compileall

    compileall.compile_dir(package, quiet=1)
    assert _checks(tmp_path)["bytecode"]["state"] == "ok"


def test_a_full_disk_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "_LEAST_DISK", 2**70)
    assert _checks(tmp_path)["disk"]["state"] == "wrong"
