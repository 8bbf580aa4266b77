"""`millwork doctor`."""

from __future__ import annotations

import typer

from millwork.cli import options
from millwork.cli.checkup import check_up
from millwork.cli.documents import DoctorDocument
from millwork.cli.exits import ExitCode
from millwork.cli.printing import print_json, print_table, say

app = options.new_app()


@app.command()
def doctor(
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Look for what is wrong here, and say what to do.

    Python, platform, versions of the stack, bytecode, root, disk, store, and what dead runs left are looked at.
    Exits with 1 if something is wrong.
    """
    checks = check_up(root, store)
    wrong = [check for check in checks if check["state"] != "ok"]
    if as_json:
        document: DoctorDocument = {"schema": "millwork/doctor/v1", "ok": not wrong, "checks": checks}
        print_json(document)
    else:
        print_table(("check", "state", "found"), [(c["name"], c["state"], c["found"]) for c in checks])
        for check in wrong:
            say(f"\n{check['name']}: {check['advice']}")
    if wrong:
        raise typer.Exit(ExitCode.FAILED)
