"""The company report: one page over all markets, with a link to the page of each."""

from dataclasses import dataclass

import pandas as pd

from forecast_assets.domain import number_format
from forecast_assets.domain.company.company_rows import CATEGORY, MARKET, NOT_PUBLISHED, REGION, WORLD, has_sum

PAGE, TABLE = "company_report.html", "company_report.parquet"


@dataclass(frozen=True)
class CompanyReport:
    """Content of the page.

    Attributes:
        origin_month: The origin month.
        rows: ``company_rows``.
        currency: Currency of the sums; empty if they are in the only currency there is, or there are none.
    """

    origin_month: pd.Timestamp
    rows: pd.DataFrame
    currency: str

    @property
    def ready(self) -> str:
        """Number of live markets that are ready, in words."""
        markets = self.rows[(self.rows["level"] == MARKET) & (self.rows["stage"] == "live")]
        return f"{int(markets['ready'].sum())} of {len(markets)} markets ready"


def page_of_market(country: str, origin: pd.Timestamp) -> str:
    """Return the path of a market's page below the store."""
    return f"market_report/country={country}/month={origin:%Y-%m-%d}/market_report.html"


def page_of_company(origin: pd.Timestamp) -> str:
    """Return the path of the company's page below the store."""
    return f"company_report/month={origin:%Y-%m-%d}/{PAGE}"


def render_company_page(report: CompanyReport) -> str:
    """Return the self-contained page. The same report gives the same text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("forecast_assets", "reports"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "units": number_format.format_units,
        "percent": number_format.format_percent,
        "signed_percent": number_format.format_signed_percent,
        "month": number_format.format_month,
    }
    # From the page's folder to the store: the links work from a folder and behind any address.
    links = {
        row["entity"]: f"../../{page_of_market(row['entity'], report.origin_month)}"
        for row in report.rows[report.rows["level"] == MARKET].to_dict("records")
        if row["status"] != NOT_PUBLISHED
    }
    by_level = {level: _records(report.rows, level) for level in (WORLD, REGION, MARKET, CATEGORY)}
    return environment.get_template("company.html.jinja").render(
        report=report, sums=by_level[WORLD] + by_level[REGION], markets=by_level[MARKET],
        categories=by_level[CATEGORY], links=links, has_sum=has_sum(report.rows),
    )  # fmt: skip


def _records(rows: pd.DataFrame, level: str) -> list[dict]:
    part = rows[rows["level"] == level]
    texts = {name: part[name].fillna("") for name in ("name", "region", "stage", "currency", "status")}
    return part.assign(**texts).to_dict("records")
