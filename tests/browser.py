"""A headless Chromium that opens pages and reports what they log, request and violate."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "needs Chromium; install it or name it in the variable CHROMIUM"
# A sandbox needs privileges that containers lack; the other flags stop Chromium's own requests.
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Visit:
    """An open page, the messages of its console, its errors, and the addresses that it requested."""

    page: object
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """Return what axe finds, one line per rule and element."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]

    def shows(self, selector: str) -> bool:
        """Return whether the first such element is visible."""
        return self.page.locator(selector).first.is_visible()


class Browser:
    """Opens pages of files or addresses, each in a context of its own."""

    def __init__(self, chromium):
        self._chromium = chromium

    @contextlib.contextmanager
    def visit(
        self, target: Path | str, *, width: int = 1280, height: int = 900, dark: bool = False, script: bool = True
    ):
        """Yield a page; ``target`` is a file or an address."""
        address = target.resolve().as_uri() if isinstance(target, Path) else target
        context = self._chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            permissions=["clipboard-read", "clipboard-write"] if script else [],
        )
        try:
            visit = Visit(context.new_page())
            visit.page.on("console", lambda message: visit.messages.append(f"{message.type}: {message.text}"))
            visit.page.on("pageerror", lambda error: visit.messages.append(f"error: {error}"))
            visit.page.on("request", lambda request: visit.requests.append(request.url))
            visit.page.goto(address)
            yield visit
        finally:
            context.close()


@contextlib.contextmanager
def open_browser():
    """Yield a browser; the process ends with the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        try:
            yield Browser(chromium)
        finally:
            chromium.close()
