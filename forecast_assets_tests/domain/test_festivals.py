import numpy as np
import pytest

from forecast_assets.domain.festivals import FESTIVALS, festival_days


@pytest.mark.parametrize(
    ("festival", "days"),
    [
        ("easter", ["2024-03-31", "2025-04-20", "2026-04-05"]),
        ("lunar_new_year", ["2024-02-10", "2025-01-29", "2026-02-17"]),
        ("eid_al_fitr", ["2024-04-10", "2025-03-30", "2026-03-20"]),
        ("eid_al_adha", ["2024-06-16", "2025-06-06", "2026-05-27"]),
    ],
)
def test_festivals_fall_on_their_days(festival, days):
    assert festival_days(festival, 2024, 2026).astype(str).tolist() == days


@pytest.mark.parametrize("festival", FESTIVALS)
def test_no_year_of_four_decades_is_missing(festival):
    gaps = np.diff(festival_days(festival, 2005, 2045)).astype(int)
    assert gaps.min() >= 350
    assert gaps.max() <= 392


def test_a_lunar_year_may_have_two_festivals_in_one_of_ours():
    assert festival_days("eid_al_fitr", 2033, 2033).astype("datetime64[M]").astype(str).tolist() == [
        "2033-01",
        "2033-12",
    ]
