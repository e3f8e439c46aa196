"""Pictures of the login and of the pages behind it, for the documentation: ``STACK_SCREENSHOTS=FOLDER make stack``."""

import shutil
from pathlib import Path

from tools.stack.web import Login

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZE = {"width": 1280, "height": 720}
PATIENCE_MS = 60_000
SETTLING_MS = 5_000


def take_screenshots(folder: Path, port: int, login: Login) -> list[str]:
    """Write what a browser shows without a login and with one; return the names of the files."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        pages = {
            "login.png": (None, "/"),
            "behind-login.png": ({"username": login.user, "password": login.password}, "/runs"),
        }
        for name, (credentials, path) in pages.items():
            context = browser.new_context(viewport=SIZE, ignore_https_errors=True, http_credentials=credentials)
            page = context.new_page()
            page.goto(f"https://localhost:{port}{path}", timeout=PATIENCE_MS)
            page.wait_for_timeout(SETTLING_MS)
            page.screenshot(path=folder / name)
            context.close()
        browser.close()
    return sorted(pages)
