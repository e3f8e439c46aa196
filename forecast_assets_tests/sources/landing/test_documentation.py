"""The page for the customer's data engineer says what the code says."""

from pathlib import Path

import pytest

from forecast_assets.sources.landing import SOURCES
from forecast_assets_tests.sources.landing.delivery_problems import CASES

PAGE = (Path(__file__).parents[3] / "docs" / "landing.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", sorted(set(CASES) - {"tabs", "an empty country", "units that are no number"}))
def test_the_page_quotes_the_message_of_each_bad_delivery(case):
    _, text = CASES[case]
    said = text.removeprefix("sell_in/all.csv").lstrip(":, ")
    assert said in PAGE


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_the_page_names_every_column_of_the_contract(source):
    section = PAGE.split(f"\n### {source}\n")[1].split("\n#")[0]
    assert [name for name in SOURCES[source].column_names if f"`{name}`" not in section] == []
