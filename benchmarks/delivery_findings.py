"""False and missed findings of the rules on deliveries: simulated companies, Australian retail, Stallion.

Months without a fault are judged as they are: every finding in them is false. Then each fault is planted in the last
month of every market. The six faults of the sample company go through files, the others through monthly rows.

Run: ``FORECAST_REAL_DATA=folder python -m benchmarks.delivery_findings``.
"""

import argparse
import os
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from forecast_assets.config.settings import load_settings
from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets.domain.deliveries.rules import RULES
from forecast_assets.operations.health.rehearsal import rehearsed_findings
from forecast_assets.sample import FAULTS, write_sample_company
from forecast_assets.sample.catalogue import make_catalogue
from forecast_assets.sample.countries import SAMPLE_MARKETS
from forecast_assets.sample.market import simulate_market
from forecast_assets.sample.timeline import make_timeline
from forecast_assets.sources.delivered import DeliveredSellIn
from forecast_assets.validation.source_checks import sell_in_checks

LAST = pd.Timestamp("2024-12-01")
MONTHS, SKUS, MARKETS, JUDGED_MONTHS = 72, 150, 8, 24
NO_PRODUCTS = pd.DataFrame(columns=["sku", "category", "end_month"])


@dataclass(frozen=True)
class MarketRows:
    """Monthly rows of a market by source, and its products."""

    name: str
    sources: dict[str, pd.DataFrame]
    products: pd.DataFrame

    @property
    def last(self) -> pd.Timestamp:
        """The last delivered month."""
        return self.sources["sell_in"]["month"].max()


def simulated(seed: int) -> Iterator[MarketRows]:
    """Generate the markets of a simulated company."""
    timeline = make_timeline(LAST, MONTHS)
    catalogue = make_catalogue(seed, SKUS, timeline)
    for market in SAMPLE_MARKETS[:MARKETS]:
        tables = simulate_market(catalogue, market, seed, SKUS, timeline)
        products = tables.products.sort_values("known_from").drop_duplicates("sku", keep="last")
        sources = {"sell_in": tables.sell_in}
        if len(tables.sell_out):
            sources["sell_out"] = tables.sell_out
        yield MarketRows(market.code, sources, products)


def public(folder: Path) -> Iterator[MarketRows]:
    """Generate the markets of a public data set in landing form."""
    rows = pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("landing/sell_in/*.parquet"))])
    rows["month"] = pd.to_datetime(rows["month"])
    listed = [pd.read_parquet(path) for path in sorted(folder.glob("landing/products/*.parquet"))]
    products = pd.concat(listed).reindex(columns=["sku", "category", "end_month"]) if listed else NO_PRODUCTS
    for country, of_market in rows.groupby("country"):
        yield MarketRows(str(country), {"sell_in": of_market}, products)


def findings(market: MarketRows, month: pd.Timestamp) -> list[str]:
    """Return the names of all findings in a month of a market."""
    found = []
    for source, rows in market.sources.items():
        known = rows[rows["month"] <= month]
        if known.empty or known["month"].max() < month:
            continue
        delivery = delivery_until(known, month, None, market.products if source == "sell_in" else None)
        found += [f"{source} {rule.name}" for rule in RULES if rule.find(delivery)]
    sell_in = market.sources["sell_in"].rename(columns={"units": "sell_in_units"})
    sell_in = sell_in[sell_in["month"] <= month]
    checks = sell_in_checks(DeliveredSellIn(sell_in, None, []), load_settings({}, with_markets=False).checks)
    now = sell_in[sell_in["month"] == month]
    plausible = [check for check in checks if check.name.endswith("_plausible")]
    return found + [check.name for check in plausible if check.find(now, month).violations]


def false_findings(markets: Iterator[MarketRows], months: int) -> tuple[Counter[str], float, list[MarketRows]]:
    """Count findings in the last months of each market, which have no fault; also return years and the markets."""
    counts, years, seen = Counter[str](), 0.0, []
    for market in markets:
        for month in pd.date_range(end=market.last, periods=months, freq="MS"):
            counts.update(findings(market, month))
        years += months / 12
        seen.append(market)
    return counts, years, seen


Change = Callable[[pd.DataFrame], pd.DataFrame]


def _times(factor: float) -> Change:
    return lambda rows: rows.assign(units=rows["units"] * factor)


def _one_sku_times(factor: float, rank: int) -> Change:
    """Change the SKU of a rank by units: one of the largest, or one in the middle."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        sku = rows.sort_values("units", ascending=False)["sku"].iloc[min(rank, len(rows) - 1)]
        return rows.assign(units=rows["units"].where(rows["sku"] != sku, rows["units"] * factor))

    return change


def _with_total(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows, rows.iloc[:1].assign(sku="9999", units=rows["units"].sum())], ignore_index=True)


PLANTED: dict[str, Change] = {
    "10 of 30 days, monthly rows": _times(10 / 30),
    "22 of 30 days, monthly rows": _times(22 / 30),
    "packs of 3, all SKUs": _times(1 / 3),
    "x 12, all SKUs": _times(12.0),
    "x 12, one of the largest SKUs": _one_sku_times(12.0, 2),
    "x 10, a middle SKU": _one_sku_times(10.0, 40),
    "1/10, one of the largest SKUs": _one_sku_times(0.1, 2),
    "a third of the SKUs missing": lambda rows: rows.iloc[len(rows) // 3 :],
    "total among the SKUs": _with_total,
    "SKU codes end in .0": lambda rows: rows.assign(sku=rows["sku"] + ".0"),
}


def detected(markets: list[MarketRows]) -> dict[str, tuple[int, int]]:
    """Return markets in which a planted fault brings a finding that the month does not have without it."""
    result = {}
    for name, change in PLANTED.items():
        hits = 0
        for market in markets:
            sell_in = market.sources["sell_in"]
            is_last = sell_in["month"] == market.last
            faulty = pd.concat([sell_in[~is_last], change(sell_in[is_last])], ignore_index=True)
            before = set(findings(market, market.last))
            after = findings(
                MarketRows(market.name, market.sources | {"sell_in": faulty}, market.products), market.last
            )
            hits += bool(set(after) - before)
        result[name] = (hits, len(markets))
    return result


def planted_in_files() -> dict[str, str]:
    """Return, for each fault of the sample company, what a rehearsal of the month finds."""
    result = {}
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            base = Path(folder)
            write_sample_company(
                base / "landing",
                markets=2,
                skus=20,
                months=36,
                faults=[f"{fault}:FR"],
                markets_file=base / "markets.yaml",
            )
            settings = load_settings(
                {
                    "FORECAST_LANDING": str(base / "landing"),
                    "FORECAST_STORE": str(base / "store"),
                    "FORECAST_MARKETS": str(base / "markets.yaml"),
                }
            )
            found = rehearsed_findings(settings, "FR", LAST)
            result[fault] = ", ".join(f"{each.name} ({each.effect})" for each in found) or "NOT FOUND"
    return result


def main(given: list[str] | None = None) -> None:
    """Print the tables of false findings and of planted faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[7, 8, 9], help="seeds of simulated companies")
    options = parser.parse_args(given)
    warnings.simplefilter("ignore")
    sets: dict[str, tuple[Iterator[MarketRows], int]] = {
        f"simulated company, seed {seed}": (simulated(seed), JUDGED_MONTHS) for seed in options.seeds
    }
    if "FORECAST_REAL_DATA" in os.environ:
        folder = Path(os.environ["FORECAST_REAL_DATA"])
        sets |= {name: (public(folder / name), JUDGED_MONTHS) for name in ("aus_retail", "stallion")}
    print("| set | market-years | false findings | a market and year | by kind |\n|---|---|---|---|---|")
    planted: dict[str, list[tuple[int, int]]] = {name: [] for name in PLANTED}
    for name, (markets, months) in sets.items():
        counts, years, seen = false_findings(markets, months)
        total = sum(counts.values())
        kinds = ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
        print(f"| {name} | {years:.0f} | {total} | {total / years:.2f} | {kinds} |", flush=True)
        if name.startswith("simulated"):
            for fault, hits in detected(seen).items():
                planted[fault].append(hits)
    print("\n| planted in the last month of each market | found in |\n|---|---|")
    for fault, hits in planted.items():
        print(f"| {fault} | {sum(hit for hit, _ in hits)} of {sum(count for _, count in hits)} markets |")
    print("\n| fault of the sample company | found as |\n|---|---|")
    for fault, text in planted_in_files().items():
        print(f"| `{fault}` | {text} |", flush=True)


if __name__ == "__main__":
    main()
