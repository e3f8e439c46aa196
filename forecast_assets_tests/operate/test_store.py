"""Injuries of a store: nothing reads as other numbers, nothing is lost, and what is damaged is named."""

import pytest

from forecast_assets_tests.operate.store_drill import assert_harmless, drill


def test_a_short_drill_of_the_store(tmp_path):
    lines = drill(tmp_path, seed=20241130, flips=3, kills=3)
    assert_harmless(lines)
    (pause,) = [line for line in lines if line.injected == "pause past the lease"]
    assert "was published by a run that took the lease of FR after paused" in pause.told


@pytest.mark.daemon
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_drill_of_the_store(tmp_path, tell, seed):
    lines = drill(tmp_path, seed=seed, flips=100, kills=40)
    tell(f"store, seed {seed}")
    for line in lines:
        tell(str(line))
    assert_harmless(lines)
