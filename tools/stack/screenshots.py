"""Pictures of the login and of the pages behind it, for the documentation: ``STACK_SCREENSHOTS=FOLDER make stack``."""

from pathlib import Path

from forecast_assets_tests.integration.browser import chromium
from tools.stack.web import Login

PATIENCE_MS = 60_000
SETTLING_MS = 5_000


def take_screenshots(folder: Path, port: int, login: Login) -> list[str]:
    """Write what the proxy shows without a login and with one; return the names of the files."""
    address, size = f"https://localhost:{port}", {"width": 1280, "height": 720}
    with chromium() as browser:
        # A browser without a window cannot ask for the password: the page is what a person gets who has none.
        context = browser.new_context(viewport=size, ignore_https_errors=True)
        page = context.new_page()
        page.set_content(context.request.get(address, timeout=PATIENCE_MS).text())
        page.screenshot(path=folder / "login.png", clip={"x": 0, "y": 0, "width": 1280, "height": 110})
        context.close()
        credentials = {"username": login.user, "password": login.password}
        context = browser.new_context(viewport=size, ignore_https_errors=True, http_credentials=credentials)
        page = context.new_page()
        page.goto(f"{address}/runs", timeout=PATIENCE_MS)
        page.wait_for_timeout(SETTLING_MS)
        page.screenshot(path=folder / "behind-login.png")
        context.close()
    return ["login.png", "behind-login.png"]
