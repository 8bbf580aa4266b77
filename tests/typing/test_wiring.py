"""A pipeline wired wrongly must not pass the type checker."""

import re
import subprocess
import sys
from pathlib import Path

WIRING = Path(__file__).with_name("wiring.py")
HOUSE = Path(__file__).parents[2]


def test_mypy_rejects_exactly_the_marked_lines() -> None:
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--cache-dir",
        ".mypy_cache/wiring",
        "--show-error-codes",
        str(WIRING),
    ]
    shown = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True)
    found = {int(n) for n in re.findall(r"wiring\.py:(\d+): error", shown.stdout)}
    marked = {n for n, line in enumerate(WIRING.read_text().splitlines(), 1) if line.endswith("# E")}
    assert found == marked, (
        f"missed: {sorted(marked - found)}, unexpected: {sorted(found - marked)}\n{shown.stdout}{shown.stderr}"
    )
