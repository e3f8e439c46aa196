"""Generated pages of ``docs/reference``: what is committed is what ``make reference`` writes."""

import pytest

from forecast_assets.schemas import TABLES
from forecast_assets_tests.sources.landing.delivery_problems import CASES
from tools.asset_graph import without_implied
from tools.reference import FOLDER, PAGES
from tools.reference_tables import unit_of


@pytest.mark.parametrize("page", PAGES)
def test_the_committed_page_is_what_make_reference_writes(page):
    assert (FOLDER / page).read_text(encoding="utf-8") == PAGES[page](), "run make reference and commit the page"


def test_every_table_has_a_section_with_every_column():
    page = PAGES["tables.md"]()
    for name, model in TABLES.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert [column for column in model.fixed_columns() if f"`{column}`" not in section] == []


def test_every_kind_of_bad_delivery_has_its_message_on_the_page():
    page = " ".join(PAGES["delivery-messages.md"]().split())
    assert [text for _, text in CASES.values() if " ".join(text.split()) not in page] == []


@pytest.mark.parametrize(
    ("column", "highest", "unit"),
    [
        ("sell_in_units", None, "units"),
        ("forecast_units_p10", None, "units"),
        ("distribution_pct", 100.0, "%"),
        ("discount_pct", 1.0, "fraction"),
        ("horizon_months", 18.0, "months"),
        ("wape_ratio_p05", None, "ratio"),
        ("bias_naive", None, "fraction"),
        ("net_sales", None, "market's currency"),
        ("is_promoted", None, "1 or 0"),
        ("scored_cells", None, ""),
    ],
)
def test_a_units_name_follows_from_the_column_and_its_limit(column, highest, unit):
    assert unit_of(column, highest) == unit


def test_an_arrow_is_left_out_only_if_a_path_of_others_says_the_same():
    parents = {"b": {"a"}, "c": {"a", "b"}, "d": {"a", "c"}}
    assert without_implied(parents) == {"b": {"a"}, "c": {"b"}, "d": {"c"}}


def test_a_path_through_an_asset_made_on_demand_implies_nothing():
    parents = {"tuned": {"features"}, "model": {"features", "tuned"}}
    assert without_implied(parents, frozenset({"tuned"}))["model"] == {"features", "tuned"}
