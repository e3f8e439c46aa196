"""The page for the customer's data engineer says what the code says."""

from pathlib import Path

import pytest

from forecast_assets.sources.landing import SOURCES

PAGE = (Path(__file__).parents[3] / "docs" / "landing.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_the_page_names_every_column_of_the_contract(source):
    section = PAGE.split(f"\n### {source}\n")[1].split("\n#")[0]
    assert [name for name in SOURCES[source].column_names if f"`{name}`" not in section] == []
