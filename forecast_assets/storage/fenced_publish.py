"""Publishing as the owner of a lease: a run that lost its lease never replaces or removes its successor's file.

Two guards work together. The lease is checked just before the put, on a local disk under the same lock. And the put
carries the state of the file from before the check: a file that a successor wrote after it has another state. A table's
file also names the token of its writer's lease. So a put of a lower token that came late is replaced by the successor.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.file_digest import check_content, token_of
from forecast_assets.storage.lease import Hold, LeaseLost
from forecast_assets.storage.publish import Files, PublishConflict

ATTEMPTS = 5


@dataclass(frozen=True)
class Before:
    """State and content of the published file before a write; None without a file."""

    state: str | None
    content: bytes | None


def publish_file(files: Files, path: str, content: bytes, before: Before, hold: Hold | None) -> None:
    """Replace a published file if it is still as it was ``before``.

    Args:
        files: File system of the store.
        path: The published file.
        content: Its new content.
        before: The file as the writer has seen it.
        hold: Lease of the writer; None for a writer without one.

    Raises:
        PublishConflict: If another writer has published meanwhile.
        LeaseLost: If another owner has taken the lease.
    """
    while True:
        _raise_if_superseded(path, before, hold)
        try:
            with hold.checked() if hold else nullcontext():
                files.replace(path, content, before.state)
        except PublishConflict:
            before = Before(*files.read_with_state(path))
            _raise_if_superseded(path, before, hold)
            if hold is None or not 0 < _token(before.content, path) < hold.token:
                raise
            # A run that has lost the lease was faster by a moment: its file is not the one that counts.
        else:
            return


def replace_as_owner(files: Files, path: str, content: bytes, hold: Hold | None) -> None:
    """Replace a file that is no table, or write the first one, whatever it holds.

    Raises:
        LeaseLost: If another owner has taken the lease.
        PublishConflict: If another writer has replaced it meanwhile, and there is no lease.
    """
    _as_owner(hold, path, lambda: files.state(path), lambda state: files.replace(path, content, state))


def remove_as_owner(files: Files, path: str, hold: Hold | None) -> None:
    """Remove a file, if it is there.

    Raises:
        LeaseLost, PublishConflict: As ``replace_as_owner``.
    """
    _as_owner(hold, path, lambda: files.state(path), lambda state: files.remove_if(path, state) if state else None)


def _as_owner(
    hold: Hold | None, path: str, state: Callable[[], str | None], change: Callable[[str | None], None]
) -> None:
    for _ in range(ATTEMPTS):
        # Before the check: whoever takes the lease after it gives the file another state.
        before = state()
        try:
            with hold.checked() if hold else nullcontext():
                return change(before)
        except PublishConflict:
            if hold is None:
                raise
            # A put that came late, of a run that has lost the lease: it is not the one that counts.
    raise PublishConflict(path)


def _raise_if_superseded(path: str, before: Before, hold: Hold | None) -> None:
    if hold is not None and _token(before.content, path) > hold.token:
        raise LeaseLost(
            f"{path} was published by a run that took the lease of {hold.lease.name} after {hold.owner}, which was "
            "paused for longer than its lease. That file stays in place."
        )


def _token(content: bytes | None, path: str) -> int:
    if content is None:
        return 0
    try:
        check_content(content, path)
    except DamagedFile:
        return 0
    return token_of(content)
