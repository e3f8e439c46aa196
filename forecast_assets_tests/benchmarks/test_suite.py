"""The page over all sets, from figures given by hand; nothing slow is measured."""

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.results_page import write_page
from benchmarks.suite import main, methods_for

FIGURES = {"smape": 10.0, "mase": 0.8, "pinball": None, "coverage_80": 0.8, "seconds": 2.0, "peak_mb": 100.0}


def row(method, wape, bias=0.0, dataset="shop", origin="all"):
    return {"dataset": dataset, "method": method, "origin": origin, "series": 5, "wape": wape, "bias": bias} | FIGURES


def page_of(rows, growth, tmp_path):
    path = tmp_path / "PAGE.md"
    write_page(path, rows, growth, tmp_path / "PAGE.png", 1)
    return path.read_text(encoding="utf-8")


def lines_of_tables(page):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]


def test_the_engine_is_compared_with_the_best_peer_that_is_a_choice(tmp_path):
    rows = [
        row("engine", 0.18),
        row("holt_winters_statsmodels", 0.25),
        row("theta", 0.20),
        row("mean_ets_theta_ces", 0.10),  # a combination is no single peer
        row("mlforecast_lightgbm", 0.05, bias=-0.9),  # forecasts nearly nothing
        row("engine", 0.9, origin="2020-01"),  # a single origin is not the set
        row("engine", 0.3, dataset="depot"),
        row("holt_winters_statsmodels", 0.4, dataset="depot"),
    ]
    page = page_of(rows, {}, tmp_path)
    assert ["shop", "theta", "0.2000", "0.1800", "0.900"] in lines_of_tables(page)
    # depot: 0.75; the square root of 0.9 x 0.75 is 0.822
    assert "Geometric mean 0.822." in page
    assert "## Growth" not in page


def test_published_figures_stand_beside_those_measured(tmp_path):
    zero_shot = {"hospital": [row("engine", 0.06) | {"mase": 0.7321, "wql": 0.04712}]}
    path = tmp_path / "PAGE.md"
    write_page(path, [row("engine", 0.2)], {}, tmp_path / "PAGE.png", 1, zero_shot)
    lines = lines_of_tables(path.read_text(encoding="utf-8"))
    begin = lines.index(["**engine**", "0.7321", "0.0471"])
    # Best published quantile loss first: that of TimesFM.
    assert lines[begin + 1] == ["TimesFM 2.0", "0.7547", "0.0498"]
    assert lines[-1] == ["seasonal naive", "0.9205", "0.0726"]


def test_growth_is_shown_with_its_exponent(tmp_path):
    page = page_of([row("engine", 0.2)], {1000: (10.0, 200.0), 10000: (100.0, 900.0)}, tmp_path)
    assert "to the power of 1.00" in page
    assert ["10,000", "100.0", "10.00", "900"] in lines_of_tables(page)


@pytest.mark.parametrize(("zeros", "asked"), [(20, False), (60, True)])
def test_sets_with_many_zeros_are_measured_against_methods_for_intermittent_demand(tmp_path, zeros, asked):
    units = np.where(np.arange(100) < zeros, 0.0, 5.0)
    path = tmp_path / "set.parquet"
    months = pd.date_range("2010-01-01", periods=100, freq="MS")
    pd.DataFrame({"sku": "a", "month": months, "y": units}).to_parquet(path)
    methods = methods_for(path).split(",")
    assert methods[0] == "engine"
    assert ("adida" in methods) is asked


def test_a_folder_without_sets_is_said_in_one_line(tmp_path, capsys):
    assert main(["--folder", str(tmp_path), "--out", str(tmp_path / "PAGE.md")]) == 1
    assert "no tidy file in" in capsys.readouterr().err


@pytest.mark.peers
def test_what_was_measured_is_written_up_again_without_measuring(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    rows = [row("engine", 0.18), row("holt_winters_statsmodels", 0.25)]
    (folder / "shop.json").write_text(json.dumps(rows), encoding="utf-8")
    (tmp_path / "shop.parquet").touch()
    out = tmp_path / "PAGE.md"
    assert main(["--folder", str(tmp_path), "--reuse", "--growth", "--out", str(out)]) == 0
    assert "0.720" in out.read_text(encoding="utf-8")
    assert out.with_suffix(".png").stat().st_size > 1000
