"""The lease of a market: each run takes it before its first step and releases it after its last.

The tag limits of the queue keep queued runs apart. The lease also keeps apart runs outside the queue: those of the
command line, of a second machine, or of a process that was believed dead.
"""

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from forecast_assets.partitions import ALL_MARKETS, market_of_run
from forecast_assets.storage import TableStore
from forecast_assets.storage.lease import Lease, LeaseTaken
from forecast_assets.storage.transient_errors import is_transient

RENEWALS_PER_LEASE = 4
ATTEMPTS_PER_SECOND = 2


class MarketBusy(RuntimeError):
    """Another run is writing the market."""


def lease_of(store: TableStore, country: str | None, seconds: float) -> Lease:
    """Return the lease of a market; None: of the tables over all markets."""
    return Lease(store.files, f"{store.base}/_leases", country or ALL_MARKETS, seconds)


@dataclasses.dataclass(frozen=True)
class MarketLease:
    """Keeps the lease of a run's market until the run has ended.

    Attributes:
        store: The store of the company.
        seconds: Time until the lease of a dead owner expires.
        wait_seconds: Time that a run waits for another one to end.
    """

    store: TableStore
    seconds: float
    wait_seconds: float

    @contextmanager
    def held_by(self, run: dg.DagsterRun) -> Iterator[None]:
        """Take the lease of the run's market, renew it during the run, and release it.

        Raises:
            MarketBusy: If another run still owns the lease after ``wait_seconds``.
        """
        country = market_of_run(run.tags)
        lease = lease_of(self.store, country, self.seconds)
        self._take(lease, run.run_id, country)
        ended = threading.Event()
        renewing = threading.Thread(target=_renew, args=(lease, run.run_id, ended), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()
            lease.release(run.run_id)

    def _take(self, lease: Lease, run_id: str, country: str | None) -> None:
        give_up_at = time.monotonic() + self.wait_seconds
        while True:
            try:
                lease.take(run_id)
            except LeaseTaken as taken:
                if time.monotonic() >= give_up_at:
                    raise MarketBusy(
                        f"{country or 'The tables over all markets'}: run {taken.held.holder} is writing; this run "
                        f"waited {self.wait_seconds:g} s and has changed nothing. Start it again when that one has "
                        "ended; the lease of a killed run expires by itself."
                    ) from None
                time.sleep(1 / ATTEMPTS_PER_SECOND)
            else:
                return


def _renew(lease: Lease, run_id: str, ended: threading.Event) -> None:
    """Renew the lease until the run has ended. A failed renewal is repeated: the lease outlasts several of them."""
    while not ended.wait(lease.seconds / RENEWALS_PER_LEASE):
        try:
            lease.take(run_id)
        except LeaseTaken:
            # This process was paused for longer than the lease. From now on the conditional publish protects tables.
            return
        except Exception as error:
            if not is_transient(error):
                raise
