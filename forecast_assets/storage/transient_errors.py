"""Transient errors: the network, a busy service, a file that another program has open.

All other errors (bad data, a missing partition, a defect) would occur again a minute later.
"""

import errno
from collections.abc import Iterator

TRANSIENT_ERRNO = {
    errno.EAGAIN, errno.EBUSY, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNREFUSED,
    errno.ECONNABORTED, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EPIPE,
}  # fmt: skip
TRANSIENT_HTTP_STATUS = {408, 429, 500, 502, 503, 504}
# By name: the libraries are extras, and importing them all to classify one error would take seconds.
TRANSIENT_CLASSES = {
    "azure.core.exceptions.ServiceRequestError",
    "azure.core.exceptions.ServiceResponseError",
    "requests.exceptions.ConnectionError",
    "requests.exceptions.Timeout",
    "urllib3.exceptions.ProtocolError",
    "urllib3.exceptions.TimeoutError",
    "aiohttp.client_exceptions.ClientConnectionError",
    "pyarrow.lib.FlightUnavailableError",
    "pyarrow.lib.FlightTimedOutError",
    "pyarrow._flight.FlightUnavailableError",
    "pyarrow._flight.FlightTimedOutError",
}


def is_transient(error: BaseException) -> bool:
    """Return True if an error, or one that caused it, is transient.

    ``PermissionError`` counts: on a shared folder it means that another program has the file open. SQLite's "database
    is locked" counts, too.
    """
    return any(_is_transient_itself(each) for each in _with_causes(error))


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _is_transient_itself(error: BaseException) -> bool:
    if isinstance(error, ConnectionError | TimeoutError | PermissionError):
        return True
    if isinstance(error, OSError) and error.errno in TRANSIENT_ERRNO:
        return True
    if getattr(error, "status_code", None) in TRANSIENT_HTTP_STATUS:
        return True
    if type(error).__module__ == "sqlite3" and "locked" in str(error):
        return True
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    return bool(names & TRANSIENT_CLASSES)
