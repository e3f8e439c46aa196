"""Arithmetic of the platform's measurements: resumption, targets, exponents, stacks, generated events."""

import json
import sqlite3
import sys

import pytest

from benchmarks.growth import growth_exponent
from benchmarks.scale.command import CommandFailed, run
from benchmarks.scale.flame import OTHER, shares, svg
from benchmarks.scale.generated import Template, _insert
from benchmarks.scale.results import Results
from benchmarks.scale.targets import NOT_MEASURED, curves, targets


def record(cpu_seconds, **more):
    return {"complete": True, "cpu_seconds": cpu_seconds, "wall_seconds": 1.0, "peak_mb": 100.0, **more}


def by_name(records, **arguments):
    given = {"shares": {}, "exponents": {}} | arguments
    return {target.name: target for target in targets(records, **given)}


def test_a_measurement_is_made_once_and_a_stopped_one_is_marked(tmp_path):
    results = Results(tmp_path / "results.json", "abc")
    assert results.measure("a", lambda: {"cpu_seconds": 2.0}, markets=4)["was_interrupted"] is False
    assert results.measure("a", lambda: pytest.fail("measured again"))["cpu_seconds"] == 2.0

    def stopped():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        results.measure("b", stopped)
    assert not results.has("b")
    assert Results(results.file, "abc").measure("b", lambda: {"cpu_seconds": 1.0})["was_interrupted"] is True


def test_a_command_costs_what_its_processes_cost_and_a_failure_shows_its_output(tmp_path):
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    usage = run([sys.executable, "-c", child], {}, tmp_path / "log.txt")
    assert usage.cpu_seconds >= 0.3
    assert usage.peak_mb > 1
    with pytest.raises(CommandFailed, match="no deliveries"):
        run([sys.executable, "-c", "import sys; print('no deliveries'); sys.exit(2)"], {}, tmp_path / "log.txt")


def test_a_figure_in_fits_is_divided_by_the_fit_of_its_group():
    records = {"one market/500x72/monthly cycle": record(35.0), "one market/500x72/fixed fit": record(3.5)}
    target = by_name(records)["monthly cycle, one market"]
    assert (target.value, target.outcome) == (10.0, "reached")
    records["one market/500x72/monthly cycle"] = record(35.1)
    assert by_name(records)["monthly cycle, one market"].outcome == "not reached"


def test_forty_markets_are_extrapolated_from_the_largest_company():
    records = {"company/4/monthly cycle": record(480.0), "plain script/4": record(240.0)}
    found = by_name(records)
    # 480 CPU s x 40 / 4 markets / 2 cores / 60.
    assert found["monthly cycle, 40 markets"].value == pytest.approx(40.0)
    assert found["monthly cycle, 40 markets"].origin == "CPU s of 4 markets x 10, on 2 cores"
    assert found["the same, ratio to the plain script"].value == 2.0
    assert found["features of 36 months, 40 markets"].outcome == NOT_MEASURED
    measured = by_name(records | {"company/40/monthly cycle": record(1_200.0)})["monthly cycle, 40 markets"]
    assert (measured.value, measured.origin) == (10.0, "CPU s of measured, on 2 cores")


def test_curves_have_the_sizes_that_were_measured():
    records = {
        f"one market/{skus}x{months}/monthly cycle": record(cpu, skus=skus, months=months)
        for skus, months, cpu in ((500, 72, 50.0), (5_000, 72, 500.0), (500, 36, 25.0))
    }
    found = curves(records)
    assert found["time in SKUs, monthly cycle"] == [(500, 50.0), (5_000, 500.0)]
    assert found["time in months, monthly cycle"] == [(36, 25.0), (72, 50.0)]
    assert growth_exponent(*map(list, zip(*found["time in SKUs, monthly cycle"], strict=True))) == pytest.approx(1.0)
    assert "time in markets, monthly cycle" not in found


def test_an_exponent_of_two_points_is_not_judged():
    found = by_name({}, exponents={"time in SKUs": (0.9, 2), "time in markets": (1.0, 3), "memory in SKUs": (1.1, 4)})
    assert found["exponent of time in SKUs"].outcome == "not judged"
    assert found["exponent of time in markets"].outcome == "reached"
    assert found["exponent of memory in SKUs"].outcome == "not reached"


def test_stacks_are_shared_out_by_kind_and_drawn_without_paths_of_the_machine(tmp_path):
    file = tmp_path / "stacks.txt"
    library, project = "/opt/lib/python3.11/site-packages", "/srv/project"
    file.write_text(
        f"run (/x/python3.11/runpy.py:3);train ({library}/lightgbm/basic.py:12) 6\n"
        f"build ({project}/forecast_assets/domain/features/build.py:7) 3\n"
        "load (<frozen importlib._bootstrap>:100);body (/srv/project/forecast_assets/domain/months.py:1) 1\n"
    )
    found = shares(file)
    assert found["boosters (LightGBM)"] == 0.6
    assert found["statistical methods, features, selection"] == 0.3
    assert found["imports of modules"] == 0.1
    assert found[OTHER] == 0.0
    picture = svg(file)
    assert "train (lightgbm/basic.py): 60.0%" in picture
    assert "build (forecast_assets/domain/features/build.py): 30.0%" in picture
    assert "/srv" not in picture


def test_an_event_is_repeated_for_another_partition_with_its_tags():
    event = {"partition": "FR|2024-10-01", "tags": {"dagster/partition/country": "FR"}, "path": "FR"}
    event["tags"]["dagster/partition/month"] = "2024-10-01"
    tags = (
        ("dagster/partition/country", "FR"),
        ("dagster/partition/month", "2024-10-01"),
        ("dagster/data_version", "x"),
    )
    template = Template("run", json.dumps(event), "features", '["features"]', "FR|2024-10-01", tags)
    repeated = json.loads(template.at("NO|2020-01-01"))
    assert repeated["partition"] == "NO|2020-01-01"
    assert repeated["tags"] == {"dagster/partition/country": "NO", "dagster/partition/month": "2020-01-01"}
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE event_logs (id, run_id, event, type, timestamp, step, asset, partition)")
        database.execute("CREATE TABLE asset_event_tags (event_id, asset_key, key, value, event_timestamp)")
        _insert(database, template, ["NO|2020-01-01", "NO|2020-02-01"])
        assert database.execute("SELECT id, partition FROM event_logs").fetchall() == [
            (1, "NO|2020-01-01"),
            (2, "NO|2020-02-01"),
        ]
        stored = database.execute("SELECT key, value FROM asset_event_tags WHERE event_id = 2").fetchall()
    assert dict(stored) == {
        "dagster/partition/country": "NO",
        "dagster/partition/month": "2020-02-01",
        "dagster/data_version": "x",
    }
