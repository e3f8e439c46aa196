"""Check of the monthly review: the causes of a change add up to it, where the last publication is explained."""

import pandas as pd
import pytest

from forecast_assets.domain.review.forecast_exceptions import CHANGE_COLUMNS
from forecast_assets.validation.review_checks import PARTS_ADD_UP, review_checks

JUNE = pd.Timestamp("2024-06-01")


def finding(units, last, *parts, rest=0.0):
    """Check one SKU whose first causes have these units, and whose others have none."""
    causes = dict.fromkeys(CHANGE_COLUMNS, 0.0) | dict(zip(CHANGE_COLUMNS, parts, strict=False))
    row = {"sku": "a", "units": units, "last_units": last, **causes, "rest_units": rest}
    (check,) = [each for each in review_checks() if each.name == "parts_add_up"]
    return check.find(pd.DataFrame([row]).astype({"last_units": float, "rest_units": float}), JUNE)


@pytest.mark.parametrize(
    ("units", "last", "parts", "violations"),
    [
        (120.0, 100.0, (15.0, 5.0), 0),
        (80.0, 100.0, (-15.0, -5.0), 0),
        (120.0, 100.0, (15.0, 4.0), 1),
        (120.0, 100.0, (-15.0, -5.0), 1),
        (30.0, None, (30.0,), 0),  # Not in the last publication.
        (30.0, None, (), 1),
        # To a millionth of the change, or of a unit.
        (2e6, 1e6, (1e6 + 0.5,), 0),
        (2e6, 1e6, (1e6 + 1.5,), 1),
        (0.0, 0.0, (5e-7,), 0),
        (0.0, 0.0, (2e-6,), 1),
    ],
)
def test_causes_that_do_not_add_up_to_the_change_are_found(units, last, parts, violations):
    found = finding(units, last, *parts)
    assert found.violations == violations
    if violations:
        assert found.rows["sku"].tolist() == ["a"]
        assert found.message.startswith("1 SKUs whose causes do not add up")


def test_a_sku_without_an_explained_change_is_left_out_and_nothing_is_blocked():
    assert finding(120.0, 100.0, 1.0, rest=None).violations == 0
    assert not PARTS_ADD_UP.blocking
