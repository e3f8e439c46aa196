"""End of a worker process with the process that started it.

A command that is killed (kill -9, out of memory) cannot end its workers. Without this they would go on for hours, with
their memory, and publish what nobody waits for. What a worker was writing is safe: see docs/storage.md.
"""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait

EXIT_CODE = 1


def end_with_parent() -> None:
    """End this process at once when its parent process has ended; called in a process of ``multiprocessing``."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent.sentinel,), daemon=True, name="end with parent").start()


def _wait_and_end(sentinel: int) -> None:
    wait([sentinel])
    os._exit(EXIT_CODE)
