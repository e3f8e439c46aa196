"""One small company for all tests of the sample: simulated and written once."""

from functools import cache

import pandas as pd
import pytest

from forecast_assets.sample import SAMPLE_MARKETS, write_sample_company
from forecast_assets.sample.catalogue import make_catalogue
from forecast_assets.sample.market import simulate_market
from forecast_assets.sample.timeline import make_timeline

SKUS, MONTHS, LAST_MONTH, SEED = 60, 72, "2024-12-01", 7
SMALL = {"markets": 2, "skus": 20, "months": 18, "last_month": "2023-06-01"}


class WrittenSample:
    """Folders of a written sample and readers for them."""

    def __init__(self, folder, **arguments):
        self.landing, self.truth, self.late = folder / "landing", folder / "truth", folder / "late"
        self.summary = write_sample_company(self.landing, **arguments)
        self.read = cache(self._read)

    def _read(self, source):
        """All Parquet rows of a source, months as timestamps."""
        return read_folder(self.landing / source)

    def files(self):
        """Bytes of every landing file by relative path."""
        paths = sorted(path for path in self.landing.rglob("*") if path.is_file())
        return {path.relative_to(self.landing).as_posix(): path.read_bytes() for path in paths}


def read_folder(folder):
    rows = pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))], ignore_index=True)
    dates = [name for name in ("month", "launch_month", "end_month", "known_from") if name in rows]
    return rows.assign(**{name: pd.to_datetime(rows[name]) for name in dates})


@pytest.fixture(scope="session")
def company(tmp_path_factory):
    """Six markets (NO and NA among them) of 60 SKUs over 72 months."""
    return WrittenSample(tmp_path_factory.mktemp("company"), markets=6, skus=SKUS, months=MONTHS, last_month=LAST_MONTH)


@pytest.fixture(scope="session")
def facts(company):
    """One row per country, SKU and month on sale: sell-in (0 without a row), sell-out and their expectations."""
    key = ["country", "sku", "month"]
    sell_in = company.read("sell_in").rename(columns={"units": "sell_in_units"})
    sell_out = company.read("sell_out").rename(columns={"units": "sell_out_units"})
    truth = read_folder(company.truth / "sell_in")
    rows = truth.merge(sell_out, on=key, validate="1:1").merge(sell_in, on=key, how="left", validate="1:1")
    return rows.fillna({"sell_in_units": 0.0}).sort_values(key, ignore_index=True)


@pytest.fixture(scope="session")
def timeline():
    return make_timeline(LAST_MONTH, MONTHS)


@pytest.fixture(scope="session")
def france(timeline):
    """The tables of one market with the flows behind them."""
    return simulate_market(make_catalogue(SEED, SKUS, timeline), SAMPLE_MARKETS[0], SEED, SKUS, timeline)


@pytest.fixture(scope="session")
def category_of(company):
    return company.read("products").drop_duplicates(["country", "sku"]).set_index(["country", "sku"])["category"]


@pytest.fixture(scope="session")
def write_company(tmp_path_factory):
    """Write another company: a small one unless told otherwise."""
    return lambda **arguments: WrittenSample(tmp_path_factory.mktemp("other"), **(SMALL | arguments))


@pytest.fixture(scope="session")
def clean(write_company):
    """The small company without faults."""
    return write_company()


@pytest.fixture(scope="session")
def surprise(facts):
    """Relative deviation from the expectation, of SKUs large enough that whole cases do not hide it."""
    large = facts[facts["expected_sell_in_units"] > 300]
    return large.assign(
        sell_in=large["sell_in_units"] / large["expected_sell_in_units"] - 1,
        sell_out=large["sell_out_units"] / large["expected_sell_out_units"] - 1,
    )
