"""Inputs of a what-if, read from the store as the assets ``features``, ``forecasts`` and ``published_forecasts`` do."""

import dataclasses

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.calendar import add_months, month_range
from forecast_assets.domain.demand.demand_panel import DemandPanel, panel_from_rows
from forecast_assets.domain.demand.restatements import RESTATED_MONTH
from forecast_assets.domain.features.market_at_origin import FEATURE_WINDOW_MONTHS
from forecast_assets.domain.features.market_history import MarketHistory, market_history
from forecast_assets.domain.models.market_model import MarketModel
from forecast_assets.domain.models.market_model_storage import champion_from_parts, model_from_parts
from forecast_assets.domain.models.predictions import MEMBER_MONTHS
from forecast_assets.domain.portfolio.portfolio_rules import HISTORY_MONTHS
from forecast_assets.domain.publication.published_forecasts import Decision
from forecast_assets.domain.statistical.baseline import BASELINE_WINDOW_MONTHS
from forecast_assets.storage import ListedOnce, PartitionKey, TableReader
from forecast_assets.storage.table_specs import table_specs

UNITS = ["sku", "sell_in_units", RESTATED_MONTH]
POLICY_MONTHS = 24
REQUIRED = ("published_forecasts", "model", "champion", "features", "baseline_forecasts", "products", "history_marks")
PARTITION = ["country", "month"]


class WhatIfError(ValueError):
    """A what-if cannot be computed: what is missing, and the command that makes it."""


@dataclasses.dataclass(frozen=True)
class WhatIfInputs:
    """Everything that a market's forecast of one origin was made from.

    Attributes:
        country, origin: Market and origin month.
        history: Deliveries that features are built from.
        panel: Sell-in with marks, ending at the origin.
        products, promotions, overrides: As known at the origin, without partition columns.
        model, champion: Trained learners of the month.
        decision: Source of the publication, and its reason.
        published: Rows of ``published_forecasts``.
    """

    country: str
    origin: pd.Timestamp
    history: MarketHistory
    panel: DemandPanel
    products: pd.DataFrame
    overrides: pd.DataFrame
    model: MarketModel
    champion: MarketModel | None
    decision: Decision
    published: pd.DataFrame

    @property
    def promotions(self) -> pd.DataFrame:
        """Promotions as known at the origin."""
        return self.history.promotions


def read_inputs(settings: Settings, store: TableReader, partition: PartitionKey) -> WhatIfInputs:
    """Read the inputs of a market's forecast.

    Raises:
        WhatIfError: If a table of the month is missing.
    """
    reader, origin, country = ListedOnce(store), partition.month, str(partition.country)
    missing = [table for table in REQUIRED if not reader.exists(table, partition)]
    if missing:
        raise WhatIfError(
            f"{country} {origin:%Y-%m} has no {', '.join(missing)}: run forecast-assets cycle --month {origin:%Y-%m} "
            f"--country {country} first"
        )

    def read(table: str, months: int = 1, columns: list[str] | None = None) -> pd.DataFrame:
        every = [PartitionKey(month, country) for month in month_range(add_months(origin, 1 - months), origin)]
        return reader.read(table_specs()[table], every, columns, missing="skip")

    market = settings.market_table[country]
    marks, products = read("history_marks"), read("products")
    totals = reader.read(table_specs()["demand_totals_known"], [PartitionKey(origin)], missing="skip")
    sell_in = read("sell_in", max(HISTORY_MONTHS, MEMBER_MONTHS, BASELINE_WINDOW_MONTHS), UNITS)
    recent = sell_in[sell_in["month"] > add_months(origin, -FEATURE_WINDOW_MONTHS)]
    history = market_history(
        country, market.region, market.iso2, recent, read("sell_out", FEATURE_WINDOW_MONTHS), marks=marks,
        products=products, promotions=read("promotions"), totals_known=totals,
        covid_policy=read("covid_policy", POLICY_MONTHS),
    )  # fmt: skip
    (decided,) = read("champion").to_dict("records")
    model = read("model")
    return WhatIfInputs(
        country, origin, history, panel_from_rows(sell_in, sell_in["month"].min(), origin).with_marks(marks), products,
        read("overrides").drop(columns=PARTITION), model_from_parts(model), champion_from_parts(model),
        Decision(str(decided["source"]), str(decided["reason"])), read("published_forecasts"),
    )  # fmt: skip
