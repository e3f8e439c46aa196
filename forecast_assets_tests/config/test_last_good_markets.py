"""Services go on with the last good markets file after a bad edit, and say so."""

import logging

import pytest

from forecast_assets.config.last_good_markets import (
    COPY,
    load_service_settings,
    load_watchdog_settings,
    markets_file_problem,
)
from forecast_assets.config.markets import MarketsError
from forecast_assets.config.settings import SettingsError
from forecast_assets_tests.config.market_entries import entry

GOOD = "\n".join(["markets:", entry(), entry(code='"DE"')]) + "\n"


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "markets.yaml").write_text(GOOD, encoding="utf-8")
    return {
        "FORECAST_MARKETS": str(tmp_path / "markets.yaml"), "DAGSTER_HOME": str(tmp_path / "home"),
        "FORECAST_STORE": str(tmp_path / "store"), "FORECAST_LANDING": str(tmp_path / "landing"),
    }  # fmt: skip


@pytest.mark.parametrize("bad", ["markets:\n  - {code: FR", "", "markets:\n  - {code: NO}\n", None])
def test_a_bad_edit_leaves_services_with_the_markets_of_before(environment, tmp_path, bad, caplog):
    assert list(load_service_settings(environment).market_table) == ["FR", "DE"]
    file = tmp_path / "markets.yaml"
    file.unlink()
    if bad is not None:
        file.write_text(bad, encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        settings = load_service_settings(environment)
    assert list(settings.market_table) == ["FR", "DE"]
    assert settings.markets.file == str(file)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert str(file) in record.getMessage()
    assert "The last good markets file is used instead" in record.getMessage()
    assert str(file) in markets_file_problem(settings)


def test_the_copy_follows_each_good_file_and_never_a_bad_one(environment, tmp_path):
    file, copy = tmp_path / "markets.yaml", tmp_path / "home" / COPY
    load_service_settings(environment)
    assert copy.read_text(encoding="utf-8") == GOOD
    longer = GOOD + entry(code='"ES"') + "\n"
    file.write_text(longer, encoding="utf-8")
    assert list(load_service_settings(environment).market_table) == ["FR", "DE", "ES"]
    file.write_text("markets: 3\n", encoding="utf-8")
    load_service_settings(environment)
    assert copy.read_text(encoding="utf-8") == longer
    assert [each.name for each in copy.parent.iterdir()] == [COPY]


def test_a_list_that_contradicts_the_first_month_counts_as_bad(environment, tmp_path):
    environment["FORECAST_FIRST_MONTH"] = "2019-01"
    load_service_settings(environment)
    (tmp_path / "markets.yaml").write_text(GOOD.replace("2019-01-01", "2018-01-01"), encoding="utf-8")
    settings = load_service_settings(environment)
    assert {f"{each.since:%Y-%m}" for each in settings.market_table.values()} == {"2019-01"}
    assert "FORECAST_FIRST_MONTH = 2019-01: FR, DE have data before it" in markets_file_problem(settings)


@pytest.mark.parametrize("without", ["copy", "home", "use"])
def test_without_a_copy_of_use_the_error_of_the_file_is_raised(environment, tmp_path, without):
    load_service_settings(environment)
    (tmp_path / "markets.yaml").write_text("markets: 3\n", encoding="utf-8")
    copy = tmp_path / "home" / COPY
    if without == "copy":
        copy.unlink()
    elif without == "use":
        copy.write_text("markets: 4\n", encoding="utf-8")
    else:
        del environment["DAGSTER_HOME"]
    with pytest.raises(MarketsError, match=r"markets\.yaml: expected a non-empty list .* got 3"):
        load_service_settings(environment)


@pytest.mark.parametrize(("copy", "markets"), [(GOOD, ["FR", "DE"]), ("markets: 4\n", []), (None, [])])
def test_a_command_that_reports_a_bad_file_has_the_last_good_markets_or_none(environment, tmp_path, copy, markets):
    (tmp_path / "markets.yaml").write_text("markets: 3\n", encoding="utf-8")
    if copy is not None:
        (tmp_path / "home" / COPY).write_text(copy, encoding="utf-8")
    before = sorted(path.name for path in (tmp_path / "home").iterdir())
    settings = load_watchdog_settings(environment)
    assert list(settings.market_table) == markets
    assert "expected a non-empty list" in markets_file_problem(settings)
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == before


def test_another_wrong_setting_is_no_reason_to_take_the_copy(environment):
    load_service_settings(environment)
    with pytest.raises(SettingsError, match="FORECAST_LEASE_SECONDS"):
        load_service_settings({**environment, "FORECAST_LEASE_SECONDS": "no"})


def test_a_market_that_left_the_file_is_reported_with_what_to_do(environment, tmp_path, caplog):
    load_service_settings(environment)
    (tmp_path / "markets.yaml").write_text("\n".join(["markets:", entry()]), encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        assert list(load_service_settings(environment).market_table) == ["FR"]
    assert "no longer lists DE" in caplog.text
    assert "stage: retired" in caplog.text
