"""The sell_in mart against an independent slow version: a loop over months and SKUs as the contract reads."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.restatements import known_rows
from forecast_assets.sources.sql import DuckDbEngine
from forecast_assets_tests.sources.landing.deliveries import TODAY

MONTHS = list(pd.date_range("2022-01-01", "2024-06-01", freq="MS"))


def random_delivery(seed):
    random = np.random.default_rng(seed)
    closed = set(random.choice(len(MONTHS), 3, replace=False))
    sell_in = [
        (f"S{sku}", month, float(random.integers(-2, 30)))
        for sku in range(12)
        for position, month in enumerate(MONTHS)
        if position not in closed and position > random.integers(0, 12) and random.random() < (0.1 if sku < 6 else 0.7)
    ]
    products = []
    for sku in range(14):
        for _ in range(random.integers(0, 3)):
            country = str(random.choice(["", "FR", "DE"]))
            known = str(random.choice(["", *(f"{month:%Y-%m}-15" for month in MONTHS)]))
            launch, end = (str(random.choice(["", *(f"{month:%Y-%m}" for month in MONTHS)])) for _ in range(2))
            products.append((f"S{sku}", country, launch, end, known))
    unique = {
        (sku, country, known): (sku, country, launch, end, known) for sku, country, launch, end, known in products
    }
    return sell_in, list(unique.values())


def product_known(products, sku, month):
    """(launch, end, names the market) as known at the end of a month, by sorting the visible rows."""
    visible = []
    for name, country, launch, end, known in products:
        if name != sku or country == "DE":
            continue
        if known and pd.Timestamp(known) > month + pd.offsets.MonthEnd(1):
            continue
        dates = [pd.Timestamp(text) if text else None for text in (launch, end)]
        dates = [date if known or date is None or date <= month else None for date in dates]
        visible.append((country == "FR", known, *dates))
    if not visible:
        return None, None, False
    names_market, _, launch, end = max(visible, key=lambda row: row[:2])
    return launch, end, names_market


def slow_sell_in(sell_in, products, missing_month):
    rows = []
    for month in MONTHS:
        if not any(delivered == month for _, delivered, _ in sell_in):
            continue
        for sku in sorted({row[0] for row in sell_in} | {row[0] for row in products}):
            past = [(delivered, units) for name, delivered, units in sell_in if name == sku and delivered <= month]
            launch, end, names_market = product_known(products, sku, month)
            now = [units for delivered, units in past if delivered == month]
            if now:
                rows.append((sku, now[0], "delivered", month))
                continue
            launched = names_market and launch is not None and launch <= month
            if not past and not launched:
                continue
            if end is not None and month > end:
                continue
            last = max((delivered for delivered, _ in past), default=launch)
            if missing_month == "zero":
                rows.append((sku, 0.0, "no_sale", month))
            elif (month.year - last.year) * 12 + month.month - last.month <= 12:
                rows.append((sku, np.nan, "unknown", month))
    return pd.DataFrame(rows, columns=["sku", "sell_in_units", "reason", "month"])


@pytest.mark.parametrize("header", ["", ",known_from"])
@pytest.mark.parametrize("missing_month", ["zero", "unknown"])
@pytest.mark.parametrize("seed", range(4))
def test_the_mart_is_what_a_loop_over_the_contract_gives(landing, seed, missing_month, header):
    """With and without the column ``known_from``, of which no row has a value."""
    sell_in, products = random_delivery(seed)
    end = "," if header else ""
    lines = "".join(f"FR,{sku},{month:%Y-%m},{units}{end}\n" for sku, month, units in sell_in)
    landing.put("sell_in/all.csv", f"country,sku,month,units{header}\n{lines}")
    rows = "".join(f"{sku},{country},x,{launch},{end},{known}\n" for sku, country, launch, end, known in products)
    landing.put("products/p.csv", f"sku,country,category,launch_month,end_month,known_from\n{rows}")
    engine = DuckDbEngine(landing.folder)
    table = engine.run("sell_in", "FR", MONTHS[0], MONTHS[-1], today=TODAY, missing_month=missing_month)
    expected = slow_sell_in(sell_in, products, missing_month)
    pd.testing.assert_frame_equal(table.drop(columns=["net_sales", "restated_month"]), expected)
    assert table["restated_month"].isna().all()
    results = engine.run_tests("sell_in", "FR", MONTHS[0], MONTHS[-1], today=TODAY, missing_month=missing_month)
    assert [result.name for result in results if not result.passed] == []


def random_versions(seed):
    """Rows of SKUs and months, some of them again with other units and a later date, some known too late at first."""
    random = np.random.default_rng(seed)
    closed = set(random.choice(len(MONTHS), 4, replace=False))
    versions = {}
    for sku in range(8):
        for position, month in enumerate(MONTHS):
            if position in closed or random.random() < 0.4:
                continue
            known = [""] if random.random() < 0.9 else []
            known += [
                f"{month + pd.DateOffset(months=int(random.integers(0, 9)), days=int(random.integers(0, 27))):%Y-%m-%d}"
                for _ in range(random.integers(0, 3))
            ]
            for date in known:
                versions[f"S{sku}", month, date] = float(random.integers(-2, 30))
    return [(*key, units) for key, units in versions.items()]


def slow_history(versions, origin):
    """Units by SKU and month as known at the end of an origin, zero from the first known sale of the SKU on."""
    ends = origin + pd.offsets.MonthEnd(1)
    seen = {}
    for sku, month, date, units in sorted(versions, key=lambda version: version[2]):
        if month <= origin and (not date or pd.Timestamp(date) <= ends):
            seen[sku, month] = units
    delivered = {month for _, month in seen}
    first = {name: min(month for sku, month in seen if sku == name) for name, _ in seen}
    cells = {(sku, month) for sku in first for month in delivered if month >= first[sku]}
    return {cell: seen.get(cell, 0.0) for cell in cells}


@pytest.mark.parametrize("seed", range(4))
def test_what_is_stored_up_to_an_origin_is_what_was_known_then(landing, seed):
    versions = random_versions(seed)
    rows = "".join(f"FR,{sku},{month:%Y-%m},{units},{date}\n" for sku, month, date, units in versions)
    landing.put("sell_in/all.csv", f"country,sku,month,units,known_from\n{rows}")
    engine = DuckDbEngine(landing.folder)
    whole = engine.run("sell_in", "FR", MONTHS[0], MONTHS[-1], today=TODAY)
    halves = [engine.run("sell_in", "FR", *months, today=TODAY) for months in ((MONTHS[0], MONTHS[13]), MONTHS[14::15])]
    pd.testing.assert_frame_equal(pd.concat(halves, ignore_index=True), whole)
    delivered = landing.folder.delivered_months("sell_in", "FR")
    assert len(delivered) > 20
    assert whole["restated_month"].notna().sum() > 50
    for origin in delivered:
        known = known_rows(whole, origin)
        cells = dict(zip(zip(known["sku"], known["month"], strict=True), known["sell_in_units"], strict=True))
        assert cells == slow_history(versions, origin)
    results = engine.run_tests("sell_in", "FR", MONTHS[0], MONTHS[-1], today=TODAY)
    assert [result.name for result in results if not result.passed] == []
