"""Debian's chromium, as tests use it."""

from __future__ import annotations

from pathlib import Path

from selenium.webdriver import Chrome


class Browser:
    """A page at a time, with what went wrong on it."""

    def __init__(self, driver: Chrome, folder: Path) -> None:
        self.driver = driver
        self._folder = folder

    def show(self, html: str, *, width: int = 1024, dark: bool = False, script: bool = True) -> None:
        """Open a report from disk, in a window so wide."""
        path = self._folder / "report.html"
        path.write_text(html, encoding="utf-8")
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        self.command("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.command("Emulation.setScriptExecutionDisabled", value=not script)
        self.complaints()  # of the page before
        self.driver.get(path.as_uri())

    def command(self, name: str, **arguments: object) -> dict[str, object]:
        """One of the DevTools protocol."""
        answer: dict[str, object] = self.driver.execute_cdp_cmd(name, arguments)
        return answer

    def complaints(self) -> list[str]:
        """What the console says: errors, what the content security policy forbade."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def ask(self, script: str) -> object:
        """The value of a JavaScript expression."""
        return self.driver.execute_script(f"return ({script})")

    def text(self, selector: str) -> str:
        """What an element says."""
        return str(self.ask(f"document.querySelector({selector!r}).innerText"))

    def seen(self, selector: str) -> int:
        """How many such elements take up room."""
        found = self.ask(
            f"[...document.querySelectorAll({selector!r})].filter(e => e.getClientRects().length).length"
        )
        assert isinstance(found, int)
        return found
