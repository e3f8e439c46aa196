"""A past cycle made again: identical, with an input's file changed, after a restatement, and configured otherwise.

What it reads must be the versions of then, whatever has been published since: look-ups in the store included.
"""

import dataclasses
import os
from importlib import import_module
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from forecast_assets.cli.code_location import build_code_location
from forecast_assets.definitions import build_definitions
from forecast_assets.domain.selection.tuning import COLUMNS
from forecast_assets.operations.backfill.asset_nodes import asset_nodes
from forecast_assets.operations.history.historical_store import RecordedVersions
from forecast_assets.operations.history.replay import (
    DIFFERENT,
    IDENTICAL,
    NOT_POSSIBLE,
    Replay,
    code_and_configuration_changes,
    cycle_targets,
    month_of_cycle,
)
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tags import CYCLE_ID_TAG
from forecast_assets_tests.defs.assets.challengers import LENIENT, OTHER
from forecast_assets_tests.defs.assets.company import DECEMBER, NOVEMBER, Company, succeeded
from forecast_assets_tests.defs.assets.replays import CYCLE, QUICK, version_file

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("replays_keep_no_events")]

SETTINGS = import_module("forecast_assets.config.settings")


def targets_of(company: Company, cycle: str = CYCLE, countries=("FR",), assets=()):
    versions = RecordedVersions(company.store)
    nodes = asset_nodes(build_definitions(company.settings()))
    targets = cycle_targets(versions, nodes, cycle, list(countries))
    return versions, [target for target in targets if not assets or target.asset in assets]


def replayed(company: Company, scratch, cycle: str = CYCLE, countries=("FR",), assets=(), **variables: str):
    """Outcome by asset, and the store of what was made again."""
    versions, targets = targets_of(company, cycle, countries, assets)
    replay = Replay(company.settings(**variables), build_code_location, company.store, str(scratch), versions)
    return {outcome.target.asset: outcome for outcome in replay.run(targets)}, TableStore(str(scratch))


def states(outcomes) -> dict[str, str]:
    return {asset: outcome.state for asset, outcome in outcomes.items()}


@pytest.fixture
def copy(company, tmp_path) -> Company:
    return company.copied_whole_to(tmp_path / "copy")


def with_other_units(path: str) -> None:
    """Change one number of a Parquet file and leave what it says of itself."""
    table, footer = pq.read_table(path, partitioning=None), pq.read_metadata(path).metadata
    rows = table.to_pandas()
    rows.loc[0, "sell_in_units"] += 1.0
    changed = table.from_pandas(rows, schema=table.schema, preserve_index=False)
    pq.write_table(
        changed.replace_schema_metadata({b"forecast_assets.provenance": footer[b"forecast_assets.provenance"]}), path
    )


def test_a_cycle_made_again_is_identical_in_every_table_and_reads_what_was_recorded(company, tmp_path):
    outcomes, scratch = replayed(company, tmp_path)
    assert states(outcomes) == dict.fromkeys(outcomes, IDENTICAL)
    assert set(outcomes) == {
        "baseline_forecasts", "history_marks", "features", "model", "backtest", "forecasts", "champion",
        "published_forecasts", "forecast_levels", "forecast_reasons", "forecast_exceptions",
        "performance", "forecast_value_added",
    }  # fmt: skip
    for asset, outcome in outcomes.items():
        again, then = scratch.provenance(asset, outcome.target.partition), outcome.target.version.provenance
        assert (again.inputs, again.cycle_id, again.configuration) == (then.inputs, then.cycle_id, then.configuration)


def test_what_is_over_all_markets_is_made_again_too(company, tmp_path):
    outcomes, _ = replayed(company, tmp_path, countries=[None])
    assert states(outcomes) == {"demand_totals_known": IDENTICAL, "forecast_totals": IDENTICAL}
    outcomes, _ = replayed(company, tmp_path / "november", "dev-2024-11", countries=[None])
    assert states(outcomes) == {"demand_totals": IDENTICAL, "demand_totals_known": IDENTICAL}


def test_threads_change_nothing(company, tmp_path, monkeypatch):
    monkeypatch.setattr(SETTINGS.os, "cpu_count", lambda: 4)
    threads = {"FORECAST_MAX_THREADS": "3"}
    assert company.settings(**threads).training.threads == 3
    outcomes, _ = replayed(company, tmp_path, assets=["model", "forecasts"], **threads)
    assert states(outcomes) == {"model": IDENTICAL, "forecasts": IDENTICAL}


def test_an_input_whose_file_was_changed_is_found_by_its_hash_and_named(copy, tmp_path):
    with_other_units(version_file(copy, "sell_in", "2024-05-01"))
    outcomes, _ = replayed(copy, tmp_path / "scratch", assets=[*QUICK, "champion"])
    assert states(outcomes) == {
        "baseline_forecasts": NOT_POSSIBLE,
        "history_marks": NOT_POSSIBLE,
        "champion": IDENTICAL,
    }
    (reason,) = outcomes["history_marks"].reasons
    assert reason.startswith("sell_in FR|2024-05-01: version ")
    assert "the file was changed" in reason


def test_an_input_that_is_gone_or_broken_is_named(copy, tmp_path):
    os.unlink(version_file(copy, "sell_in", "2024-05-01"))
    broken = Path(version_file(copy, "products", DECEMBER))
    content = broken.read_bytes()
    # The footer is whole, the rows before it are not.
    broken.write_bytes(b"PAR1" + bytes(len(content) // 4) + content[4 + len(content) // 4 :])
    outcomes, _ = replayed(copy, tmp_path / "scratch", assets=["baseline_forecasts"])
    gone, damaged = sorted(outcomes["baseline_forecasts"].reasons, reverse=True)
    assert gone.startswith("sell_in FR|2024-05-01: no version with content ")
    assert gone.endswith("is in the store")
    assert damaged.startswith("products FR|2024-12-01: version ")


def test_an_output_whose_file_was_changed_differs_in_that_cell(copy, tmp_path):
    path = version_file(copy, "baseline_forecasts", DECEMBER)
    table, footer = pq.read_table(path, partitioning=None), pq.read_metadata(path).metadata
    rows = table.to_pandas()
    rows.loc[3, "baseline_units"] += 2.5
    changed = table.from_pandas(rows, schema=table.schema, preserve_index=False)
    pq.write_table(
        changed.replace_schema_metadata({b"forecast_assets.provenance": footer[b"forecast_assets.provenance"]}), path
    )
    outcomes, _ = replayed(copy, tmp_path / "scratch", assets=["baseline_forecasts"])
    outcome = outcomes["baseline_forecasts"]
    assert outcome.state == DIFFERENT
    assert outcome.reasons == ("the stored file does not match its provenance: it was changed",)
    (column,) = outcome.difference.columns
    assert (column.column, column.cells, column.largest) == ("baseline_units", 1, pytest.approx(2.5))


def restate(company: Company) -> None:
    """A fifth more of November is delivered, and what follows in FR is made again: both months are reopened."""
    (file,) = (company.landing / "sell_in").glob("FR_2024-11.parquet")
    rows = pq.read_table(file)
    restated = rows.set_column(
        rows.schema.get_field_index("units"), "units", [[1.2 * units for units in rows["units"].to_pylist()]]
    )
    pq.write_table(restated, file)
    succeeded(company.run("ingest", "FR", NOVEMBER, tags={CYCLE_ID_TAG: "dev-2024-11.r2"}))
    succeeded(company.run("monthly_cycle", "FR", DECEMBER, assets=QUICK, tags={CYCLE_ID_TAG: f"{CYCLE}.r2"}))


def test_after_a_restatement_the_old_cycle_is_made_of_the_old_versions_and_the_new_one_of_the_new(copy, tmp_path):
    before = copy.hashes("baseline_forecasts", "FR")["2024-12"]
    restate(copy)
    assert copy.hashes("baseline_forecasts", "FR")["2024-12"] != before
    old, scratch = replayed(copy, tmp_path / "old", assets=QUICK)
    assert states(old) == dict.fromkeys(QUICK, IDENTICAL)
    place = PartitionKey(pd.Timestamp(DECEMBER), "FR")
    assert scratch.provenance("baseline_forecasts", place).content_hash == before
    new, _ = replayed(copy, tmp_path / "new", f"{CYCLE}.r2", assets=QUICK)
    assert states(new) == dict.fromkeys(QUICK, IDENTICAL)
    assert new["baseline_forecasts"].target.version.provenance.content_hash != before


def test_another_configuration_or_commit_is_said_and_what_it_changes_is_shown(company, tmp_path, monkeypatch):
    other = {"FORECAST_TRAINING_ROWS": "1500"}
    _, targets = targets_of(company, assets=["model", "forecasts", "baseline_forecasts"])
    assert not [line for line in code_and_configuration_changes(company.settings(), targets) if "configured" in line]
    changes = code_and_configuration_changes(company.settings(**other), targets)
    model = "model (FR) was configured differently; it depends on training_rows, boosting_rounds, pools_markets"
    assert model in changes
    assert not [line for line in changes if line.startswith(("forecasts", "baseline"))]
    replay = import_module("forecast_assets.operations.history.replay")
    monkeypatch.setattr(replay, "git_sha", lambda: "other")
    monkeypatch.setattr(
        import_module("forecast_assets.operations.history.replay"), "code_version", lambda asset: "0123"
    )
    then = {target.asset: target.version.provenance for target in targets}
    assert code_and_configuration_changes(company.settings(), targets) == [
        f"built with git {then['model'].git_sha}, replayed with git other",
        *(f"{asset}: code version {then[asset].code_version} as recorded, 0123 now" for asset in sorted(then)),
    ]
    outcomes, _ = replayed(company, tmp_path, assets=["model", "forecasts"], **other)
    # Forecasts are made from the model as it was stored then.
    assert states(outcomes) == {"model": DIFFERENT, "forecasts": IDENTICAL}
    assert outcomes["model"].difference.columns[0].column == "content"


def other_version(company: Company, table: str, month: str, **values: object) -> None:
    """Publish another version of a partition, as a later run does."""
    place = PartitionKey(pd.Timestamp(month), "FR")
    rows = company.read(table, "FR", month).drop(columns=["country", "month"]).assign(**values)
    company.store.write(table_specs()[table], place, rows, Provenance(f"later-{table}", "dev-later", "none"))


def test_the_champion_of_then_is_found_though_another_one_was_put_in_its_place(copy, tmp_path):
    tuned = pd.DataFrame([[0, "in_force", OTHER, 0.2, 0.0, 0.2]], columns=list(COLUMNS)).astype(COLUMNS)
    place = PartitionKey(pd.Timestamp(DECEMBER), "FR")
    copy.store.write(table_specs()["tuned_recipe"], place, tuned, Provenance("planted", "dev", "none"))
    assets = ["model", "backtest", "champion"]
    tags = {CYCLE_ID_TAG: f"{CYCLE}.r2"}
    succeeded(copy.run("monthly_cycle", "FR", DECEMBER, assets=assets, tags=tags, **LENIENT))
    assert copy.read("champion", "FR", DECEMBER)["outcome"].tolist() == ["promoted"]
    read = copy.store.provenance("champion", place).inputs["champion"]
    assert read == {f"FR|{NOVEMBER}": copy.hashes("champion", "FR")["2024-11"]}
    other_version(copy, "champion", NOVEMBER, recipe='{"leaves": 5}', recipe_id="another")
    other_version(copy, "tuned_recipe", DECEMBER, parameters='{"leaves": 15}')
    outcomes, _ = replayed(copy, tmp_path / "scratch", f"{CYCLE}.r2", assets=assets, **LENIENT)
    assert states(outcomes) == dict.fromkeys(outcomes, IDENTICAL)
    assert set(outcomes) == set(assets)


def test_a_challenger_that_was_set_aside_is_set_aside_again(copy, tmp_path):
    place = PartitionKey(pd.Timestamp(DECEMBER), "FR")
    tuned = pd.DataFrame([[0, "in_force", OTHER, 0.2, 0.0, 0.2]], columns=list(COLUMNS)).astype(COLUMNS)
    copy.store.write(table_specs()["tuned_recipe"], place, tuned, Provenance("planted", "dev", "none"))
    tags = {CYCLE_ID_TAG: f"{CYCLE}.r2"}
    succeeded(copy.run("publish_fallback", "FR", DECEMBER, tags=tags))
    provenance = copy.store.provenance("champion", place)
    assert provenance.answers == {"challenger_set_aside": "challenger set aside: the cycle failed"}
    outcomes, _ = replayed(copy, tmp_path / "scratch", f"{CYCLE}.r2", assets=["champion", "published_forecasts"])
    assert states(outcomes) == {"champion": IDENTICAL, "published_forecasts": IDENTICAL}


def test_the_last_published_forecast_of_then_is_found_though_it_was_published_anew(copy, tmp_path):
    """A month without forecasts and baseline publishes the month before again."""
    for table in ("forecasts", "baseline_forecasts"):
        os.unlink(copy.store.path(table, PartitionKey(pd.Timestamp(DECEMBER), "FR")))
    tags = {CYCLE_ID_TAG: f"{CYCLE}.r2"}
    succeeded(copy.run("publish_fallback", "FR", DECEMBER, tags=tags))
    assert set(copy.read("published_forecasts", "FR", DECEMBER)["status"]) == {"stale"}
    other_version(copy, "published_forecasts", NOVEMBER, forecast_units=1.0)
    outcomes, _ = replayed(copy, tmp_path / "scratch", f"{CYCLE}.r2", assets=["published_forecasts"])
    assert states(outcomes) == {"published_forecasts": IDENTICAL}


def test_a_month_published_after_a_later_one_is_backfilled_again_and_one_before_it_is_not(copy, tmp_path):
    tags = {CYCLE_ID_TAG: "dev-2024-11.r2"}
    succeeded(copy.run("monthly_cycle", "FR", NOVEMBER, assets=["published_forecasts"], tags=tags))
    assert set(copy.read("published_forecasts", "FR", NOVEMBER)["status"]) == {"backfilled"}
    for number, cycle in enumerate(["dev-2024-11.r2", "dev-2024-11"]):
        outcomes, scratch = replayed(copy, tmp_path / str(number), cycle, assets=["published_forecasts"])
        assert states(outcomes) == {"published_forecasts": IDENTICAL}
    assert set(scratch.read("published_forecasts", [PartitionKey(pd.Timestamp(NOVEMBER), "FR")])["status"]) == {
        "published"
    }


def test_the_month_of_a_cycle_is_read_from_its_name():
    assert month_of_cycle("prod-2024-06") == month_of_cycle("prod-2024-06.r2") == pd.Timestamp("2024-06-01")
    for text in ("2024-06", "prod-2024-13", "prod", "prod-2024-06-01"):
        with pytest.raises(ValueError, match="a cycle reads prod-2024-06"):
            month_of_cycle(text)


def test_a_market_that_is_no_more_is_named(company, tmp_path):
    versions, targets = targets_of(company, assets=["history_marks"])
    gone = dataclasses.replace(targets[0], partition=PartitionKey(pd.Timestamp(DECEMBER), "XX"))
    (outcome,) = Replay(company.settings(), build_code_location, company.store, str(tmp_path), versions).run([gone])
    assert (outcome.state, "XX is no longer in the markets file" in outcome.reasons[0]) == (NOT_POSSIBLE, True)
