"""Writer of a sample company: the files of each market, the files they share, and the requested faults."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from forecast_assets.sample.catalogue import make_catalogue
from forecast_assets.sample.countries import SAMPLE_MARKETS
from forecast_assets.sample.faults import apply_faults, parse_faults
from forecast_assets.sample.files import write_market, write_markets_file, write_oxcgrt
from forecast_assets.sample.market import simulate_market
from forecast_assets.sample.timeline import make_timeline

SOURCES = ("sell_in", "sell_out", "products", "promotions", "overrides", "oxcgrt")
SMALLEST_ASSORTMENT = 5


@dataclass(frozen=True)
class SampleSummary:
    """Folders, sizes and faults of a written sample company.

    Attributes:
        late: Folder with the files that a ``late_month`` fault holds back; deliver them by copying it over the landing
            folder. None without that fault.
        files: Landing files written, before faults.
    """

    landing: Path
    truth: Path
    late: Path | None
    markets_file: Path | None
    markets: tuple[str, ...]
    skus: int
    first_month: pd.Timestamp
    last_month: pd.Timestamp
    sell_in_rows: int
    sell_out_rows: int
    files: int
    faults: tuple[str, ...]


def write_sample_company(
    landing: str | Path,
    *,
    markets: int = 4,
    skus: int = 150,
    months: int = 72,
    last_month: str | pd.Timestamp = "2024-12-01",
    seed: int = 7,
    faults: Sequence[str] = (),
    markets_file: str | Path | None = None,
    truth: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> SampleSummary:
    """Simulate an FMCG company and write its deliveries.

    The same arguments give the same files byte for byte; a market's files do not depend on ``markets``.

    Args:
        landing: Folder of the landing files; files of an earlier sample are overwritten.
        markets: Number of markets, taken from ``SAMPLE_MARKETS`` in order.
        skus: SKUs listed in each market over the whole time.
        months: Delivered months up to ``last_month``.
        last_month: Any day of the last delivered month.
        seed: Seed of the simulation; another seed gives another company.
        faults: ``fault`` or ``fault:CODE``, see ``FAULTS``.
        markets_file: Path of ``markets.yaml``; by default the file is not written.
        truth: Folder of the true expected demand, outside the landing folder; default ``truth`` beside it.
        progress: Called with one line of text per market.

    Raises:
        ValueError: For sizes that cannot be simulated, unknown faults, or a truth folder inside the landing folder.
        FileExistsError: If the landing folder holds files that this sample would not overwrite.
    """
    _check_sizes(markets, skus, months)
    landing = Path(landing)
    truth = Path(truth) if truth is not None else landing.resolve().parent / "truth"
    if truth.resolve().is_relative_to(landing.resolve()):
        raise ValueError(f"truth folder {truth}: must lie outside the landing folder {landing}, it would be ingested")
    chosen = list(SAMPLE_MARKETS[:markets])
    codes = tuple(market.code for market in chosen)
    parsed = parse_faults(faults, codes)
    timeline = make_timeline(last_month, months)
    last = timeline.months[timeline.stop - 1]
    _check_landing(landing, codes, timeline.months[timeline.delivered])
    catalogue = make_catalogue(seed, skus, timeline)
    sell_in_rows, sell_out_rows, files = 0, 0, write_oxcgrt(landing, seed, chosen)
    for number, market in enumerate(chosen, 1):
        tables = simulate_market(catalogue, market, seed, skus, timeline)
        files += write_market(landing, truth, market.code, tables, last)
        sell_in_rows, sell_out_rows = sell_in_rows + len(tables.sell_in), sell_out_rows + len(tables.sell_out)
        if progress:
            progress(f"{market.code} {market.name}: {len(tables.sell_in):,} sell-in rows ({number} of {markets})")
    if markets_file is not None:
        write_markets_file(Path(markets_file), chosen, timeline.months[timeline.start])
    return SampleSummary(
        landing=landing,
        truth=truth,
        late=apply_faults(landing, parsed, last),
        markets_file=Path(markets_file) if markets_file is not None else None,
        markets=codes,
        skus=skus,
        first_month=timeline.months[timeline.start],
        last_month=last,
        sell_in_rows=sell_in_rows,
        sell_out_rows=sell_out_rows,
        files=files,
        faults=tuple(f"{fault.name}:{fault.code}" for fault in parsed),
    )


def _check_sizes(markets: int, skus: int, months: int) -> None:
    if not 1 <= markets <= len(SAMPLE_MARKETS):
        raise ValueError(f"markets must be 1 to {len(SAMPLE_MARKETS)}, got {markets}")
    if skus < SMALLEST_ASSORTMENT:
        raise ValueError(f"skus must be at least {SMALLEST_ASSORTMENT}, got {skus}")
    if months < 1:
        raise ValueError(f"months must be at least 1, got {months}")


def _check_landing(landing: Path, codes: Sequence[str], months: pd.DatetimeIndex) -> None:
    """Raise if the folder holds files of another sample: they would be ingested as data of this one."""
    yearly = {f"{month:%Y}" for month in months if month.year != months[-1].year}
    periods = yearly | {f"{month:%Y-%m}" for month in months if month.year == months[-1].year}
    ours = set(codes) | {f"{code}_{period}" for code in codes for period in periods}
    present = [file for source in SOURCES for file in sorted((landing / source).glob("*")) if source != "oxcgrt"]
    foreign = [file for file in present if file.stem not in ours]
    if foreign:
        raise FileExistsError(
            f"{landing}: holds {len(foreign)} file(s) that this sample would not overwrite, first {foreign[0]}; "
            "empty the folder or choose another one"
        )
