"""Markets on their way to readers, as a person types it: from 2 to 6 of the sample company."""

import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.config.markets import load_markets
from forecast_assets.sample import SAMPLE_MARKETS, write_sample_company

pytestmark = pytest.mark.heavy

SIX = SAMPLE_MARKETS[:6]
TWO = """# of the sample
markets:
  - {code: "FR", name: France, iso2: FR, iso3: FRA, region: Europe, since: 2022-01-01}
  - {code: "DE", name: Germany, iso2: DE, iso3: DEU, region: Europe, since: 2022-01-01}
"""


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    base = tmp_path_factory.mktemp("six")
    write_sample_company(base / "landing", markets=len(SIX), skus=5, months=26)
    return base / "landing"


@pytest.fixture
def markets(tmp_path):
    path = tmp_path / "markets.yaml"
    path.write_text(TWO, encoding="utf-8")
    return path


@pytest.fixture
def command(monkeypatch, tmp_path, landing, markets):
    for name, value in {
        "FORECAST_MARKETS": str(markets),
        "FORECAST_STORE": str(tmp_path / "store"),
        "FORECAST_LANDING": str(landing),
        "FORECAST_MAX_TOTAL_CHANGE": "1000",
        "MLFLOW_TRACKING_URI": "",
    }.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(app, ["market", *arguments])


def test_from_2_to_6_markets_one_after_the_other(command, markets):
    for new in SIX[2:]:
        result = command("add", new.code, "--name", new.name, "--region", new.region)
        assert result.exit_code == 0, result.output
    read_back = load_markets(markets)
    assert list(read_back) == [market.code for market in SIX]
    assert [(read_back[m.code].iso2, read_back[m.code].iso3) for m in SIX] == [(m.iso2, m.iso3) for m in SIX]
    assert {market.stage for code, market in read_back.items() if code not in ("FR", "DE")} == {"shadow"}
    assert {f"{market.since:%Y-%m}" for market in read_back.values()} >= {"2022-11"}
    assert markets.read_text(encoding="utf-8").startswith(TWO)
    code = SIX[2].code
    result = command("promote", code, "--month", "2024-12")
    assert (result.exit_code, load_markets(markets)[code].stage) == (0, "live"), result.output


def test_a_market_with_a_gap_stays_in_shadow_unless_forced_with_a_reason(command, markets):
    assert command("add", "NO", "--name", "Norway", "--region", "Europe", "--since", "2022-05").exit_code == 0
    refused = command("promote", "NO", "--month", "2024-12")
    assert (refused.exit_code, load_markets(markets)["NO"].stage) == (1, "shadow")
    assert "NO stays in shadow: gaps failed" in refused.output
    assert command("promote", "NO", "--month", "2024-12", "--force").exit_code == 2
    assert command("promote", "NO", "--month", "2024-12", "--force", "--reason", "history lost").exit_code == 0
    assert load_markets(markets)["NO"].stage == "live"
    assert "by --force although gaps failed: history lost\n" in markets.read_text(encoding="utf-8")


def test_a_live_market_is_not_promoted_and_a_retired_one_stays_in_the_file(command, markets):
    assert "FR is live" in command("promote", "FR").output
    assert command("retire", "FR", "--reason", "sold").exit_code == 0
    assert load_markets(markets)["FR"].stage == "retired"
    assert command("promote", "FR").exit_code == 2


def test_a_market_without_stored_months_is_renamed_and_one_with_keeps_its_code(command, markets, tmp_path):
    (tmp_path / "store").mkdir()
    assert command("rename", "DE", "DEU").exit_code == 0
    assert markets.read_text(encoding="utf-8") == TWO.replace('"DE"', '"DEU"')
    taken = command("rename", "DEU", "FR")
    assert (taken.exit_code, "FR is there already" in " ".join(taken.output.split())) == (2, True)
    before = markets.read_text(encoding="utf-8")
    folder = tmp_path / "store" / "sell_in" / "country=FR" / "month=2024-06-01"
    folder.mkdir(parents=True)
    (folder / "sell_in.parquet").touch()
    stored = command("rename", "FR", "FRA")
    assert stored.exit_code == 2
    assert "FR was not renamed" in stored.output
    assert "forecast-assets market add FRA" in stored.output
    assert "forecast-assets market retire FR" in stored.output
    assert markets.read_text(encoding="utf-8") == before


def test_what_is_not_known_of_a_new_market_is_asked_for(command, markets):
    unknown = command("add", "SCAN", "--name", "Norwey", "--region", "Europe")
    assert unknown.exit_code == 2
    assert "norway is --iso2 NO --iso3 NOR" in " ".join(unknown.output.split())
    nothing = command("add", "SCAN", "--name", "Scandinavia", "--region", "Europe", "--iso2", "NO")
    assert "give --since" in " ".join(nothing.output.split())
    again = command("add", "FR", "--name", "France", "--region", "Europe")
    assert (again.exit_code, "there already" in again.output) == (2, True)
    assert markets.read_text(encoding="utf-8") == TWO


def test_a_market_that_delivered_nothing_fails_with_what_to_do(command):
    assert command("add", "SCAN", "--name", "S", "--region", "E", "--iso2", "NO", "--since", "2022-01").exit_code == 0
    result = command("check", "SCAN", "--month", "2024-12")
    assert result.exit_code == 1
    assert "no sell-in delivered" in " ".join(result.output.split())
