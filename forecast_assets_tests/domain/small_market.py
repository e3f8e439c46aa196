"""A small market with every input, seeded, and the same market with another future.

Only data; what is computed from it belongs in the tests. Promotions lift the units of their month, so there is
something to learn that no history of units shows.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_history import MarketHistory, market_history

MONTHS = pd.date_range("2014-01-01", periods=100, freq="MS")
# Origins that a model of MONTHS[80] learns from: every other month, which has those of its refits and of theirs, and
# the last month before.
EARLIER_ORIGINS = MONTHS[[*range(50, 80, 2), 79]]
PROMOTION_LIFT = 1.8
SKUS = [f"S{number:02d}" for number in range(34)]
INTERMITTENT = range(26, 32)
PLANNED_MONTHS_AHEAD = 18
WRONG = 1e9


@dataclasses.dataclass(frozen=True)
class MarketTables:
    """The tables of one market as they are stored, each with its partition ``month``."""

    sell_in: pd.DataFrame
    sell_out: pd.DataFrame
    products: pd.DataFrame
    promotions: pd.DataFrame
    totals_known: pd.DataFrame
    covid_policy: pd.DataFrame

    def history(self, first: pd.Timestamp = MONTHS[0], last: pd.Timestamp = MONTHS[-1]) -> MarketHistory:
        """The history with the partitions ``first .. last`` loaded."""
        loaded = {
            field.name: table[table["month"].between(first, last)].reset_index(drop=True)
            for field in dataclasses.fields(self)
            for table in [getattr(self, field.name)]
        }
        return market_history("FR", "EU", "FR", **loaded)


def feature_stack(history: MarketHistory, origins: pd.DatetimeIndex) -> pd.DataFrame:
    """Features of several origins below one another."""
    stack = pd.concat([build_features(history, origin) for origin in origins], ignore_index=True)
    return stack.copy()  # Hundreds of columns in few blocks: rows are chosen several times as fast.


def with_later_origins(stack: pd.DataFrame, history: MarketHistory, origins: pd.DatetimeIndex) -> pd.DataFrame:
    """The stack before the first of the origins, and features of another history at these origins."""
    return pd.concat([stack[stack["origin_month"] < origins[0]], feature_stack(history, origins)], ignore_index=True)


def small_market(seed: int = 3) -> MarketTables:
    """34 SKUs over 100 months: regular, intermittent, launched late, ended, unknown months, returns, promotions."""
    rng = np.random.default_rng(seed)
    promoted = rng.random((len(SKUS), len(MONTHS) + PLANNED_MONTHS_AHEAD)) < 0.15
    level = np.exp(rng.normal(4, 1, len(SKUS)))
    season = 1 + 0.3 * np.sin(2 * np.pi * (MONTHS.month.to_numpy() + rng.integers(0, 12, (len(SKUS), 1))) / 12)
    units = level[:, None] * season * np.where(promoted[:, : len(MONTHS)], PROMOTION_LIFT, 1)
    units = np.round(units * np.exp(rng.normal(0, 0.08, units.shape)))
    sparse = rng.random((len(INTERMITTENT), len(MONTHS))) < 0.6
    units[INTERMITTENT] = np.where(sparse, 0, units[INTERMITTENT])
    units[20, 30] = -5
    units[21, 40:42] = np.nan
    units[32, :40] = np.nan
    units[33, 50:] = np.nan
    sell_in = _rows(sell_in_units=units)
    return MarketTables(
        sell_in=sell_in[~((sell_in["sku"] == SKUS[33]) & sell_in["sell_in_units"].isna())],
        sell_out=_sell_out(units, promoted, rng),
        products=_products(),
        promotions=_promotions(promoted),
        totals_known=_totals(rng),
        covid_policy=_covid(rng),
    )


def _rows(**measures: np.ndarray) -> pd.DataFrame:
    keys = {"sku": np.repeat(SKUS, len(MONTHS)), "month": np.tile(MONTHS, len(SKUS))}
    rows = pd.DataFrame(keys | {name: values.ravel() for name, values in measures.items()}).astype({"sku": object})
    return rows.assign(restated_month=pd.Series(pd.NaT, index=rows.index, dtype="datetime64[ns]"))


def _sell_out(units: np.ndarray, promoted: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    rows = _rows(
        sell_out_units=np.round(np.abs(units) * rng.uniform(0.8, 1.2, units.shape)),
        stock_units=np.round(np.abs(units) * 2),
        price=rng.uniform(2, 9, (len(SKUS), 1)) * rng.uniform(0.9, 1.1, units.shape),
        distribution_pct=rng.uniform(30, 90, units.shape),
        is_promoted=promoted[:, : len(MONTHS)].astype(float),
    )
    return rows[rows["month"] >= MONTHS[24]]


def _products() -> pd.DataFrame:
    launched = [MONTHS[40] if sku == SKUS[32] else pd.NaT for sku in SKUS]
    of_month = pd.DataFrame(
        {
            "sku": pd.Series(SKUS, dtype=object),
            "category": [("tea", "ice", None)[number % 3] for number in range(len(SKUS))],
            "brand": [("own", "other")[number % 2] for number in range(len(SKUS))],
            "pack": [("h12", "h06")[number % 2] for number in range(len(SKUS))],
            "launch_month": pd.to_datetime(pd.Series(launched)),
            "end_month": pd.to_datetime(pd.Series([MONTHS[97] if sku == SKUS[5] else pd.NaT for sku in SKUS])),
            "reference_sku": [SKUS[33] if sku == SKUS[32] else None for sku in SKUS],
            "attribute_colour": "red",
            "attribute_late": None,
        }
    )
    return pd.concat([of_month.assign(month=month) for month in MONTHS], ignore_index=True)


def _promotions(promoted: np.ndarray) -> pd.DataFrame:
    """At each partition month the promotions of that month and of the 18 after it."""
    parts = []
    for place, month in enumerate(MONTHS):
        sku, ahead = np.nonzero(promoted[:, place : place + PLANNED_MONTHS_AHEAD + 1])
        planned = pd.date_range(month, periods=PLANNED_MONTHS_AHEAD + 1, freq="MS")[ahead]
        parts.append(
            pd.DataFrame({"sku": np.array(SKUS, dtype=object)[sku], "promotion_month": planned, "month": month})
        )
    return pd.concat(parts, ignore_index=True).assign(is_promoted=1.0, discount_pct=20.0)


def _totals(rng: np.random.Generator) -> pd.DataFrame:
    entities = [("market", "FR"), ("region", "EU"), ("world", "WORLD")]
    keys = [(level, entity, category) for level, entity in entities for category in ("tea", "ice", "UNKNOWN", "ALL")]
    parts = [
        pd.DataFrame(keys, columns=["level", "entity", "category"]).assign(
            total_month=month - pd.DateOffset(months=back), month=month
        )
        for month in MONTHS[12:]
        for back in (1, 2, 3)
    ]
    rows = pd.concat(parts, ignore_index=True)
    for measure in ("sell_in", "sell_out"):
        rows[f"{measure}_units"] = rng.uniform(1e3, 1e4, len(rows))
        rows[f"{measure}_growth_12"] = rng.normal(0, 0.1, len(rows))
        rows[f"{measure}_recent_ratio"] = rng.normal(1, 0.1, len(rows))
    return rows.assign(markets=3)


def _covid(rng: np.random.Generator) -> pd.DataFrame:
    indices = np.where(
        MONTHS.to_numpy()[:, None] >= np.datetime64("2020-03-01"), rng.uniform(20, 80, (len(MONTHS), 2)), 0
    )
    columns = {"stringency_index": indices[:, 0], "economic_support_index": indices[:, 1]}
    return pd.DataFrame({"month": MONTHS} | columns).assign(reason="observed")


def with_another_future(tables: MarketTables, origin: pd.Timestamp) -> MarketTables:
    """The same market up to the origin month, and everything that arrived later replaced by nonsense."""
    newcomer = pd.DataFrame({"sku": "A NEW SKU", "month": MONTHS[origin < MONTHS], "sell_in_units": WRONG})
    newcomer = newcomer.assign(restated_month=pd.Series(pd.NaT, index=newcomer.index, dtype="datetime64[ns]"))
    restated_too_late = pd.MultiIndex.from_product([[*SKUS, "A LATE SKU"], MONTHS[origin >= MONTHS]])
    restated_too_late = restated_too_late.set_names(["sku", "restated_month"]).to_frame(index=False)
    restated_too_late = restated_too_late.assign(month=origin + pd.DateOffset(months=1))
    told_late = pd.DataFrame({"sku": SKUS, "promotion_month": origin - pd.DateOffset(months=6)})
    told_late = told_late.assign(month=origin + pd.DateOffset(months=1), is_promoted=1.0, discount_pct=WRONG)
    sell_out_measures = ["sell_out_units", "stock_units", "price", "distribution_pct", "is_promoted"]
    return MarketTables(
        sell_in=pd.concat(
            [
                _replaced(tables.sell_in, origin, sell_in_units=WRONG), newcomer,
                restated_too_late.assign(sell_in_units=WRONG),
            ],
            ignore_index=True,
        ),
        sell_out=pd.concat(
            [
                _replaced(tables.sell_out, origin, **dict.fromkeys(sell_out_measures, WRONG)),
                restated_too_late.assign(**dict.fromkeys(sell_out_measures, WRONG)),
            ],
            ignore_index=True,
        ),
        products=_replaced(
            tables.products, origin, category="poison", brand="poison", pack="poison", attribute_colour="poison",
            attribute_late="poison", launch_month=MONTHS[0], end_month=MONTHS[1], reference_sku=SKUS[0],
        ),
        promotions=pd.concat(
            [_replaced(tables.promotions, origin, is_promoted=0.0, discount_pct=WRONG), told_late], ignore_index=True
        ),
        totals_known=_replaced(
            tables.totals_known, origin, **dict.fromkeys(tables.totals_known.filter(like="sell_").columns, WRONG)
        ),
        covid_policy=_replaced(tables.covid_policy, origin, stringency_index=WRONG, economic_support_index=WRONG),
    )  # fmt: skip


def _replaced(rows: pd.DataFrame, origin: pd.Timestamp, **values: object) -> pd.DataFrame:
    later = rows["month"] > origin
    return rows.assign(**{name: rows[name].where(~later, value) for name, value in values.items()})
