"""Import of a workbook that a planner filled in: checked against the publication, delivered as a file of overrides.

The file has one row per cell of a market and origin month. An import replaces it as a whole, so of two numbers for a
cell the later import's stays. The rules are in ``domain/publication/override_entries.py``.
"""

from dataclasses import dataclass

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.publication.override_entries import (
    CELL,
    Entry,
    changed_since,
    changes_of,
    joined,
    problems_of,
    publication_hash,
)
from forecast_assets.domain.publication.override_states import Person
from forecast_assets.domain.publication.total_entries import split_totals
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.operations.overrides.delivery_file import (
    SOURCE,
    DeliveryFile,
    ImportRefused,
    delivery_file,
    replace_rows,
)
from forecast_assets.operations.overrides.replaced_numbers import report_replaced
from forecast_assets.reports.override_reader import FilledWorkbook
from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.opened import open_landing
from forecast_assets.storage import PartitionKey, TableStore

PUBLISHED, PRODUCTS = "published_forecasts", "products"
COLUMNS = [*CELL, "forecast_units", "model_units", "category", "source"]
NAMED = 10


@dataclass(frozen=True)
class OverrideImport:
    """A checked import.

    Attributes:
        country, origin: Market and origin month.
        changes: Cells that change, as ``changes_of``.
        file: The delivery file before the import.
        rows: Its rows after it.
    """

    country: str
    origin: pd.Timestamp
    changes: pd.DataFrame
    file: DeliveryFile
    rows: pd.DataFrame

    @property
    def new_rows(self) -> pd.DataFrame:
        """The rows of the changed cells."""
        keys = pd.MultiIndex.from_frame(self.changes[CELL])
        return self.rows[pd.MultiIndex.from_frame(self.rows[CELL]).isin(keys)].reset_index(drop=True)


def check_import(
    settings: Settings, store: TableStore, workbook: FilledWorkbook, author: Person, now: pd.Timestamp
) -> OverrideImport:
    """Check a workbook against the publication, the entries before it and the other deliveries. Nothing is written.

    Raises:
        ImportRefused: If the workbook is stale, an entry breaks a rule, or another file delivers one of its cells.
    """
    country, origin = workbook.market, workbook.origin_month
    if not author.name.strip():
        raise ImportRefused("--author is empty: the name of the planner is stored with every number")
    published = _publication(settings, store, workbook)
    file = delivery_file(settings, PartitionKey(origin, country))
    pending = file.rows
    changes = changes_of(_entries(store, workbook, published, pending), published, pending)
    if settings.sources.dremio is None:
        _require_undelivered(settings, country, origin, changes, pending, now)
    rows = joined(pending, changes, country, origin, author.label, now.isoformat(timespec="seconds"))
    return OverrideImport(country, origin, changes, file, rows)


def deliver(settings: Settings, checked: OverrideImport) -> None:
    """Write the delivery file of a checked import, and alert the planners whose numbers it replaces.

    Raises:
        ImportRefused: If another import has written the file since the check.
    """
    replace_rows(settings, checked.file, checked.rows)
    report_replaced(settings, checked.file.partition, checked.file.rows, checked.new_rows)


def _publication(settings: Settings, store: TableStore, workbook: FilledWorkbook) -> pd.DataFrame:
    """Return the publication that the workbook shows. Raises ImportRefused if it shows another, or the month closed."""
    country, origin = workbook.market, workbook.origin_month
    partition = PartitionKey(origin, country)
    if country not in settings.market_table:
        raise ImportRefused(f"_key!B2: no market {country} in {settings.markets.file}")
    if not store.exists(PUBLISHED, partition):
        raise ImportRefused(f"{country} {origin:%Y-%m} is not published: there is no number to change")
    if PublishedMonths(store).is_closed(country, origin):
        raise ImportRefused(
            f"{country} {origin:%Y-%m} is closed: a later month is published, too. Fill in the workbook of that month"
        )
    published = store.read(PUBLISHED, [partition], columns=COLUMNS).astype({"sku": object})
    if publication_hash(published) != workbook.content_hash:
        lines = changed_since(workbook.published, published)
        more = [f"and {len(lines) - NAMED} more"] if len(lines) > NAMED else []
        head = (
            f"the workbook is stale: {country} {origin:%Y-%m} was published again, {len(lines)} numbers differ. Take "
            "the workbook of the report again and enter your numbers there"
        )
        raise ImportRefused("\n".join([head, *lines[:NAMED], *more]))
    typed_over = changed_since(workbook.published, published)
    if typed_over:
        head = "rows Published were changed in the workbook. Your numbers belong in the rows Yours below them"
        raise ImportRefused("\n".join([head, *typed_over[:NAMED]]))
    return published


def _entries(
    store: TableStore, workbook: FilledWorkbook, published: pd.DataFrame, pending: pd.DataFrame
) -> list[Entry]:
    """Return the entries of SKUs, and those that totals are split into. Raises ImportRefused for broken rules."""
    partition = PartitionKey(workbook.origin_month, workbook.market)
    problems = problems_of(workbook.entries, published)
    split: list[Entry] = []
    if not problems and workbook.totals:
        has_products = store.exists(PRODUCTS, partition)
        products = store.read(PRODUCTS, [partition]) if has_products else pd.DataFrame(columns=["sku"])
        split, problems = split_totals(workbook.totals, workbook.entries, published, pending, products)
        problems += problems_of(split, published)
    if problems:
        raise ImportRefused("\n".join(problems))
    return [*workbook.entries, *split]


def _require_undelivered(
    settings: Settings,
    country: str,
    origin: pd.Timestamp,
    changes: pd.DataFrame,
    pending: pd.DataFrame,
    now: pd.Timestamp,
) -> None:
    """Raise ImportRefused for cells that another file of the landing folder delivers: two numbers would contradict."""
    landing = open_landing(settings)
    if not landing.has_source(SOURCE):
        return
    try:
        rows = landing.relation(SOURCE, country, now.tz_localize(None).normalize()).df()
    except LandingError as error:
        raise ImportRefused(f"the overrides that are delivered cannot be read: {error}") from error
    months = {name: pd.to_datetime(rows[name]).dt.as_unit("ns") for name in ("origin_month", "target_month")}
    delivered = rows[["sku", "author", "forecast_units"]].assign(**months)
    delivered = delivered[delivered["origin_month"] == origin]
    own = pd.MultiIndex.from_frame(pending[CELL])
    foreign = delivered[~pd.MultiIndex.from_frame(delivered[CELL]).isin(own)]
    clash = foreign.merge(changes[CELL], on=CELL, how="inner")
    if len(clash):
        lines = [
            f"SKU {row.sku} for {row.target_month:%Y-%m} is delivered as {row.forecast_units:,.10g} by "
            f"{row.author or 'unknown'} in another file of {SOURCE}; change it there"
            for row in clash.head(NAMED).itertuples()
        ]
        raise ImportRefused("\n".join(lines))
