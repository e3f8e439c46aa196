"""One run at a time per market: what every run takes before its first step and gives back after its last.

Runs of the queue are kept apart by its tag limits already; this also keeps apart what no queue sees: the command line,
a click in the page while another machine works, a run that was thought dead.
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

RENEWALS_A_LEASE = 4
LOOKS_A_SECOND = 2


class MarketBusy(RuntimeError):
    """Another run writes the market."""


def lease_of(store: TableStore, country: str | None, seconds: float) -> Lease:
    """The lease of a market; of the tables over all markets for None."""
    return Lease(store.files, f"{store.base}/_leases", country or ALL_MARKETS, seconds)


@dataclasses.dataclass(frozen=True)
class MarketLease:
    """Holds the lease of a run's market while the run goes on.

    Attributes:
        store: Base of the store.
        seconds: How long a lease lasts after its holder has died.
        wait_seconds: How long a run waits for another one to end.
    """

    store: TableStore
    seconds: float
    wait_seconds: float

    @contextmanager
    def held_by(self, run: dg.DagsterRun) -> Iterator[None]:
        """Take the lease of the run's market, renew it beside the run, release it.

        Raises:
            MarketBusy: If another run still holds it after ``wait_seconds``.
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
                        "ended; the lease of a run that was killed ends by itself."
                    ) from None
                time.sleep(1 / LOOKS_A_SECOND)
            else:
                return


def _renew(lease: Lease, holder: str, ended: threading.Event) -> None:
    """Renew until told to stop. A renewal that fails is tried again: the lease outlasts several of them."""
    while not ended.wait(lease.seconds / RENEWALS_A_LEASE):
        try:
            lease.take(holder)
        except LeaseTaken:
            # Paused for longer than the lease lasts: the conditional publish is what protects the tables now.
            return
        except Exception as error:
            if not is_transient(error):
                raise
