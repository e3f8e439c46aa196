"""The lease of a market: each run takes it before its first step and releases it after its last.

The tag limits of the queue keep queued runs apart. The lease also keeps apart runs outside the queue: those of the
command line, of a second machine, or of a process that was believed dead.
"""

import dataclasses
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from forecast_assets.partitions import ALL_MARKETS, market_of_run, require_one_market
from forecast_assets.storage import TableStore
from forecast_assets.storage.lease import Hold, Lease, LeaseLost, LeaseTaken

LOG = logging.getLogger("forecast_assets.market_state")
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
    def held_by(self, run: dg.DagsterRun) -> Iterator[Hold]:
        """Take the lease of the run's market, renew it during the run, and release it.

        Raises:
            MarketBusy: If another run still owns the lease after ``wait_seconds``.
            dg.DagsterInvalidInvocationError: If the run has several markets.
        """
        require_one_market(run.tags)
        country = market_of_run(run.tags)
        hold = self._take(lease_of(self.store, country, self.seconds), run.run_id, country)
        ended = threading.Event()
        renewing = threading.Thread(target=_renew, args=(hold, ended), daemon=True)
        renewing.start()
        try:
            yield hold
        finally:
            ended.set()
            renewing.join()
            _release(hold)

    def _take(self, lease: Lease, run_id: str, country: str | None) -> Hold:
        give_up_at = time.monotonic() + self.wait_seconds
        while True:
            try:
                return lease.take(run_id)
            except LeaseTaken as taken:
                if time.monotonic() >= give_up_at:
                    raise MarketBusy(
                        f"{country or 'The tables over all markets'}: run {taken.held.holder} is writing; this run "
                        f"waited {self.wait_seconds:g} s and has changed nothing. Start it again when that one has "
                        "ended; the lease of a killed run expires by itself."
                    ) from None
                time.sleep(1 / ATTEMPTS_PER_SECOND)


def _renew(hold: Hold, ended: threading.Event) -> None:
    """Renew the lease until the run has ended. A failed renewal is repeated: the lease outlasts several of them."""
    while not ended.wait(hold.lease.seconds / RENEWALS_PER_LEASE):
        try:
            hold.renew()
        except LeaseLost:
            # This process was paused for longer than the lease. The next publish fails with the reason.
            return
        except Exception as error:  # noqa: BLE001 - whatever fails, the run goes on and the next renewal may succeed
            LOG.warning("The lease of %s was not renewed: %s", hold.lease.name, error)


def _release(hold: Hold) -> None:
    """Give the lease up. If that fails (a full disk) it expires by itself, and the run's own result counts."""
    try:
        hold.release()
    except Exception as error:  # noqa: BLE001 - the result of the run must not depend on it
        LOG.warning("The lease of %s was not given up and expires by itself: %s", hold.lease.name, error)
