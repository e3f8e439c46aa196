"""The table of faults in docs/azure.md: injected fault, number of retries, result.

Run it: ``python -m forecast_assets_tests.integration.fault_table`` (Azurite must be installed, see README).
"""

import time
import uuid
from collections.abc import Callable
from typing import Any

from forecast_assets.config.azure_account import StorageUnavailable
from forecast_assets.storage.publish import Files
from forecast_assets_tests.integration.azurite_server import start_azurite
from forecast_assets_tests.integration.fault_proxy import FAULTS, Fault, FaultProxy, can_happen, start_fault_proxy

CONTENT = bytes(range(256)) * 2_000
METHODS = {"PUT": "conditional put", "GET": "read", "HEAD": "look at the ETag"}


def row(files: Files, proxy: FaultProxy, method: str, path: str, name: str, times: int) -> str:
    """Spoil so many requests of one operation and return the result."""
    proxy.fault = None
    files.create(path, b"before")
    seen = files.state(path)
    acts: dict[str, Callable[[], Any]] = {
        "PUT": lambda: files.replace(path, CONTENT, seen),
        "GET": lambda: files.read(path) == b"before" or "other bytes",
        "HEAD": lambda: files.state(path) == seen or "another ETag",
    }
    proxy.inject(Fault(method, times, **FAULTS[name]))
    began = time.monotonic()
    try:
        outcome = acts[method]()
        told = "done" if outcome in (None, True) else f"WRONG: {outcome}"
    except StorageUnavailable:
        told = "`StorageUnavailable`"
    seconds = time.monotonic() - began
    proxy.fault = None
    if method == "PUT" and told == "done" and files.read(path) != CONTENT:
        told = "WRONG: not our bytes"
    injected = f"{times} times" if times < 1_000 else "always"
    return f"| {METHODS[method]} | {name} | {injected} | {proxy.spoiled} | {told} | {seconds:.1f} s |"


def main() -> None:
    """Print the table."""
    with start_azurite() as azurite, start_fault_proxy(azurite.url) as proxy:
        azurite.make_container("faults")
        files = azurite.files(proxy.url, waits=(0.5, 1.0, 2.0, 4.0, 8.0))
        lines = ["| operation | fault | injected | requests spoiled | outcome | took |", "|---|---|---|---|---|---|"]
        for method in METHODS:
            for name in FAULTS:
                if can_happen(method, name):
                    for times in (2, 1_000):
                        lines.append(row(files, proxy, method, f"faults/{uuid.uuid4().hex}", name, times))
        print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
