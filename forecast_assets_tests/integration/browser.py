"""Debian's Chromium, driven by Playwright, without a network. A missing part is an error that says what to install."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator:
    """Start the browser."""
    # Not at the top: tests of services are collected where the browser's driver is not installed.
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class OpenPage:
    """A page opened from a file, offline, with what it complained of and what it asked of the network."""

    def __init__(self, browser, file: Path, address: str = "", *, width: int = 1440, height: int = 900, **options):
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **options)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri() + address)
        self.page.wait_for_selector("html[data-ready]")

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def texts(self, selector: str) -> list[str]:
        """Return the visible texts of elements, without breaks of lines."""
        return [" ".join(text.split()) for text in self.page.locator(selector).all_inner_texts()]


def number(text: str) -> float:
    """Return a number as the page writes it: thin spaces between thousands, a true minus."""
    return float(text.replace("\u202f", "").replace("\u2212", "-").replace("+", "").replace(" ", ""))
