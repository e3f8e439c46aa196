"""Public record: monthly accuracy of the real product on Australian retail, against Holt-Winters. ``make record``.

Months are delivered one after the other: before each cycle the landing folder has the rows up to its month and no later
one. The cycle is ``forecast-assets cycle``, with the defaults of the product. What was published is compared with the
turnover of later months, by market, level and lag. ``run`` continues where an earlier call stopped; ``page`` writes
docs/record.md from what there is.
"""

import argparse
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import yaml

from forecast_assets.domain.evaluation.accuracy import bias, wape

COMMAND = Path(sys.executable).parent / "forecast-assets"
# Origins from which on a record is no longer called short.
ENOUGH = 24
PROVENANCE = b"forecast_assets.provenance"
LAGS = ((1, 1), (2, 3), (4, 6), (7, 12), (13, 18))
LEVELS = {"industry": ["country", "sku"], "state": ["country"], "all states": []}
METHODS = {"published": "forecast_units", "Holt-Winters": "baseline_units"}


def main() -> None:
    """Run cycles, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with landing/ and markets.yaml")
    parser.add_argument("--work", type=Path, required=True, help="folder of the company, kept between calls")
    parser.add_argument("--first", default="2016-07", help="first origin month")
    parser.add_argument("--last", default="2018-06", help="last origin month")
    parser.add_argument("--since", default="2004-01", help="first month of the history that is delivered")
    parser.add_argument("--out", type=Path, default=Path("docs/record.md"))
    parser.add_argument("step", choices=("run", "page"))
    options = parser.parse_args()
    if options.step == "page":
        options.out.write_text(page(options.data, options.work, options.since), encoding="utf-8")
        return
    for month in pd.period_range(options.first, options.last, freq="M"):
        if not published_files(options.work / "store", month):
            run_cycle(options.data, options.work, month, options.since)


def run_cycle(data: Path, work: Path, month: pd.Period, since: str) -> None:
    """Deliver the rows up to a month and run its cycle."""
    stage_landing(data / "landing", work / "landing", since, month)
    write_markets(data / "markets.yaml", work / "markets.yaml", since)
    environment = os.environ | {
        "FORECAST_LANDING": str(work / "landing"),
        "FORECAST_STORE": str(work / "store"),
        "FORECAST_MARKETS": str(work / "markets.yaml"),
        "DAGSTER_HOME": str(work / "home"),
        "MLFLOW_TRACKING_URI": "",
        "FORECAST_MAX_THREADS": "1",
    }
    if not (work / "home").exists():
        subprocess.run([COMMAND, "prepare"], env=environment, check=True)
    subprocess.run([COMMAND, "cycle", "--month", str(month)], env=environment, check=True)


def stage_landing(source: Path, target: Path, since: str, month: pd.Period) -> None:
    """Write the deliveries as they stood at the end of a month: no row of a later one."""
    (target / "sell_in").mkdir(parents=True, exist_ok=True)
    (target / "products").mkdir(exist_ok=True)
    rows = pd.read_parquet(source / "sell_in" / "aus_retail.parquet")
    when = pd.to_datetime(rows["month"]).dt.to_period("M")
    rows[(when >= pd.Period(since)) & (when <= month)].to_parquet(
        target / "sell_in" / "aus_retail.parquet", index=False
    )
    products = source / "products" / "products.parquet"
    (target / "products" / "products.parquet").write_bytes(products.read_bytes())


def write_markets(source: Path, target: Path, since: str) -> None:
    """Write the markets with the first month of the delivered history."""
    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    for market in content["markets"]:
        market["since"] = f"{max(str(market['since'])[:7], since)}-01"
    target.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def published_files(store: Path, month: pd.Period) -> list[Path]:
    """Return the published forecasts of an origin month."""
    return sorted(store.glob(f"published_forecasts/country=*/month={month}-01/*.parquet"))


def commits(store: Path) -> dict[str, list[pd.Period]]:
    """Return the origin months by the commit that published them, as the files themselves name it."""
    months: dict[str, set[pd.Period]] = {}
    for path in store.glob("published_forecasts/country=*/month=*/*.parquet"):
        stored = (pq.read_metadata(path).metadata or {}).get(PROVENANCE)
        if stored:
            month = pd.Period(path.parts[-2].partition("=")[2], "M")
            months.setdefault(json.loads(stored)["git_sha"][:12], set()).add(month)
    return {commit: sorted(own) for commit, own in sorted(months.items(), key=lambda each: min(each[1]))}


def compared(data: Path, store: Path) -> pd.DataFrame:
    """Return one row per published number whose month has a turnover, with ``actual_units``.

    An origin of which a market is missing is left out: its cycle is not done.
    """
    frames = []
    for path in sorted(store.glob("published_forecasts/country=*/month=*/*.parquet")):
        frame = pd.read_parquet(path, partitioning=None)
        frames.append(frame.assign(country=path.parts[-3].partition("=")[2]))
    forecasts = pd.concat(frames, ignore_index=True)
    forecasts = forecasts[["country", "sku", "origin_month", "target_month", "horizon_months", *METHODS.values()]]
    published = forecasts.groupby("origin_month")["country"].transform("nunique")
    forecasts = forecasts[published == forecasts["country"].nunique()].copy()
    for name in ("origin_month", "target_month"):
        forecasts[name] = pd.to_datetime(forecasts[name])
    actuals = pd.read_parquet(data / "landing" / "sell_in" / "aus_retail.parquet")
    actuals = actuals.assign(target_month=pd.to_datetime(actuals["month"]), actual_units=actuals["units"])
    keys = ["country", "sku", "target_month"]
    return forecasts.merge(actuals[[*keys, "actual_units"]], on=keys, how="inner", validate="m:1")


def scores(cells: pd.DataFrame, level: str) -> Iterator[dict[str, object]]:
    """Yield WAPE and bias of both methods by market (``all``: over all) and lag, of sums at a level."""
    by = [*LEVELS[level], "origin_month", "target_month", "horizon_months"]
    sums = cells.groupby(by, as_index=False)[["actual_units", *METHODS.values()]].sum()
    groups = [("all", sums)]
    if "country" in sums.columns:
        groups += [(str(code), rows) for code, rows in sums.groupby("country")]
    for market, rows in groups:
        for first, last in LAGS:
            own = rows[rows["horizon_months"].between(first, last)]
            if not own.empty:
                yield {"market": market, "lags": f"{first}" if first == last else f"{first} to {last}", **_row(own)}


def _row(rows: pd.DataFrame) -> dict[str, object]:
    actual = rows["actual_units"].to_numpy()
    result: dict[str, object] = {"numbers": len(rows)}
    for method, column in METHODS.items():
        forecast = rows[column].to_numpy()
        result |= {f"WAPE {method}": wape(actual, forecast), f"bias {method}": bias(actual, forecast)}
    return result


def page(data: Path, work: Path, since: str) -> str:
    """Return the page as Markdown."""
    cells = compared(data, work / "store")
    origins = sorted(cells["origin_month"].unique())
    words = (
        "Turnover of Australian retail by state and industry (Australian Bureau of Statistics, by way of tsibbledata; "
        f"CC BY 4.0), delivered month by month to the product as it is. History from {since}. Each number was "
        "published before its month was delivered."
    )
    points = [
        f"**{len(origins)} origins**, {origins[0]:%Y-%m} to {origins[-1]:%Y-%m}; turnover up to "
        f"{cells['target_month'].max():%Y-%m}; {len(cells):,} published numbers compared.",
        "Error = forecast - actual. WAPE = sum of absolute errors / sum of actuals. Bias = sum of errors / the same.",
        "Holt-Winters is the baseline that is published beside each number. Both are compared on the same numbers.",
        "By state and over all states, forecasts and actuals are summed before they are compared.",
        "Later origins are compared at fewer lags: the data ends.",
    ]
    last = pd.Period(origins[-1], "M")
    by_commit = [
        f"{own[0]} to {min(own[-1], last)} by {commit}"
        for commit, own in commits(work / "store").items()
        if own[0] <= last
    ]
    if by_commit:
        points.append(f"Commits of the code that published: {', '.join(by_commit)}.")
    if len(origins) < ENOUGH:
        points.append(f"Fewer than {ENOUGH} origins are a short record: read small differences with care.")
    listed = "\n".join(textwrap.fill(each, 116, initial_indent="- ", subsequent_indent="  ") for each in points)
    parts = [
        "<!-- Generated by `make record` from public data. -->\n# Public record",
        textwrap.fill(words, 118),
        listed,
    ]
    for level in LEVELS:
        rows = list(scores(cells, level))
        parts += [f"## By {level}" if level != "all states" else "## All states", _table(rows)]
    return "\n\n".join(parts) + "\n"


def _table(rows: list[dict[str, object]]) -> str:
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_text(name, row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def _text(name: str, value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1%}".replace("%", " %") if name.startswith("WAPE") else f"{value:+.1%}".replace("%", " %")
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()
