"""The commands of a page of documentation, as one script.

A page's ```sh blocks are run from top to bottom, in one shell, in an empty folder. Comments that readers do not see say
what else is needed:

    <!-- setup           commands that come first, on the lines that follow; ends with -->
    <!-- test: file=NAME -->     the block below is the content of this file
    <!-- test: append=NAME -->   the block below is added to this file
    <!-- test: exit=3 -->        the block below ends with this exit code
    <!-- test: background until=URL -->   the block below goes on until the page ends; wait for the URL
    <!-- test: not run, REASON -->        nobody runs the block below
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("millwork ", "make ", "pip ", "python ", "curl ", "docker ", "pytest", "crontab ")

_PART = re.compile(
    r"^<!-- setup\n(?P<setup>.*?)^-->$"
    r"|(?:^<!-- test: (?P<say>[^\n]*?) -->\n+)?^(?P<fence>`{3,})(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """Some lines of a page that a machine can read."""

    language: str
    text: str
    say: str
    line: int

    @property
    def settings(self) -> dict[str, str]:
        """What is said about the block, as names and values."""
        return dict(word.partition("=")[::2] for word in self.say.split())

    @property
    def is_run(self) -> bool:
        return self.language in ("sh", "setup") and not self.say.startswith("not run")


def pages() -> list[Path]:
    """Everything that tells users how to do something."""
    written = [p for p in (ROOT / "docs").rglob("*.md") if not {"reference", "decisions"} & set(p.parts)]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(written)]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    content = page.read_text("utf-8")
    found = []
    for match in _PART.finditer(content):
        line = content.count("\n", 0, match.start("text" if match["fence"] else "setup")) + 1
        if match["fence"]:
            found.append(Block(match["language"], match["text"], match["say"] or "", line))
        else:
            found.append(Block("setup", match["setup"], "", line))
    return found


def commands_outside(page: Path) -> list[str]:
    """Lines that look like commands but are in no ```sh block: nobody would notice if they failed."""
    content = page.read_text("utf-8")
    rest = _PART.sub(lambda match: "" if match["language"] in ("sh", None) else match[0], content)
    return [line for line in rest.splitlines() if re.match(rf"(    |\$ )?({'|'.join(OURS)})", line)]


def script(page: Path, port: int) -> str:
    """The page as a bash script. Where it names port 8501, the script uses this one."""
    lines = ["set -euo pipefail", "servers=()", "trap 'kill ${servers[@]:-} 2>/dev/null || true' EXIT"]
    for block in blocks(page):
        lines += _commands(block, page)
    return "\n".join(lines).replace("8501", str(port)) + "\n"


def _commands(block: Block, page: Path) -> Iterator[str]:
    settings = block.settings
    if file := settings.get("file") or settings.get("append"):
        redirect = ">>" if "append" in settings else ">"
        yield f"mkdir -p {shlex.quote(str(Path(file).parent))}"
        yield f"cat {redirect} {shlex.quote(file)} <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK"
    elif block.is_run:
        yield f"echo '── {page.name}:{block.line}' >&2"
        if "exit" in settings:
            yield f"code=0\n(\n{block.text}) || code=$?"
            yield f"""[ $code = {settings["exit"]} ] || {{ echo "exit code $code" >&2; exit 1; }}"""
        elif "background" in settings:
            yield f"{block.text.strip()} &\nservers+=($!)"
            yield f"curl --retry 60 --retry-delay 1 --retry-connrefused -fsS {settings['until']} > /dev/null"
        else:
            yield block.text.rstrip()
