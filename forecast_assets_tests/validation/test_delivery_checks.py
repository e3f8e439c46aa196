"""The rules on deliveries as checks of an asset: months of a run, what blocks, and what they show."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.config.markets import Market
from forecast_assets.sources.delivered import DeliveryProfile
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.validation.delivery_checks import (
    DECLARATIONS,
    delivery_checks,
    restated_check,
    source_gone_check,
)
from forecast_assets.validation.table_checks import Finding
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, month_of

MAY = pd.Timestamp("2024-05-01")
NO_DAYS = pd.DataFrame(columns=["month", "day", "row_count", "distinct_rows", "odd_rows", "repeated_sku"])
MARKETS = {code: Market(code, code, code, f"{code}X", "Europe", pd.Timestamp("2023-01-01")) for code in ("FR", "NO")}
MANY = [f"M{number:02d}" for number in range(24)]


def found(name: str, rows: pd.DataFrame, months=(JUNE,), month=JUNE, source="sell_in", products=None) -> Finding:
    checks = delivery_checks(source, DeliveryProfile(rows, NO_DAYS), list(months), products)
    return {check.name: check for check in checks}[name].find(pd.DataFrame(), month)


def vanish(skus, gone: int) -> pd.DataFrame:
    return pd.concat([history(skus, 12), month_of(dict.fromkeys(skus[gone:], 100.0))], ignore_index=True)


def test_all_rows_of_a_finding_are_counted_and_ten_are_kept():
    finding = found("vanished_skus", vanish(MANY, 12))
    assert (finding.violations, len(finding.rows), finding.is_warning) == (12, 10, False)
    assert finding.message.startswith("12 of 24 regular SKUs vanish")


def test_a_finding_about_the_market_as_a_whole_counts_once():
    """After three prices a single SKU is not yet known to be steady, but the level of all is known."""
    rows = history(TEN, 3).assign(price=2.0)
    finding = found(
        "price_level", pd.concat([rows, month_of(dict.fromkeys(TEN, 100.0), price=24.0)]), source="sell_out"
    )
    assert (finding.violations, len(finding.rows)) == (1, 0)


def test_findings_of_a_history_warn_and_those_of_one_month_block():
    assert found("vanished_skus", vanish(TEN, 5), [MAY, JUNE]).is_warning
    assert not found("vanished_skus", vanish(TEN, 5)).is_warning


def test_a_month_outside_the_delivery_or_the_run_has_no_finding():
    early = pd.Timestamp("2020-01-01")
    assert found("vanished_skus", vanish(TEN, 5), [early, JUNE], early).violations == 0
    assert found("vanished_skus", vanish(TEN, 5), [JUNE], MAY).violations == 0


def test_each_month_is_judged_with_its_own_products():
    listed = pd.DataFrame({"sku": TEN[:5], "category": "Tea", "end_month": MAY})
    ended, unknown = listed.assign(month=JUNE), listed.assign(month=MAY, end_month=JUNE)
    products = pd.concat([unknown, ended], ignore_index=True)
    assert found("vanished_skus", vanish(TEN, 5), products=products).violations == 0
    assert found("vanished_skus", vanish(TEN, 5), products=unknown).violations == 5


def test_a_month_is_judged_as_it_was_known_and_not_as_it_was_restated():
    """June restates May with five SKUs at zero: May itself was whole, and June is whole too."""
    whole = pd.concat([history(TEN, 12), month_of(dict.fromkeys(TEN, 100.0))], ignore_index=True)
    late = month_of(dict.fromkeys(TEN[:5], 0.0), MAY, known_month=JUNE)
    restated = pd.concat([whole, late], ignore_index=True)
    assert found("vanished_skus", restated, [MAY, JUNE], MAY).violations == 0
    # The same rows, known with their month, are a finding in May.
    silent = whole.assign(units=whole["units"].mask((whole["month"] == MAY) & whole["sku"].isin(TEN[:5]), 0.0))
    assert found("vanished_skus", silent, [MAY, JUNE], MAY).violations == 5


def test_what_a_month_restates_of_earlier_ones_counts_from_it_on():
    """June restates a history at 100 as one at 300, and sells 300: no jump."""
    before, now = history(TEN, 12), month_of(dict.fromkeys(TEN, 300.0))
    late = before.assign(units=300.0, known_month=JUNE)
    assert found("market_volume", pd.concat([before, now], ignore_index=True)).violations == 10
    assert found("market_volume", pd.concat([before, late, now], ignore_index=True)).violations == 0


def restated(delivered: float, stored: bool = True) -> Finding:
    before = history(MANY, 3).assign(net_sales=np.nan)
    changed = before.assign(units=before["units"].mask(before["month"] == MAY, delivered))
    check = restated_check("sell_in", "FR", DeliveryProfile(changed, NO_DAYS), before if stored else None)
    return check.find(pd.DataFrame(), JUNE)


def test_restated_rows_are_counted_ten_are_kept_and_another_scale_blocks():
    finding = restated(120.0)
    assert (finding.violations, len(finding.rows), finding.is_warning) == (24, 10, True)
    assert "backfill --country FR --from 2024-05 --to 2024-05 --assets sell_in+" in finding.message
    assert not restated(1200.0).is_warning
    assert restated(100.0) == Finding()
    assert restated(120.0, stored=False) == Finding()


@pytest.mark.parametrize(("source", "blocks"), [("sell_in", True), ("sell_out", False)])
def test_findings_of_sell_out_stop_nothing(source, blocks):
    checks = delivery_checks(source, DeliveryProfile(vanish(TEN, 5), NO_DAYS), [JUNE])
    assert {check.blocking for check in checks} == {blocks}
    assert restated_check(source, "FR", DeliveryProfile(vanish(TEN, 5), NO_DAYS), None).blocking is blocks


def gone(source: str, months: list[pd.Timestamp], *, others: bool) -> Finding:
    earlier = pd.Series([12.0], index=pd.DatetimeIndex([MAY]))
    check = source_gone_check(source, "FR", months, 0, earlier, others_deliver=others)
    return check.find(pd.DataFrame(), JUNE)


def test_a_source_that_is_gone_is_found_in_a_run_of_one_month():
    assert (
        "promotions has no row of FR, beside those of other markets" in gone("promotions", [JUNE], others=True).message
    )
    assert gone("promotions", [MAY, JUNE], others=True).violations == 0


def test_the_check_has_the_state_of_the_source_whether_or_not_it_fails():
    state = "stopped: last delivered for 2024-05"
    assert gone("promotions", [JUNE], others=True).figures == {"state": state}
    assert gone("overrides", [JUNE], others=True).figures == {"state": state}


def test_overrides_are_expected_only_as_long_as_their_folder_exists():
    assert gone("overrides", [JUNE], others=True).violations == 0
    assert "overrides is gone altogether" in gone("overrides", [JUNE], others=False).message


def test_a_source_that_is_gone_blocks_and_shows_the_months_before():
    finding = gone("promotions", [JUNE], others=True)
    assert (finding.violations, finding.is_warning) == (1, False)
    assert finding.rows.to_dict("records") == [{"month": MAY, "rows": 12.0}]
    earlier = pd.Series([12.0], index=pd.DatetimeIndex([MAY]))
    blocking = [
        source_gone_check(source, "FR", [JUNE], 0, earlier, others_deliver=True).blocking
        for source in ("sell_out", "products", "promotions", "overrides")
    ]
    assert blocking == [True, True, True, False]


def test_a_source_that_is_there_has_its_state():
    check = source_gone_check("products", "FR", [JUNE], 7, pd.Series(dtype=float), others_deliver=True)
    assert check.find(pd.DataFrame({"sku": ["A"]}), JUNE).figures == {"state": "delivered"}


def test_files_of_sell_out_with_another_price_scale_and_without_stock_are_found(tmp_path):
    folder = tmp_path / "landing" / "sell_out"
    folder.mkdir(parents=True)
    for month in pd.date_range("2023-06-01", JUNE, freq="MS"):
        cells = "1500,,1" if month == JUNE else "1.5,20,0"
        rows = "".join(f"FR,{sku},{month:%Y-%m},{number},{cells}\n" for number, sku in enumerate("ABCDE", 100))
        text = "country,sku,month,units,price,stock_units,is_promoted\n" + rows
        (folder / f"{month:%Y-%m}.csv").write_text(text, encoding="utf-8")
    profile = SourceTables(str(tmp_path / "landing"), MARKETS).profile("sell_out", "FR", [JUNE])
    findings = {check.name: check.find(pd.DataFrame(), JUNE) for check in delivery_checks("sell_out", profile, [JUNE])}
    assert "(price as delivered) is 1000.00 times" in findings["price_level"].message
    assert findings["vanished_columns"].message.startswith("stock_units is empty for all 5 SKUs")


def test_only_sell_in_and_sources_that_are_gone_stop_a_market():
    blocking = {source: [each.name for each in of if each.blocking] for source, of in DECLARATIONS.items()}
    gone_alone = ["source_gone"]
    assert blocking.pop("sell_in") == [each.name for each in DECLARATIONS["sell_in"]]
    assert blocking == {"sell_out": gone_alone, "products": gone_alone, "promotions": gone_alone, "overrides": []}
