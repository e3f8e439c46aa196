"""A bad edit of markets.yaml and a reload while a backfill runs, under the web server and daemon of ``dagster dev``.

Nothing is canceled, nothing fails, and a message says what is wrong; also after a restart with the bad file.
"""

import pytest

from forecast_assets.config.last_good_markets import markets_file_problem
from forecast_assets.config.settings import load_settings
from forecast_assets.domain.calendar import add_months
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.operate.model_market import entry
from forecast_assets_tests.operate.served import ServedPlatform

pytestmark = pytest.mark.daemon
# Two runs at a time: the others are queued when the file is edited.
MARKETS, MONTHS = 4, 5
SECONDS = 900
TABLE = "features"
BAD_LINE = '  - {code: "M01", name: "twice\n'


@pytest.fixture(scope="module")
def company(tmp_path_factory, tell):
    """Four markets of which months of one table are built again from the UI; edits are made by the tests."""
    platform = ServedPlatform(tmp_path_factory.mktemp("bad_edit"), MARKETS)
    platform.prepare()
    platform.nothing_hangs()
    try:
        platform.start()
        platform.wait_until(platform.is_served, SECONDS)
        platform.wait_until(lambda: not platform.reload(), SECONDS)
        yield platform
        tell(f"bad edits: runs {', '.join(sorted(platform.run_statuses()))}")
    finally:
        platform.kill()


def backfill_under_way(platform) -> tuple[str, list[PartitionKey]]:
    """Start a backfill of months of all markets and wait until runs go on and others are queued.

    Dagster makes a run per market where there are fewer markets than months.
    """
    months = [add_months(platform.month, -back) for back in range(2, 2 + MONTHS)]
    wanted = [PartitionKey(month, code) for code in platform.codes for month in months]
    backfill = platform.backfill(TABLE, [each.to_dagster() for each in wanted])
    platform.wait_until(
        lambda: {"STARTED", "QUEUED"} <= set(platform.run_statuses()) and len(platform.run_statuses()) == MARKETS,
        SECONDS,
    )
    return backfill, wanted


def completed(platform, backfill: str, wanted: list[PartitionKey]) -> None:
    """Wait until the backfill has ended, and check that each market's last run succeeded and built its months."""
    platform.wait_until(lambda: platform.backfill_status(backfill) not in ("REQUESTED", "CANCELING"), SECONDS)
    assert platform.backfill_status(backfill) in ("COMPLETED", "COMPLETED_SUCCESS")
    assert "CANCELED" not in platform.run_statuses()
    with platform.instance() as instance:
        runs = [run for run in instance.get_runs() if run.tags["dagster/backfill"] == backfill]
    succeeded = {run.run_id for run in runs if run.status.value == "SUCCESS"}
    assert len(succeeded) == MARKETS
    assert {platform.store.provenance(TABLE, each).run_id for each in wanted} == succeeded


def test_services_go_on_with_the_last_good_file_and_say_so(company):
    good = company.markets_file.read_text(encoding="utf-8")
    backfill, wanted = backfill_under_way(company)
    company.markets_file.write_text(good + BAD_LINE, encoding="utf-8")
    try:
        assert company.reload() == ""
        assert "The last good markets file is used instead" in (company.base / "daemon.log").read_text(errors="replace")
        assert "markets.yaml" in markets_file_problem(load_settings(company.environment(), with_markets=False))
        completed(company, backfill, wanted)
        assert set(company.run_statuses()) == {"SUCCESS"}
    finally:
        company.markets_file.write_text(good, encoding="utf-8")
    assert company.reload() == ""
    assert company.markets_shown() == company.codes


def test_after_a_restart_with_a_bad_file_a_corrected_one_is_used_at_the_next_reload(company):
    good = company.markets_file.read_text(encoding="utf-8")
    company.kill()
    company.markets_file.write_text(good + BAD_LINE, encoding="utf-8")
    company.start()
    company.wait_until(company.is_served, SECONDS)
    assert company.markets_shown() == company.codes
    company.markets_file.write_text(good + entry("M99", company.month), encoding="utf-8")
    assert company.reload() == ""
    assert company.markets_shown() == [*company.codes, "M99"]
