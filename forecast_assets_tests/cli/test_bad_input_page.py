"""docs/bad-input.md quotes the messages of bad settings, markets and arguments."""

from pathlib import Path

import pytest
import typer

from forecast_assets.cli.console import closed_month_argument, countries_or_exit
from forecast_assets.config.markets import MarketsError, load_markets
from forecast_assets.config.settings import SettingsError
from forecast_assets_tests.config.market_entries import entry
from forecast_assets_tests.repository_settings import loaded

PAGE = (Path(__file__).parents[2] / "docs" / "bad-input.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Settings and markets.yaml")[1]


def markets_of(folder: Path, *entries: str) -> None:
    file = folder / "markets.yaml"
    file.write_text("\n".join(["markets:", *entries]), encoding="utf-8")
    load_markets(file)


CASES = {
    "FORECAST_STOER: unknown. Did you mean FORECAST_STORE?": lambda folder: loaded(FORECAST_STOER="x"),
    "FORECAST_ENV = 'production': expected one of dev, test, prod": lambda folder: loaded(FORECAST_ENV="production"),
    "FORECAST_STORE = '': expected a place, got nothing": lambda folder: loaded(FORECAST_STORE=""),
    "store and landing must be different places": lambda folder: loaded(FORECAST_STORE="var/landing"),
    'code: expected text, got False (bool); quote it, as in code: "NO"': lambda folder: markets_of(
        folder, entry(code="NO")
    ),
    "market code 'FR' is given 2 times": lambda folder: markets_of(folder, entry(), entry()),
    "one region is written 'Europe' and 'europe'; write it in one way": lambda folder: markets_of(
        folder, entry(), entry(code="DE", region="europe")
    ),
    "unknown key 'regoin'; did you mean 'region'?": lambda folder: markets_of(folder, entry(regoin="Europe")),
    "expected a month like 2019-01, got": lambda folder: markets_of(folder, entry(since="5")),
    "has not closed; the last closed month is": lambda folder: closed_month_argument("2199-01", "Europe/Paris"),
    "no market XX in": lambda folder: countries_or_exit(loaded(), ["XX"]),
}


@pytest.mark.parametrize("message", CASES)
def test_the_page_quotes_what_is_said(message, tmp_path):
    with pytest.raises((SettingsError, MarketsError, typer.BadParameter)) as caught:
        CASES[message](tmp_path)
    assert message in str(caught.value)
    assert f"`{message}`" in SECTION


def test_the_page_quotes_nothing_else():
    quoted = [line.split("| `")[1].split("` |")[0] for line in SECTION.splitlines() if "| `" in line]
    assert sorted(quoted) == sorted(CASES)
