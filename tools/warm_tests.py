"""A process that has imported the tests of one module, and runs them again with another text of it.

Each run is a fork in which the module, and whatever imports it, is imported anew. The rest is imported once: imports
cost more than most tests. Not here: the mutants and their copies of the tree (``mutants.py``).
"""

import ast
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

OPTIONS = ["-x", "-q", "-n0", "-p", "no:cacheprovider"]
SECONDS_BETWEEN_LOOKS = 0.02


def serve(tree: str, module: str, tests: list[str], calls: Connection) -> None:
    """Answer calls: the time limit of a run in seconds, or None for no limit, with True if the tests pass.

    Ends with the other end of the connection. The tree is that of the current folder from then on.
    """
    sys.dont_write_bytecode = True
    os.chdir(tree)
    sys.path.insert(0, tree)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    import pytest

    pytest.main(["--collect-only", *OPTIONS, *tests])
    anew = dependents(".".join(Path(module).with_suffix("").parts), _imports(Path(tree)))
    while True:
        try:
            limit_s = calls.recv()
        except EOFError:
            return
        calls.send(_passes(lambda: pytest.main([*OPTIONS, *tests]), anew, limit_s))


def dependents(module: str, imports: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the module and all that import it, directly or through others.

    Args:
        module: Dotted name.
        imports: Names that each module imports.
    """
    reached, waiting = {module}, [module]
    while waiting:
        imported = waiting.pop()
        more = {name for name, names in imports.items() if imported in names} - reached
        reached |= more
        waiting += more
    return sorted(reached)


def imported_names(source: str) -> set[str]:
    """Return every name that a module's text imports, as a module and as a name in one."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _imports(tree: Path) -> dict[str, set[str]]:
    """Return what each imported module of the tree imports."""
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    return {
        name: imported_names(Path(file).read_text())
        for name, file in files.items()
        if file and Path(file).is_relative_to(tree)
    }


def _passes(run: Callable[[], int], anew: Iterable[str], limit_s: float | None) -> bool:
    """Return True if a run ends with 0 within the limit, in a process group of its own that ends with it."""
    process = os.fork()
    if process == 0:
        os.setsid()
        _forget(anew)
        try:
            os._exit(int(run()))
        except BaseException:  # noqa: BLE001 - whatever happens, the fork must not go on as the process that it was
            os._exit(1)
    give_up_at = time.monotonic() + (float("inf") if limit_s is None else limit_s)
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        if time.monotonic() > give_up_at:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return False
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _forget(names: Iterable[str]) -> None:
    for name in names:
        sys.modules.pop(name, None)
        parent, _, last = name.rpartition(".")
        if parent in sys.modules:
            sys.modules[parent].__dict__.pop(last, None)
    importlib.invalidate_caches()
