"""Families of features: each column in one, whole families or single features left out, what is needed kept."""

import pandas as pd
import pytest

from forecast_assets.domain.features.families import FAMILIES, UnknownFeatureError, columns_of, family_of, without

COLUMNS = [
    "sku", "origin_month", "scale_units", "theta_h01", "ses_h01", "ses_h02", "sell_in_lag_1", "sell_out_lag_1",
    "expected_orders_h02", "promotion_planned_h01", "promotion_planned_h02", "pack_is_h12", "observations",
]  # fmt: skip
TABLE = pd.DataFrame(columns=COLUMNS)


@pytest.mark.parametrize(
    ("column", "family"),
    [
        ("expected_orders_h02", "sell-out"),
        ("promotion_planned_h03", "promotions"),
        ("pack_is_h12", "products"),
        ("all_world_sell_in_growth_12", "cross-market totals"),
        ("theta_h01", "statistical"),
        ("horizon_months", "calendar"),
        ("sell_in_lag_1", "own history"),
    ],
)
def test_a_feature_counts_in_one_family(column, family):
    assert family_of(column) == family


def test_every_feature_of_a_market_that_is_not_its_own_history_has_a_named_family(origin_features):
    own = {name for name in origin_features if family_of(name) == "own history"}
    assert not {name for name in own if "holiday" in name or "promot" in name or "sell_out" in name}
    assert {"sell_in_lag_1", "adi"} <= own
    assert {family_of(name) for name in origin_features} >= {*FAMILIES, "calendar"} - {"cross-market totals"}


def test_a_family_or_one_feature_goes_at_all_horizons_and_what_learners_need_stays():
    assert "public_holidays_h01" not in without(TABLE.assign(public_holidays_h01=1.0), ("calendar",))
    rest = without(TABLE, ("statistical", "promotion_planned"))
    dropped = [name for name in COLUMNS if name not in rest]
    assert dropped == [
        "ses_h01",
        "ses_h02",
        "promotion_planned_h01",
        "promotion_planned_h02",
    ]
    assert "expected_orders_h02" not in without(TABLE, ("promotions",))
    assert "expected_orders_h02" in columns_of("sell-out", TABLE)
    assert list(TABLE.columns) == COLUMNS


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("promotion", r"no family and no feature 'promotion'\. Did you mean promotions\? Families: sell-out, "),
        ("sell_in_lag_2", r"no family and no feature 'sell_in_lag_2'\. Did you mean sell_in_lag_1\?"),
        ("theta", "theta cannot be left out"),
        ("sku", "sku cannot be left out"),
    ],
)
def test_a_name_that_cannot_be_left_out_is_explained(name, message):
    with pytest.raises(UnknownFeatureError, match=message):
        without(TABLE, (name,))
