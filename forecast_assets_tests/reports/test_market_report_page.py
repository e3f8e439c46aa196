"""The rendered page: embedded numbers, tables, hostile names, young markets."""

import dataclasses
import html
import re
from importlib.resources import files

import pandas as pd
import pytest

from forecast_assets.reports import MarketReport, render_market_report
from forecast_assets_tests.reports.conftest import HOSTILE_SKU, JANUARY, with_names
from forecast_assets_tests.reports.page_reader import PageReader

SCRIPTS = 11  # data, chart library, the mark of a scripted page, and the parts of the page's own
NAMES = ["</script x", "<!--<script>", "&lt;i&gt;", "{{ 7 * 7 }}", "a\u2028b", "' onclick='x", "\\"]


@pytest.fixture(scope="module")
def text(report):
    return render_market_report(report)


@pytest.fixture(scope="module")
def page(text):
    return PageReader(text)


@pytest.fixture(scope="module")
def page_of_names(report):
    """The page of a market with a SKU of each name."""
    return PageReader(render_market_report(with_names(report, NAMES)))


def test_embedded_numbers_are_those_computed_by_hand(page):
    data = page.data
    assert data["months"] == ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05"]
    assert data["history_months"] == 3
    assert data["skus"] == ["A", HOSTILE_SKU]  # absolute errors 30 and 5: the worst first
    assert data["by_sku"]["history"] == [[100, 120, 140], [None, 10, None]]
    assert data["by_sku"]["forecast"] == [[150, 200], [12, 1.2]]
    assert data["by_sku"]["p10"][0] == [149, 199]
    assert data["by_sku"]["p90"][0] == [160, 210]
    assert data["by_sku"]["baseline"] == [[160, 170], [9, 8]]
    assert data["market"]["history"] == [100, 130, 140]
    assert data["market"]["forecast"] == [162, 201]
    assert data["market"]["baseline"] == [169, 178]
    assert data["market"]["p10"] == [140, 170]  # of the sum, not the sum of 149 and 11.3
    assert data["market"]["p90"] == [180, 230]


def test_without_a_stored_distribution_the_market_has_no_band(report):
    text = render_market_report(dataclasses.replace(report, levels=report.levels.iloc[:0]))
    assert PageReader(text).data["market"]["p10"] == [None, None]
    assert PageReader(text).data["by_category"]["p90"] == [[None, None], [None, None]]


def test_categories_are_the_sums_of_their_skus_with_bands_of_their_own(page):
    data = page.data
    assert data["categories"] == ["Mugs", "Tea"]
    assert data["category_of"] == [1, 0]
    assert data["by_category"]["history"] == [[None, 10, None], [100, 120, 140]]
    assert data["by_category"]["forecast"] == [[12, 1.2], [150, 200]]
    assert data["by_category"]["p90"] == [[15, 4], [None, None]]


def test_backtest_lines_start_at_their_first_target_month(page):
    assert page.data["by_sku"]["backtest"] == [{"first_month": 1, "model": [[130, 120], [15, 15]]}]
    assert page.data["market"]["backtest"] == [{"first_month": 1, "model": [145, 135]}]


def test_lag_series_are_sums_of_errors_over_sums_of_actuals(page):
    # lag 1: model |10| + |5| over 130, Holt-Winters |-10| + |1| over 130, naive |-20| + |-10| over 130
    assert page.data["lags"] == {
        "lag": [1, 2],
        "model": [round(15 / 130, 4), round(20 / 140, 4)],
        "baseline": [round(11 / 130, 4), round(10 / 140, 4)],
        "naive": [round(30 / 130, 4), round(40 / 140, 4)],
    }


def test_groups_of_lags_sum_their_lags_and_say_how_often_the_band_held(page):
    # Lag 1: 15 of 130, both in a band of 10; lag 2: 20 of 140, outside.
    lags = [["1", "2", "130", "11.5%"], ["2-3", "1", "140", "14.3%"], ["all", "3", "270", "13.0%"]]
    rows = page.rows_under("Backtest by group of lags")
    assert [row[:4] for row in rows] == lags
    assert [row[-1] for row in rows] == ["100.0%", "0.0%", "66.7%"]


def test_levels_show_how_errors_of_skus_cancel_in_sums(page):
    # SKU: 10 + 5 + 20. Category: the same, one SKU each. Market: February 10 + 5 as one error of 15, March 20.
    rows = page.rows_under("By level")
    assert [row[0] for row in rows] == ["SKU", "Category", "Market total"]
    assert [row[1] for row in rows] == ["3", "3", "2"]
    assert [row[-1] for row in rows] == ["66.7%", "–", "–"]


def test_classes_are_listed_with_their_own_errors(page):
    rows = page.rows_under("By class")
    assert [row[:4] for row in rows] == [["AX", "2", "260", "11.5%"], ["CZ", "1", "10", "50.0%"]]


def test_the_verdict_of_a_small_market_says_what_is_missing(page):
    text = " ".join(" ".join(page.texts).split())
    assert "the model is not decidable : 1 origin months and 2 SKUs were tested, 3 and 30 are needed" in text


def test_the_verdict_of_a_market_that_can_be_tested_names_its_interval(report):
    origins = [JANUARY - pd.DateOffset(months=back) for back in (12, 6, 0)]
    one = report.backtest.iloc[:1].assign(actual_units=100.0, model_units=110.0, baseline_units=120.0)
    many = [one.assign(sku=f"s{number}", origin_month=origin) for number in range(30) for origin in origins]
    page = PageReader(render_market_report(dataclasses.replace(report, backtest=pd.concat(many, ignore_index=True))))
    text = " ".join(" ".join(page.texts).split())
    assert "Against Holt-Winters the model is better : drawing the market's SKUs again" in text
    assert "its error is 50.0% to 50.0% of Holt-Winters' in nine of ten draws" in text


def test_realised_accuracy_leaves_backfilled_rows_apart(page):
    assert page.data["realised_lags"]["published"] == [0.1]  # 12 / 120; the backfilled +40 is not in it
    text = " ".join(" ".join(page.texts).split())
    assert "Published WAPE 10.0%" in text
    assert "Backfilled WAPE 28.6%" in text  # 40 / 140, under its own heading


def test_tiles_show_accuracy_wape_and_signed_bias(page):
    text = " ".join(" ".join(page.texts).split())
    assert "Model Forecast Accuracy 87.0%" in text  # 1 - 35 / 270
    assert "Model WAPE 13.0% Holt-Winters 7.8% Seasonal naive 25.9%" in text  # 35, 21 and 70 over 270
    assert "Model Bias \u22121.9% Holt-Winters +0.4%" in text  # -5 / 270, +1 / 270
    assert "66.7% more error" in text  # 35 / 21 - 1
    assert "Not compared: 1 backtest row without" in text


def test_sku_rows_carry_sort_values_shares_and_the_flag_where_the_baseline_won(page):
    first, second = page.table_with("Share of error")[1:]
    assert first == [
        *["A", "Tea", "AX", "360", "350", "–", "11.5%", "7.7%", "\u22123.8%", "0.0%", "85.7%", "H\u2011W"],
    ]
    assert second[:8] == [HOSTILE_SKU, "Mugs", "CZ", "10", "14", "–", "50.0%", "10.0%"]
    sort_values = [attributes["data-v"] for tag, attributes in page.elements if tag == "td" and "data-v" in attributes]
    assert sort_values[:3] == ["360", "350", ""]


def test_change_is_shown_only_where_all_last_twelve_months_are_known(report):
    months = pd.date_range("2023-03-01", "2024-03-01", freq="MS")
    history = pd.DataFrame({"sku": "A", "month": months, "sell_in_units": [999.0] + [50.0] * 12})
    full = PageReader(render_market_report(dataclasses.replace(report, sell_in=history)))
    assert full.table_with("Share of error")[1][3:6] == ["600", "350", "\u221241.7%"]  # 350 / 600 - 1
    one_short = PageReader(render_market_report(dataclasses.replace(report, sell_in=history.iloc[2:])))
    assert one_short.table_with("Share of error")[1][3:6] == ["550", "350", "–"]


def test_publication_counts_name_status_source_and_reason(page):
    rows = page.table_with("Status")[1:]
    assert rows[0][1:] == ["model", "within tolerance", "2", "3", "164", "45.0%"]  # 163.574 of 363.574
    assert rows[1][1:] == ["override", "listing", "1", "1", "200", "55.0%"]
    data = page.data
    sources = [[data["publications"][number][1] for number in line] for line in data["by_sku"]["publication"]]
    assert sources == [["model", "override"], ["model", "model"]]


def test_sources_that_are_switched_off_are_named_once(report, text):
    """Only those that cost accuracy, not those that were never delivered."""
    inputs = "pooled_model,promotions (switched off),sell_out"
    switched = dataclasses.replace(report, published=report.published.assign(inputs_missing=inputs))
    said = "Delivered, but switched off: <strong>promotions</strong>."
    assert render_market_report(switched).count(said) == 1
    assert "switched off" not in text


def test_a_hostile_sku_breaks_neither_the_json_nor_the_markup(text, page):
    assert page.open_elements == []
    assert "b" not in {tag for tag, _ in page.elements}
    assert len(page.scripts) == SCRIPTS
    assert text.count("</script>") == SCRIPTS
    assert HOSTILE_SKU in page.data["skus"]
    assert page.table_with("Share of error")[2][0] == HOSTILE_SKU
    assert "#sku=%3C/script%3E%3Cb%3E%22%27%F0%9F%92%A5/" in page.addresses
    assert "Norway & <Svalbard>" in "".join(page.texts)


@pytest.mark.parametrize("name", NAMES)
def test_names_arrive_as_they_are(page_of_names, name):
    assert page_of_names.data["skus"].count(name) == 1
    rows = page_of_names.table_with("Share of error")[1:]
    assert [row[0] for row in rows].count(" ".join(name.split())) == 1


def test_names_end_neither_the_markup_nor_a_script(page_of_names):
    assert page_of_names.open_elements == []
    assert len(page_of_names.scripts) == SCRIPTS
    assert len(page_of_names.data["skus"]) == len(NAMES) + 1
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", page_of_names.packed)


def test_the_page_needs_no_network(text, page):
    assert {address for address in page.addresses if not address.startswith("#")} == {"market_report.xlsx"}
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", text)


def test_a_new_market_without_backtest_and_performance_is_rendered(report):
    young = dataclasses.replace(
        report, backtest=pd.DataFrame(), performance=None, sell_in=report.sell_in.iloc[:0], stage="shadow"
    )
    page = PageReader(render_market_report(young))
    text = " ".join(" ".join(page.texts).split())
    assert "No backtest yet" in text
    assert "Nothing realised yet" in text
    assert "Shadow market" in text
    assert page.data["market"]["backtest"] == []
    assert page.data["by_sku"]["history"] == [[None], [None]]  # the origin month alone
    assert page.data["realised_lags"]["lag"] == []
    assert [row[0] for row in page.table_with("Share of error")[1:]] == ["A", HOSTILE_SKU]
    assert "nan" not in text.lower().split()


def test_a_set_whose_actuals_sum_to_zero_shows_a_dash(report):
    zero = report.backtest.assign(actual_units=0.0)
    page = PageReader(render_market_report(dataclasses.replace(report, backtest=zero)))
    assert page.table_with("Share of error")[1][6:10] == ["–"] * 4
    assert page.data["lags"]["model"] == [None, None]


def test_the_same_report_gives_the_same_page_whatever_the_order_of_rows(report, text):
    turned = {name: getattr(report, name).iloc[::-1] for name in ("sell_in", "published", "backtest", "performance")}
    assert render_market_report(dataclasses.replace(report, **turned)) == text


def test_rendering_leaves_the_frames_of_the_caller_unchanged(report):
    before = {name: getattr(report, name).copy() for name in ("sell_in", "published", "backtest", "performance")}
    render_market_report(report)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(getattr(report, name), frame)


def test_a_missing_column_is_named_with_its_table(report):
    with pytest.raises(ValueError, match=r"market NO, 2024-03: published lacks \['status'\]"):
        dataclasses.replace(report, published=report.published.drop(columns="status"))


def test_a_report_without_published_rows_is_refused(report):
    with pytest.raises(ValueError, match="needs at least one published"):
        dataclasses.replace(report, published=report.published.iloc[:0])


def test_report_fields_cannot_be_reassigned(report):
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.stage = "live"
    assert isinstance(report, MarketReport)


def test_scripts_write_names_as_text_only():
    scripts = [each for each in files("forecast_assets.reports").joinpath("template").iterdir() if each.suffix == ".js"]
    assert len(scripts) == SCRIPTS - 3
    for file in scripts:
        script = file.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def test_the_page_has_realised_accuracy_by_category_and_the_change_against_the_month_before(report, text):
    before = report.published.assign(
        origin_month=report.published["origin_month"] - pd.DateOffset(months=1),
        forecast_units=report.published["forecast_units"] * 1.25,
    )
    changed = render_market_report(dataclasses.replace(report, published_before=before))
    words = " ".join(re.sub(r"<[^>]+>", " ", html.unescape(changed)).split())
    # Every forecast is a fifth below the previous one.
    assert "forecasts changed by 20.0% of their units" in words, words[words.index("Against the pub") :][:300]
    assert "Realised by category, largest first" in words
    assert "Against the publication" not in text


def test_the_message_of_a_finding_is_read_whole_in_lines_that_wrap(report):
    row = {"source": "sell_out", "finding": "sku_volume", "effect": "warns", "message": "1 SKUs jump <SKU> " * 9}
    text = render_market_report(dataclasses.replace(report, findings=pd.DataFrame([row])))
    assert f'<td class="text wrap">{html.escape(row["message"])}</td>' in text
