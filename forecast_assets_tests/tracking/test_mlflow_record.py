"""Records for MLflow: values they reject or leave out, and changes that make another record."""

import pandas as pd
import pytest

from forecast_assets_tests.tracking.conftest import cycle_record


def test_undefined_metrics_are_left_out_and_pooled_ones_keep_their_own_name():
    assert sorted(cycle_record().metric_values()) == [
        ("baseline_bias_by_horizon", 1, -0.1),
        ("baseline_bias_by_horizon", 2, 0.0),
        ("baseline_bias_by_horizon", 3, 0.3),
        ("model_wape", 0, 0.15),
        ("model_wape_by_horizon", 1, 0.1),
        ("model_wape_by_horizon", 2, 0.2),
    ]


def test_the_content_stays_the_same_when_only_the_run_and_the_commit_differ():
    again = cycle_record(dagster_run_id="second-run", git_sha="fffffff")
    assert again.content_hash() == cycle_record().content_hash()


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"learning_rate": 0.1, "recipe": "pooled"}},
        {"pooled_metrics": {"model_wape": 0.16}},
        {"metrics_by_horizon": pd.DataFrame({"horizon_months": [1], "model_wape": [0.1]})},
        {"features": ["sell_in_lag_12"]},
        {"model_parts": pd.DataFrame({"part": ["manifest"], "content": ["{}"]})},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_kind_of_content_counts(change):
    assert cycle_record(**change).content_hash() != cycle_record().content_hash()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cycle_id": "dev' or 1=1"}, "cycle_id must consist of"),
        ({"market": "F R"}, "market must consist of"),
        ({"origin_month": pd.Timestamp("2024-06-30")}, "first of a month"),
        ({"metrics_by_horizon": pd.DataFrame({"lag": [1], "model_wape": [0.1]})}, "needs horizon_months"),
        ({"metrics_by_horizon": pd.DataFrame({"horizon_months": [1, 1]})}, "one row per horizon_months"),
        ({"pooled_metrics": {"model_wape": float("inf")}}, r"infinite: \['model_wape'\]"),
        ({"model_parts": pd.DataFrame({"part": ["../escape"], "content": ["x"]})}, "plain file names"),
        ({"model_parts": pd.DataFrame({"part": ["a", "a"], "content": ["x", "y"]})}, "a part twice"),
        ({"model_parts": pd.DataFrame({"part": ["a"], "content": [b"pickled"]})}, "must have text"),
    ],
)
def test_a_record_that_cannot_be_shown_is_refused_before_mlflow_is_asked(change, message):
    with pytest.raises(ValueError, match=message):
        cycle_record(**change)


def test_a_part_without_ending_gets_one_that_the_web_page_shows_as_text(tmp_path):
    parts = pd.DataFrame({"part": ["manifest", "lgbm/h01", "notes.txt"], "content": ['{"a": 1}', "tree\r\n", "[x]"]})
    cycle_record(model_parts=parts).write_files(tmp_path)
    written = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {
        "features.txt": b"sell_in_lag_12\nsell_out_mean_3\n",
        "model/manifest.json": b'{"a": 1}',
        "model/lgbm/h01.txt": b"tree\r\n",
        "model/notes.txt": b"[x]",
    }
