"""A market with a publication to change: FR, origin June, SKUs a and b, and the workbook of its report."""

from io import BytesIO

import openpyxl
import pandas as pd

from forecast_assets.config.settings import load_settings
from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.domain.publication.override_states import Person
from forecast_assets.domain.publication.published_forecasts import Decision, published_forecasts
from forecast_assets.operations.overrides.import_workbook import check_import, deliver
from forecast_assets.reports import MarketReport, render_workbook
from forecast_assets.reports.override_reader import read_override_workbook
from forecast_assets.sources.opened import open_sources
from forecast_assets.storage import PartitionKey, Provenance
from forecast_assets.storage.opened import open_store
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.market_state.publications import publication
from forecast_assets_tests.repository_settings import MARKETS

JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-0{month}-01") for month in (6, 7, 8))
NOW = pd.Timestamp("2024-07-03 10:00", tz="UTC")
PARTITION = PartitionKey(JUNE, "FR")
NO_ROWS = pd.DataFrame(columns=["sku", "month", "sell_in_units"]).astype({"month": "datetime64[ns]"})


class Planning:
    """FR with June published by the model: SKU a 100 and 110 units, SKU b 40 and 44."""

    def __init__(self, base) -> None:
        names = {"MARKETS": MARKETS, "STORE": str(base / "store"), "LANDING": str(base / "landing")}
        self.variables = {f"FORECAST_{name}": value for name, value in names.items()}
        self.landing = base / "landing"
        self.landing.mkdir()
        self.settings = load_settings(self.variables)
        self.store = open_store(self.settings)
        cells = [("a", JULY, 1, 100.0), ("a", AUGUST, 2, 110.0), ("b", JULY, 1, 40.0), ("b", AUGUST, 2, 44.0)]
        parts = [
            publication(
                JUNE, sku=sku, target_month=month, horizon_months=lag, forecast_units=units, model_units=units,
                baseline_units=units - 10, naive_units=units - 20, forecast_units_p10=units - 1,
                forecast_units_p90=units + 1,
            )
            for sku, month, lag, units in cells
        ]  # fmt: skip
        self.forecasts = pd.concat(parts, ignore_index=True).drop(columns=["status", "source", "reason"])
        self.publish(pd.DataFrame(columns=["sku", "target_month", "forecast_units", "author", "reason"]))

    def publish(self, overrides: pd.DataFrame) -> pd.DataFrame:
        typed = overrides.astype({"target_month": "datetime64[ns]", "forecast_units": float})
        table = published_forecasts(self.forecasts, Decision("model", "good"), typed, "published")
        self.store.write(
            table_specs()["published_forecasts"], PARTITION, with_every_quantile(table), Provenance("run", "dev", "sha")
        )
        return table

    def workbook(self, *numbers: tuple) -> BytesIO:
        """Return the month's workbook with entries (SKU or group, month, units, reason, comment)."""
        published = self.store.read("published_forecasts", [PARTITION])
        products = pd.DataFrame({"sku": ["a", "b"], "category": "tea"})
        report = MarketReport(
            "FR", "France", "Europe", "live", JUNE, "dev-2024-06", "sha", NO_ROWS, published, pd.DataFrame(), None,
            products, {},
        )  # fmt: skip
        book = openpyxl.load_workbook(BytesIO(render_workbook(report)))
        for name, month, units, reason, comment in numbers:
            sheet, key, line = (book["Overrides"], 0, 3) if name in ("a", "b") else (book["Totals"], 1, 2)
            row = next(r[0].row for r in sheet.iter_rows() if (r[key].value, r[line].value) == (name, "Yours"))
            columns = {cell.value: cell.column_letter for cell in sheet[1]}
            for title, value in ((f"{month:%Y-%m}", units), ("Reason", reason), ("Comment", comment)):
                sheet[f"{columns[title]}{row}"] = value
        return saved(book)

    def check(self, file: BytesIO, author: str = "Ann"):
        return check_import(self.settings, self.store, read_override_workbook(file), Person(author), NOW)

    def bring_in(self, file: BytesIO, author: str = "Ann"):
        checked = self.check(file, author)
        deliver(self.settings, checked)
        return checked

    def overrides(self) -> pd.DataFrame:
        """Read the month's overrides as the asset does."""
        return open_sources(self.settings).rows("overrides", "FR", [JUNE])


def saved(book) -> BytesIO:
    buffer = BytesIO()
    book.save(buffer)
    buffer.seek(0)
    return buffer
