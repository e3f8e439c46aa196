import dataclasses
import importlib.util
import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy import main, row_of
from benchmarks.methods import METHODS
from benchmarks.protocol import Forecasts, cases, read_tidy, score
from benchmarks.results_table import wape_ratios
from benchmarks.run_method import MethodFailedError, run_in_process

KEYS = {
    "dataset", "method", "origin", "series", "wape", "bias", "smape", "mase", "pinball", "coverage_80", "seconds",
    "peak_mb",
}  # fmt: skip


@pytest.fixture
def tidy_file(tmp_path):
    """Two series of 40 months that repeat every year, the second one year after year 10 % higher."""
    months = pd.date_range("2018-01-01", periods=40, freq="MS")
    growing = (months.month * 10.0) * 1.1 ** (months.year - 2018)
    table = pd.concat(
        [
            pd.DataFrame({"sku": "flat", "month": months, "y": months.month * 1.0}),
            pd.DataFrame({"sku": "growing", "month": months, "y": growing}),
        ]
    )
    path = tmp_path / "twins.csv"
    table.to_csv(path, index=False)
    return path


def test_results_have_an_object_per_method_and_origin_and_one_over_all_origins(tidy_file, tmp_path, capsys):
    out = tmp_path / "results.json"
    given = ["--data", str(tidy_file), "--horizon", "6", "--origins", "2", "--methods", "seasonal_naive"]
    assert main([*given, "--out", str(out)]) == 0
    rows = json.loads(out.read_text())
    assert [set(row) for row in rows] == [KEYS] * 3
    assert [(row["dataset"], row["method"], row["origin"], row["series"]) for row in rows] == [
        ("twins", "seasonal_naive", "2020-10", 2),
        ("twins", "seasonal_naive", "2019-10", 2),
        ("twins", "seasonal_naive", "all", 4),
    ]
    assert rows[0]["pinball"] is None
    assert rows[2]["seconds"] == pytest.approx(rows[0]["seconds"] + rows[1]["seconds"], abs=0.002)
    assert rows[0]["peak_mb"] > 10
    # At the first origin 2020-11 .. 2021-04 is forecast as the same months a year before.
    actual_growing = np.array([110, 120]) * 1.21, np.array([10, 20, 30, 40]) * 1.331
    total = sum(part.sum() for part in actual_growing)
    assert rows[0]["wape"] == pytest.approx((total - total / 1.1) / (total + 11 + 12 + 1 + 2 + 3 + 4))
    assert rows[0]["bias"] == pytest.approx(-rows[0]["wape"])
    assert "seasonal_naive" in capsys.readouterr().out


def test_an_unknown_method_is_refused_with_the_list_of_those_that_exist(tidy_file, tmp_path, capsys):
    out = tmp_path / "results.json"
    assert main(["--data", str(tidy_file), "--methods", "engine,prophet", "--out", str(out)]) == 1
    message = capsys.readouterr().err
    assert "unknown methods ['prophet']" in message
    assert all(name in message for name in METHODS)
    assert not out.exists()


def test_a_peer_without_its_package_says_in_one_line_how_to_install_it(tidy_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["--data", str(tidy_file), "--methods", "auto_ets", "--out", str(tmp_path / "results.json")]) == 1
    message = capsys.readouterr().err.strip()
    assert message == (
        "benchmarks.accuracy: method auto_ets needs statsforecast, which is not installed: pip install -e .[benchmark]"
    )


def test_a_method_that_fails_is_named_with_its_reason(tidy_file, monkeypatch):
    monkeypatch.setitem(METHODS, "absent", dataclasses.replace(METHODS["engine"], function="absent"))
    with pytest.raises(MethodFailedError, match=r"absent on twins.csv, origin number 0: .*unknown methods"):
        run_in_process(tidy_file, "absent", 6, 0, 12, 1)


def test_with_quantiles_a_repeated_point_forecast_has_its_wape_as_quantile_loss(tidy_file):
    (case,) = cases(read_tidy(tidy_file), horizon_months=6, origins=1, step_months=12)
    scores = score(case, Forecasts(case.actual * 1.25))
    named = {"dataset": "twins", "method": "engine", "origin": "all"}
    without, row = (row_of(named, scores, 1.0, 1.0, with_quantiles=asked) for asked in (False, True))
    assert set(row) - set(without) == {"wql"}
    assert row["wql"] == pytest.approx(0.25)
    assert set(row) == KEYS | {"wql"}


def test_help_explains_the_protocol_and_names_every_method(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    assert "fewer than 12 training months" in text
    assert all(name in text for name in METHODS)


def test_ratios_are_those_of_the_pooled_rows_to_the_statsmodels_baseline():
    def row(method, origin, wape):
        return {"dataset": "d", "method": method, "origin": origin, "wape": wape}

    rows = [
        row("engine", "2020-01", 0.9), row("engine", "all", 0.2), row("holt_winters_statsmodels", "all", 0.4),
        row("theta", "all", None),
    ]  # fmt: skip
    assert wape_ratios(rows) == {("d", "engine"): 0.5, ("d", "holt_winters_statsmodels"): 1.0}


def test_a_picture_without_the_baseline_is_refused_before_anything_runs(tidy_file, tmp_path, capsys):
    given = ["--data", str(tidy_file), "--methods", "engine", "--out", str(tmp_path / "r.json"), "--picture", "p.png"]
    assert main(given) == 1
    assert "ratios to holt_winters_statsmodels: add it" in capsys.readouterr().err
