"""``champion``: One row per market and month: the recipe in force, and every number by which it is."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from forecast_assets.schemas.table import Table, first_of_month


def _figure(description: str) -> object:
    return pa.Field(nullable=True, description=description)


class Champion(Table):
    """One row per market and month: the recipe in force, and every number by which it is."""

    recipe_id: Series[str] = pa.Field(description="Recipe in force: first 12 hex digits of the SHA-256 of its JSON")
    recipe: Series[str] = pa.Field(description="Recipe in force as sorted JSON, without the number of threads")
    since_month: Series[pa.DateTime] = pa.Field(description="Since when it is in force")
    outcome: Series[str] = pa.Field(
        isin=["first", "unchanged", "promoted", "held", "refused"], description="What became of the challenger"
    )
    source: Series[str] = pa.Field(
        isin=["model", "champion", "baseline"], description="What the published forecast is made by"
    )
    challenger_id: Series[str] = pa.Field(description="Recipe that settings and latest tuning ask for")
    champion_before_id: Series[str] = pa.Field(nullable=True, description="Recipe in force before; null: none")
    scored_cells: Series[int] = pa.Field(ge=0, description="Cells of the backtest that all compared have")
    scored_skus: Series[int] = pa.Field(ge=0, description="SKUs among them")
    scored_origins: Series[int] = pa.Field(ge=0, description="Origins among them")
    wape_challenger: Series[float] = _figure("WAPE of the recipe under test on the backtest")
    wape_champion: Series[float] = _figure("WAPE of the champion; null where there is no rival")
    wape_baseline: Series[float] = _figure("WAPE of Holt-Winters")
    wape_naive: Series[float] = _figure("WAPE of the seasonal naive")
    bias_challenger: Series[float] = _figure("Bias of the recipe under test; positive: over-forecast")
    bias_champion: Series[float] = _figure("Bias of the champion")
    bias_baseline: Series[float] = _figure("Bias of Holt-Winters")
    bias_naive: Series[float] = _figure("Bias of the seasonal naive")
    wape_ratio: Series[float] = _figure("WAPE of the recipe under test over the champion's, without one the baseline's")
    wape_ratio_p05: Series[float] = _figure("Lower end of the ratio's 90 per cent interval")
    wape_ratio_p95: Series[float] = _figure("Upper end of the ratio's 90 per cent interval")
    verdict: Series[str] = pa.Field(description="Paired test on that ratio")
    class_ratios: Series[str] = pa.Field(description="The ratio to the champion by ABC class, as JSON")
    conditions: Series[str] = pa.Field(description="Conditions of the rule with figure, limit and result, as JSON")
    reason: Series[str] = pa.Field(description="Why this recipe and this source")

    class Config(Table.Config):
        unique = ["recipe_id"]

    @pa.check("since_month", name="first_of_month")
    def month_is_first_of_month(cls, months: Series) -> Series:
        return first_of_month(months)

    @pa.dataframe_check(name="one_row")
    def one_row(cls, table: pd.DataFrame) -> bool:
        return len(table) == 1
