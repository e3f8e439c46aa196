"""Processes that tests start: forks of a server that has imported the package once; a spawned process takes 3 s for it.

The server knows nothing of the tests: what they have imported and changed is not there, as in a spawned process.
"""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from typing import Any

CONTEXT = multiprocessing.get_context("forkserver")
# All but the definitions themselves, which read the environment when they are imported.
CONTEXT.set_forkserver_preload(
    ["forecast_assets.defs.assets.tuning", "forecast_assets.defs.assets.publication", "forecast_assets.defs.sensors"]
)


def started(function: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """Start a process that calls a function of a module with the environment of the caller."""
    process = CONTEXT.Process(target=_call, args=(dict(os.environ), function, arguments))
    process.start()
    return process


def _call(environment: dict[str, str], function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    # The server has the environment of the test that started it.
    os.environ.clear()
    os.environ.update(environment)
    function(*arguments)
