"""Pictures of the login and of the pages behind it, for the documentation: ``STACK_SCREENSHOTS=FOLDER make stack``."""

import contextlib
from pathlib import Path

from forecast_assets_tests.integration.browser import chromium
from tools.stack.web import Login

PATIENCE_MS = 60_000
SETTLING_MS = 5_000


def take_screenshots(folder: Path, port: int, login: Login) -> list[str]:
    """Write what a browser shows without a login and with one; return the names of the files."""
    from playwright.sync_api import Error

    pages = {
        "login.png": (None, "/"),
        "behind-login.png": ({"username": login.user, "password": login.password}, "/runs"),
    }
    with chromium() as browser:
        for name, (credentials, path) in pages.items():
            context = browser.new_context(
                viewport={"width": 1280, "height": 720}, ignore_https_errors=True, http_credentials=credentials
            )
            page = context.new_page()
            # Without a window the browser cannot ask for the password: its page then names the status.
            with contextlib.nullcontext() if credentials else contextlib.suppress(Error):
                page.goto(f"https://localhost:{port}{path}", timeout=PATIENCE_MS)
            page.wait_for_timeout(SETTLING_MS)
            page.screenshot(path=folder / name)
            context.close()
    return sorted(pages)
