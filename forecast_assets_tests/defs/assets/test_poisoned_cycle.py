"""One cycle of a small company through the graph, twice: as delivered, and with everything after its origin poisoned.

What is stored of the origin and of every month before it must be the same, byte for byte of content.
"""

from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.sample import write_sample_company
from forecast_assets.schemas import MONTH_ONLY, ON_DEMAND, TABLES
from forecast_assets_tests.defs.assets.another_future import WRONG, poisoned
from forecast_assets_tests.defs.assets.company import Company, succeeded

pytestmark = pytest.mark.heavy

FIRST, FIRST_ORIGIN, BEFORE, ORIGIN = "2022-01-01", "2022-12-01", "2024-05-01", "2024-06-01"
MARKETS = """markets:
  - {code: "FR", name: "France", iso2: "FR", iso3: "FRA", region: "Europe", since: 2022-01-01}
  - {code: "DE", name: "Germany", iso2: "DE", iso3: "DEU", region: "Europe", since: 2022-01-01}
"""


def cycled(base: Path, landing: Path) -> Company:
    """Both markets up to the origin, FR to its published forecast."""
    base.mkdir()
    landing.rename(base / "landing")
    (base / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    company = Company(base, pooled_skus=1_200)
    for source in company.landing.iterdir():
        # Files younger than a minute count as still being written where no marker says otherwise.
        (source / "_SUCCESS").touch()
    for code in ("FR", "DE"):
        succeeded(company.run("ingest", code, FIRST, BEFORE))
    succeeded(company.run("totals", None, FIRST, BEFORE))
    succeeded(company.run("totals_known", None, FIRST_ORIGIN, ORIGIN))
    for code in ("FR", "DE"):
        succeeded(company.run("market_features", code, FIRST_ORIGIN, BEFORE))
    succeeded(company.run("pool_rows", None, FIRST_ORIGIN, BEFORE))
    succeeded(company.run("pool_model", None, ORIGIN))
    succeeded(company.run("monthly_cycle", "FR", ORIGIN))
    return company


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> tuple[Company, Company]:
    base = tmp_path_factory.mktemp("poisoned_cycle")
    write_sample_company(base / "as_delivered", markets=2, skus=12, months=36, last_month="2024-12-01", seed=10)
    poisoned(base / "as_delivered", base / "poisoned", pd.Timestamp(ORIGIN))
    return cycled(base / "one", base / "as_delivered"), cycled(base / "other", base / "poisoned")


def test_nothing_that_is_stored_up_to_the_origin_depends_on_what_was_delivered_or_known_after_it(both):
    one, other = both
    stored = {name: (one.hashes(name, None if name in MONTH_ONLY else "FR"),
                     other.hashes(name, None if name in MONTH_ONLY else "FR"))
              for name in sorted(set(TABLES) - ON_DEMAND)}  # fmt: skip
    assert [name for name, (left, right) in stored.items() if left != right] == []
    later = {"demand_totals", "pooled_rows"}
    assert {name for name, (left, _) in stored.items() if "2024-06" in left} == set(stored) - later


def test_the_other_future_is_there_to_be_seen(both):
    one, other = both
    july = pd.read_parquet(other.landing / "sell_in" / "FR_2024-07.parquet")
    assert (july["units"].abs() >= WRONG).any()
    assert len(july) != len(pd.read_parquet(one.landing / "sell_in" / "FR_2024-07.parquet"))
