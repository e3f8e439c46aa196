"""Calling the sample: determinism, independence of markets, refusals."""

import pyarrow.parquet as pq
import pytest

from forecast_assets.sample import write_sample_company


def test_the_same_arguments_give_the_same_bytes(clean, write_company):
    assert write_company().files() == clean.files()


def test_another_seed_gives_another_company(clean, write_company):
    assert write_company(seed=8).files()["sell_in/FR_2022.parquet"] != clean.files()["sell_in/FR_2022.parquet"]


def test_the_files_of_a_market_do_not_depend_on_how_many_markets_there_are(clean, write_company):
    more = write_company(markets=5)
    alone = write_company(markets=1)
    more_files, alone_files = more.files(), alone.files()
    assert {name: more_files[name] for name in clean.files()} == clean.files()
    assert {name: more_files[name] for name in alone_files} == alone_files
    for name in ("FR", "DE"):
        assert pq.read_table(more.truth / f"sell_in/{name}.parquet").equals(
            pq.read_table(clean.truth / f"sell_in/{name}.parquet")
        )


def test_the_summary_counts_what_was_written(clean):
    assert clean.summary.sell_in_rows == len(clean.read("sell_in"))
    assert clean.summary.sell_out_rows == len(clean.read("sell_out"))
    assert clean.summary.files == len(clean.files())
    assert clean.summary.late is None


def test_progress_is_told_market_by_market(tmp_path):
    lines = []
    write_sample_company(tmp_path / "landing", markets=2, skus=5, months=2, progress=lines.append)
    assert [line.split()[0] for line in lines] == ["FR", "DE"]


def test_the_truth_may_not_lie_in_the_landing_folder(tmp_path):
    with pytest.raises(ValueError, match="outside the landing folder"):
        write_sample_company(tmp_path, truth=tmp_path / "truth")


@pytest.mark.parametrize(("size", "value"), [("markets", 0), ("markets", 201), ("skus", 4), ("months", 0)])
def test_sizes_that_cannot_be_simulated_are_refused_by_name(tmp_path, size, value):
    with pytest.raises(ValueError, match=f"{size} must be .*got {value}"):
        write_sample_company(tmp_path / "landing", **{size: value})


def test_a_smaller_sample_does_not_mix_with_the_files_of_a_larger_one(tmp_path):
    write_sample_company(tmp_path / "landing", markets=2, skus=5, months=2)
    with pytest.raises(FileExistsError, match="DE"):
        write_sample_company(tmp_path / "landing", markets=1, skus=5, months=2)


def test_the_same_sample_may_be_written_again_over_itself(tmp_path):
    first = write_sample_company(tmp_path / "landing", markets=2, skus=5, months=2)
    assert write_sample_company(tmp_path / "landing", markets=2, skus=5, months=2) == first
