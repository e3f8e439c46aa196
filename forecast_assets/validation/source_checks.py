"""Checks of deliveries: the SQL tests of each table, and the plausibility of a month's numbers."""

from collections.abc import Mapping, Sequence

import pandas as pd

from forecast_assets.config.process_groups import CheckSettings
from forecast_assets.domain.demand.restatements import own_rows
from forecast_assets.sources.delivered import DeliveredSellIn, LeftOut
from forecast_assets.sources.landing.delivered_file import UnreadFile
from forecast_assets.sources.sql import SqlProject, SqlTestResult
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck, violating

TOTAL_PLAUSIBLE = CheckDeclaration(
    "market_total_plausible", "The market's total of the month is within a plausible ratio of its last year's median."
)
RETURNS_PLAUSIBLE = CheckDeclaration(
    "returns_plausible",
    "No SKU returns more in a month than a few times its best month of the year before (at least a usual SKU's month).",
)
UNKNOWN_SKUS = CheckDeclaration(
    "unknown_skus", "SKUs without a product row are few; a warning below the limit, an error above it."
)
UNKNOWN_COUNTRIES = CheckDeclaration(
    "unknown_countries", "Every delivered country code is a market in markets.yaml.", blocking=False
)
COUNTRY_SPELLING = CheckDeclaration(
    "country_spelling", "No row has the market's code in another spelling: such rows are not read."
)
FILES_READ = CheckDeclaration(
    "files_read",
    "Every file in the folder of the source is read; the others are named with the reason.",
    blocking=False,
)
POLICY_KNOWN = CheckDeclaration(
    "policy_known", "The tracker has a value of the market's country in every month of 2020 to 2022.", blocking=False
)
LEAST_MONTHS_TO_JUDGE = 3
SHOWN_CODES = 10
NOTHING_LEFT_OUT = LeftOut()


def sql_declarations(table: str) -> tuple[CheckDeclaration, ...]:
    """Return one check per SQL test of a table, named as its file."""
    project = SqlProject()
    return tuple(CheckDeclaration(name, project.file(name).description) for name in project.tests_of(table))


def sourced_declarations(table: str) -> tuple[CheckDeclaration, ...]:
    """Return the checks of ``sourced_checks`` but the one of the schema."""
    return (*sql_declarations(table), FILES_READ, COUNTRY_SPELLING, UNKNOWN_COUNTRIES)


SELL_IN = (*sourced_declarations("sell_in"), TOTAL_PLAUSIBLE, RETURNS_PLAUSIBLE, UNKNOWN_SKUS)
SELL_OUT = sourced_declarations("sell_out")
PRODUCTS = sourced_declarations("products")
PROMOTIONS = sourced_declarations("promotions")
OVERRIDES = sourced_declarations("overrides")
COVID_POLICY = (FILES_READ, POLICY_KNOWN)


def sourced_checks(
    table: str, sql_tests: Sequence[SqlTestResult], left_out: LeftOut = NOTHING_LEFT_OUT
) -> list[TableCheck]:
    """Return the schema check, the SQL tests of a table, and the checks of what is not used."""
    return [
        schema_check(table),
        *(_sql_check(result) for result in sql_tests),
        files_read(table, left_out.unread),
        _country_spelling(table, left_out.countries.misspelt),
        _unknown_countries(table, left_out.countries.unknown),
    ]


def sell_in_checks(delivered: DeliveredSellIn, limits: CheckSettings) -> list[TableCheck]:
    """Return all checks of ``sell_in``."""
    return [
        *sourced_checks("sell_in", delivered.sql_tests, delivered.left_out),
        _total_plausible(own_rows(delivered.rows), limits.max_total_change),
        _returns_plausible(own_rows(delivered.rows), limits.max_return_ratio),
        _unknown_skus(delivered.products, limits.max_unknown_sku_share),
    ]


def _sql_check(result: SqlTestResult) -> TableCheck:
    """Return the check of a SQL test's rows; rows without a month column count in every month of the run."""

    def find(_: pd.DataFrame, month: pd.Timestamp) -> Finding:
        rows = result.rows
        if "month" in rows:
            rows = rows[pd.to_datetime(rows["month"]) == month]
        more = f", {result.row_count} in all months" if result.row_count > len(rows) else ""
        return violating(rows, f"{len(rows)} rows that must not exist{more}: {result.description}")

    return CheckDeclaration(result.name, result.description).rule(find)


def _year_before(rows: pd.DataFrame, month: pd.Timestamp) -> pd.DataFrame:
    first = month - pd.DateOffset(months=12)
    return rows[(rows["month"] >= first) & (rows["month"] < month)]


def _total_plausible(rows: pd.DataFrame, limit: float) -> TableCheck:
    def find(rows_of_month: pd.DataFrame, month: pd.Timestamp) -> Finding:
        table = own_rows(rows_of_month)
        earlier = _year_before(rows, month).groupby("month")["sell_in_units"].sum()
        total, usual = float(table["sell_in_units"].sum()), float(earlier.median())
        if len(earlier) < LEAST_MONTHS_TO_JUDGE or usual <= 0:
            return Finding(figures={"total_units": total})
        ratio = total / usual
        message = (
            f"total {total:,.0f} units, median of the year before {usual:,.0f}: ratio {ratio:.2f}, expected "
            f"{1 / limit:.2f} to {limit:.2f}. Correct the delivery, or set FORECAST_MAX_TOTAL_CHANGE if it is right"
        )
        implausible = not 1 / limit <= ratio <= limit
        largest = table.reindex(table["sell_in_units"].abs().sort_values(ascending=False).index).head(10)
        return Finding(int(implausible), largest, message, figures={"total_units": total, "ratio": round(ratio, 4)})

    return TOTAL_PLAUSIBLE.rule(find)


def _returns_plausible(rows: pd.DataFrame, limit: float) -> TableCheck:
    def find(rows_of_month: pd.DataFrame, month: pd.Timestamp) -> Finding:
        table = own_rows(rows_of_month)
        best = _year_before(rows, month).groupby("sku")["sell_in_units"].max()
        # A young or small SKU may return more than it ever sold in a month, but not more than a usual SKU sells.
        usual = max(float(table["sell_in_units"].clip(lower=0).mean()), 0.0) if len(table) else 0.0
        judged = table.assign(best_month_units=table["sku"].map(best).fillna(0.0).clip(lower=usual))
        wrong = judged[judged["sell_in_units"] < -limit * judged["best_month_units"]]
        message = (
            f"{len(wrong)} SKUs return more than {limit:g} times their best month of the year before. Correct the "
            f"delivery, or set FORECAST_MAX_RETURN_RATIO if it is right"
        )
        return violating(wrong[["sku", "sell_in_units", "best_month_units"]], message)

    return RETURNS_PLAUSIBLE.rule(find)


def _unknown_skus(products: pd.DataFrame | None, limit: float) -> TableCheck:
    def find(rows_of_month: pd.DataFrame, month: pd.Timestamp) -> Finding:
        table = own_rows(rows_of_month)
        if products is None:
            return Finding(figures={"share_of_units": 0.0})
        of_month = products[products["month"] == month]
        listed = of_month.loc[of_month[["category", "brand", "pack"]].notna().any(axis=1), "sku"]
        unknown = table[~table["sku"].isin(listed) & (table["sell_in_units"] != 0)]
        total = float(table["sell_in_units"].abs().sum())
        share = float(unknown["sell_in_units"].abs().sum()) / total if total else 0.0
        message = (
            f"{len(unknown)} SKUs are in no product list, {share:.1%} of the units (limit {limit:.1%}). "
            f"Deliver products with them; until then their category is UNKNOWN"
        )
        rows = unknown[["sku", "sell_in_units"]]
        return violating(rows, message, is_warning=share <= limit, figures={"share_of_units": round(share, 4)})

    return UNKNOWN_SKUS.rule(find)


def files_read(source: str, unread: Sequence[UnreadFile]) -> TableCheck:
    """Return the check of files in a source's folder that are not read."""

    def find(_: pd.DataFrame, __: pd.Timestamp) -> Finding:
        rows = pd.DataFrame({"file": [each.place for each in unread], "reason": [each.reason for each in unread]})
        named = "; ".join(f"{each.place} ({each.reason})" for each in unread[:SHOWN_CODES])
        more = f" and {len(unread) - SHOWN_CODES} more" if len(unread) > SHOWN_CODES else ""
        step = "Deliver their rows in a format that is read, or remove them"
        return violating(rows, f"{len(unread)} files in {source} are not read: {named}{more}. {step}")

    return FILES_READ.rule(find)


def _country_spelling(source: str, codes: Mapping[str, int]) -> TableCheck:
    def find(_: pd.DataFrame, __: pd.Timestamp) -> Finding:
        named = ", ".join(f"{code!r} ({count:,} rows)" for code, count in list(codes.items())[:SHOWN_CODES])
        message = (
            f"rows of {named} in {source} are not read: the code is another spelling of the market's. Write the code "
            "of markets.yaml, or give the country a market of its own"
        )
        return violating(_by_code(codes), message)

    return COUNTRY_SPELLING.rule(find)


def _unknown_countries(source: str, codes: Mapping[str, int]) -> TableCheck:
    def find(_: pd.DataFrame, __: pd.Timestamp) -> Finding:
        named = ", ".join(_visible(code) for code in list(codes)[:SHOWN_CODES])
        message = f"rows of {named} are in no market: add the market to markets.yaml or drop the rows from {source}"
        return violating(_by_code(codes), message)

    return UNKNOWN_COUNTRIES.rule(find)


def _by_code(codes: Mapping[str, int]) -> pd.DataFrame:
    return pd.DataFrame({"country": list(codes), "rows": list(codes.values())})


def _visible(code: str) -> str:
    """Return a code, in quotes if it has characters that are not seen."""
    return code if code.isprintable() and " " not in code else repr(code)


def covid_policy_checks(iso3: str, unread: Sequence[UnreadFile]) -> list[TableCheck]:
    """Return the checks of ``covid_policy``; ``unread`` are the files beside those of the tracker."""

    def policy_known(table: pd.DataFrame, month: pd.Timestamp) -> Finding:
        unknown = table[table["reason"] == "no_data"]
        message = (
            f"the tracker files have no value of {iso3} in {month:%Y-%m}: deliver those that reach to December 2022, "
            "or correct iso3 in markets.yaml"
        )
        return violating(unknown, message)

    return [schema_check("covid_policy"), files_read("oxcgrt", unread), POLICY_KNOWN.rule(policy_known)]
