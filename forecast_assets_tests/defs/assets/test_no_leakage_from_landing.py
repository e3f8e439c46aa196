"""A poisoned future in the landing files: nothing of what is made at the origin changes, from SQL to publication."""

import dataclasses
import functools

import pandas as pd
import pytest

from benchmarks.panel_rows import rows_of_panel
from benchmarks.sample_histories import histories_from_landing
from forecast_assets.config.markets import load_markets
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_history import MarketHistory
from forecast_assets.domain.models.pooled_model import fit_pooled_model, pooled_rows, pooled_to_texts
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.sample import write_sample_company
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.table_spec import to_arrow
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.defs.assets.another_future import WRONG, change_rows, poisoned
from forecast_assets_tests.domain.whole_path import differing, training_origins, whole_path

pytestmark = pytest.mark.heavy

MONTHS = pd.date_range("2020-01-01", "2023-08-01", freq="MS")
# The first in the time of the restrictions' tracker, the other eight months later in another season: a quarter end,
# whose latest anchor lies six months back.
ORIGINS = ["2022-07-01", "2023-03-01"]
MARKET = "FR"
RECIPE = Recipe(
    min_history_months=6, rounds=8, training_rows=2000, min_rows_per_leaf=20, recursive_rounds=4, recursive_rows=2000,
    refit_rows=1000, refit_rounds=4, kept_features=60,
)  # fmt: skip


@dataclasses.dataclass
class Delivered:
    """A landing folder as the features see it, over all months of its files; each result is computed once."""

    histories: dict[str, MarketHistory]
    overrides: pd.DataFrame
    features_by_origin: dict[tuple[str, pd.Timestamp], pd.DataFrame] = dataclasses.field(default_factory=dict)
    computed: dict[pd.Timestamp, dict[str, pd.DataFrame]] = dataclasses.field(default_factory=dict)

    def features(self, code: str, origin: pd.Timestamp) -> pd.DataFrame:
        if (code, origin) not in self.features_by_origin:
            self.features_by_origin[code, origin] = build_features(self.histories[code], origin)
        return self.features_by_origin[code, origin]

    def everything(self, origin: pd.Timestamp) -> dict[str, pd.DataFrame]:
        """Sources, totals, what is learned over both markets, and the whole path of one, as of an origin."""
        if origin not in self.computed:
            self.computed[origin] = self._everything(origin)
        return self.computed[origin]

    def _everything(self, origin: pd.Timestamp) -> dict[str, pd.DataFrame]:
        earlier = pd.concat([self.features(MARKET, month) for month in training_origins(origin)], ignore_index=True)
        rows = pd.concat([self.pooled_rows(month) for month in training_origins(origin)], ignore_index=True)
        pooled = fit_pooled_model(rows, add_months(origin, -1), RECIPE)
        history = self.histories[MARKET]
        known = self.overrides[self.overrides["month"] == origin].drop(columns="month").reset_index(drop=True)
        tables = whole_path(history, earlier, origin, RECIPE, pooled, known)
        return sources(history, known, origin) | {"pooled_rows": rows, "pooled_model": pooled_to_texts(pooled)} | tables

    def pooled_rows(self, month: pd.Timestamp) -> pd.DataFrame:
        features = pd.concat([self.features(code, month).assign(country=code) for code in self.histories])
        units = pd.concat(
            [
                rows_of(history.sell_in.until(month), month).assign(country=code)
                for code, history in self.histories.items()
            ]
        )
        return pooled_rows(features, units, 10).assign(month=month)


def rows_of(panel, month):
    rows = rows_of_panel(panel)
    return rows[rows["month"] == month].reset_index(drop=True)


def sources(history, overrides, origin):
    """The tables that features and rules read, as far as the assets load them at the origin."""
    tables = {name: getattr(history, name) for name in ("products", "promotions", "totals_known")}
    at_origin = {name: rows[rows["month"] == origin].reset_index(drop=True) for name, rows in tables.items()}
    # A column that only later products fill is there in a run over all months; it is not stored.
    stored = to_arrow(
        table_specs()["products"], PartitionKey(origin, MARKET), at_origin["products"].drop(columns="month")
    )
    at_origin["products"] = stored.to_pandas()
    policy = history.covid_policy
    measured = {"sell_in": history.sell_in} | history.sell_out
    panels = {name: rows_of_panel(panel.until(origin), "value") for name, panel in measured.items()}
    return at_origin | panels | {"covid_policy": policy[policy["month"] <= origin], "overrides": overrides}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Two markets over six years, with planners' overrides of each origin filed on its last day."""
    folder = tmp_path_factory.mktemp("no_leakage")
    write_sample_company(
        folder / "landing", markets=2, skus=24, months=len(MONTHS), last_month=MONTHS[-1], seed=10,
        markets_file=folder / "markets.yaml",
    )  # fmt: skip
    change_rows(folder / "landing", "overrides", MARKET, with_overrides_of_each_origin)
    return folder


def with_overrides_of_each_origin(rows):
    own = [
        rows.drop_duplicates("sku").assign(
            origin_month=origin,
            target_month=add_months(origin, 2),
            known_from=add_months(origin, 1) - pd.Timedelta(days=1),
        )
        for origin in map(pd.Timestamp, ORIGINS)
    ]
    return pd.concat([rows, *own]).drop_duplicates(["sku", "origin_month", "target_month", "known_from"])


def delivered(base, landing):
    markets_file = base / "markets.yaml"
    overrides = SourceTables(str(landing), load_markets(markets_file)).rows("overrides", MARKET, list(MONTHS))
    at = {month for origin in map(pd.Timestamp, ORIGINS) for month in (origin, *training_origins(origin))}
    return Delivered(histories_from_landing(landing, markets_file, MONTHS, at), overrides)


@pytest.fixture(scope="module")
def clean(base):
    return delivered(base, base / "landing")


@pytest.fixture(scope="module")
def poisoned_after(base):
    @functools.cache
    def read(last_clean_month):
        return delivered(base, poisoned(base / "landing", base / f"after {last_clean_month:%Y-%m}", last_clean_month))

    return read


@pytest.mark.parametrize("origin", [pd.Timestamp(origin) for origin in ORIGINS])
def test_nothing_made_at_an_origin_changes_with_what_was_delivered_or_known_later(clean, poisoned_after, origin):
    other = poisoned_after(origin)
    assert (other.histories[MARKET].sell_in.units == WRONG).any()
    assert differing(other.everything(origin), clean.everything(origin)) == []


def test_poison_of_the_last_eight_months_changes_every_table_so_each_is_able_to_differ(clean, poisoned_after):
    earlier, origin = map(pd.Timestamp, ORIGINS)
    assert earlier == add_months(origin, -8)
    tables = clean.everything(origin)
    # Weights and the choice of features come from refits at origins six months back and earlier.
    assert [name for name, table in tables.items() if table.empty] == []
    other = poisoned_after(earlier).everything(origin)
    assert sorted(set(tables) - set(differing(other, tables))) == []
