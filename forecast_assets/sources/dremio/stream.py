"""A result as it arrives: record batches one by one, few of them in memory, cancelled when the reader stops.

Arrow's reader blocks in C++, where no signal reaches it. It therefore runs in a thread of its own, and the caller waits
in Python. A run that is stopped raises there, and the query is cancelled at the server.
"""

import queue
import threading
from collections.abc import Callable, Iterator

import pyarrow as pa
from pyarrow import flight

from forecast_assets.sources.dremio.errors import FLIGHT_ERRORS

BATCHES_WAITING = 1
POLL_SECONDS = 0.1
# A reader that has been cancelled returns at once; one that has not begun to read ends with its timeout.
JOIN_SECONDS = 5.0

_Item = pa.Schema | pa.RecordBatch | Exception | None


class ResultStream:
    """The batches of a result. Close it, or use it in ``with``: the part not yet read is then cancelled.

    Args:
        readers: Opens the readers of the result, one after the other. Called in the thread.
        explain: Returns the error to raise for one that interrupts the result.

    Raises:
        Exception: On creation the error of Arrow Flight, later the result of ``explain``.
    """

    def __init__(
        self,
        readers: Callable[[], Iterator[flight.FlightStreamReader]],
        explain: Callable[[Exception], Exception],
    ) -> None:
        self._explain = explain
        self._items: queue.Queue[_Item] = queue.Queue(maxsize=BATCHES_WAITING)
        self._stopped = threading.Event()
        self._reader: flight.FlightStreamReader | None = None
        self._thread = threading.Thread(target=self._read, args=(readers,), name="dremio-result", daemon=True)
        self._thread.start()
        try:
            schema = self._next()
        except BaseException:
            self.close()
            raise
        assert isinstance(schema, pa.Schema)
        self.schema = schema

    def __enter__(self) -> "ResultStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            while isinstance(item := self._next(), pa.RecordBatch):
                yield item
        except FLIGHT_ERRORS as error:
            raise self._explain(error) from None
        finally:
            self.close()

    def close(self) -> None:
        """Cancel the rest of the result."""
        self._stopped.set()
        if self._thread.is_alive():
            if self._reader is not None:
                self._reader.cancel()
            self._thread.join(JOIN_SECONDS)

    def _next(self) -> pa.Schema | pa.RecordBatch | None:
        item = self._items.get()
        if isinstance(item, Exception):
            raise item
        return item

    def _read(self, readers: Callable[[], Iterator[flight.FlightStreamReader]]) -> None:
        try:
            schema: pa.Schema | None = None
            for reader in readers():
                self._reader = reader
                if schema is None:
                    schema = reader.schema
                    self._put(schema)
                for chunk in reader:
                    if self._stopped.is_set():
                        return
                    self._put(chunk.data)
            self._put(None)
        except Exception as error:  # noqa: BLE001 - raised again where the result is read
            self._put(error)

    def _put(self, item: _Item) -> None:
        while not self._stopped.is_set():
            try:
                self._items.put(item, timeout=POLL_SECONDS)
            except queue.Full:
                continue
            return
