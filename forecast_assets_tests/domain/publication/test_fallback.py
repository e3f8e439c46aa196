"""Publication without a forecast; two SKUs whose numbers are their own month."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months, target_months
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.publication.fallback import (
    NothingToPublishError,
    PublicationInputs,
    best_available,
    carried_forward,
    forecasts_of_baseline,
)
from forecast_assets.domain.publication.published_forecasts import published_forecasts

ORIGIN = pd.Timestamp("2024-06-01")
NO_OVERRIDES = pd.DataFrame(columns=["sku", "target_month", "forecast_units", "author", "reason"])
PLACE = {"country": "FR", "month": ORIGIN}
PRODUCT = [
    "sku", "category", "brand", "pack", "launch_month", "end_month", "reference_sku",
]  # fmt: skip


def horizon(origin, skus=("a", "b")):
    months = target_months(origin)
    return pd.DataFrame(
        {
            "sku": np.repeat(list(skus), 18),
            "origin_month": origin,
            "target_month": np.tile(months, len(skus)),
            "horizon_months": np.tile(range(1, 19), len(skus)),
        }
    )


def published(origin):
    """The forecast of a month is 100 x its year after 2000 + the month: July 2024 is 2407."""
    rows = horizon(origin)
    units = (rows["target_month"].dt.year - 2000) * 100.0 + rows["target_month"].dt.month
    return rows.assign(
        forecast_units=units, forecast_units_p10=0.5 * units, forecast_units_p90=1.5 * units, baseline_units=units + 1,
        naive_units=units + 2, model_units=units + 3, category="tea", abc_class="A", xyz_class="X", inputs_missing="",
        rule="regular", status="published", source="model", reason="good", country="FR", month=origin,
    )  # fmt: skip


def months_of(table, sku="a"):
    return table[table["sku"] == sku].set_index("horizon_months")["forecast_units"].tolist()


def test_the_last_forecast_moved_by_a_month_repeats_a_year_earlier():
    moved = carried_forward(published(add_months(ORIGIN, -1)), ORIGIN)
    # Published were 2024-06 .. 2025-11; wanted are 2024-07 .. 2025-12, whose last is taken from 2024-12.
    wanted = [2400.0 + month for month in range(7, 13)] + [2500.0 + month for month in range(1, 12)] + [2412.0]
    assert months_of(moved) == months_of(moved, "b") == wanted
    assert moved["origin_month"].unique().tolist() == [ORIGIN]
    assert moved["model_units"].iloc[0] == 2410.0
    assert moved["target_month"].tolist() == list(target_months(ORIGIN)) * 2


def test_a_forecast_of_three_years_ago_repeats_its_last_year():
    moved = carried_forward(published(add_months(ORIGIN, -36)), ORIGIN)
    # Published were 2021-07 .. 2022-12: every month is that of 2022.
    assert months_of(moved) == [2200.0 + month for month in [*range(7, 13), *range(1, 13)]]


def test_a_forecast_of_this_month_is_not_an_earlier_one():
    with pytest.raises(ValueError, match="expected an origin before 2024-06"):
        carried_forward(published(ORIGIN), ORIGIN)


def baseline():
    return horizon(ORIGIN).assign(baseline_units=np.repeat([10.0, 20.0], 18), naive_units=5.0)


def history(silent=()):
    """Three years of 10 a month; the silent SKUs sold nothing in the last year."""
    months = pd.date_range(end=ORIGIN, periods=36, freq="MS")
    rows = [
        (sku, month, 0.0 if sku in silent and month > add_months(ORIGIN, -12) else 10.0)
        for sku in ("a", "b")
        for month in months
    ]
    return pd.DataFrame(rows, columns=["sku", "month", "sell_in_units"])


def products():
    known = pd.DataFrame({"sku": ["a", "b"]}).reindex(columns=PRODUCT)
    return known.astype({"launch_month": "datetime64[ns]", "end_month": "datetime64[ns]"})


def panel(rows):
    return panel_from_rows(rows, rows["month"].min(), ORIGIN)


NOTHING = pd.DataFrame()


def test_a_baseline_alone_has_a_wide_interval_and_no_model():
    result = forecasts_of_baseline(baseline(), NOTHING, NOTHING, panel(history()), products())
    first = result.iloc[0]
    assert (first["forecast_units"], first["forecast_units_p10"], first["forecast_units_p90"]) == (10, 0, 20)
    assert result["model_units"].isna().all()
    assert first[["category", "abc_class", "xyz_class", "inputs_missing"]].tolist() == ["UNKNOWN", "C", "Z", "features"]
    assert result["rule"].unique().tolist() == ["regular"]


def test_the_interval_has_the_width_of_the_last_published_one():
    before = published(add_months(ORIGIN, -1))
    before.loc[before["horizon_months"] == 3, "forecast_units_p90"] = 1.25 * before["forecast_units"]
    before = before[before["sku"] == "a"]
    result = forecasts_of_baseline(baseline(), NOTHING, before, panel(history()), products())
    ends = result.set_index(["sku", "horizon_months"])[["forecast_units_p10", "forecast_units_p90"]]
    assert ends.loc[("a", 2)].tolist() == [5.0, 15.0]
    assert ends.loc[("a", 3)].tolist() == [5.0, 12.5]
    assert ends.loc[("b", 3)].tolist() == [0.0, 40.0]
    assert result.set_index("sku").loc["a", "category"].unique().tolist() == ["tea"]


def test_a_forecast_of_zero_gives_no_interval_width():
    before = published(add_months(ORIGIN, -1)).assign(forecast_units=0.0)
    result = forecasts_of_baseline(baseline(), NOTHING, before, panel(history()), products()).set_index("sku")
    assert result.loc["b", "forecast_units_p10"].unique().tolist() == [0.0]
    assert result.loc["b", "forecast_units_p90"].unique().tolist() == [40.0]


def test_segments_of_features_precede_published_ones():
    features = pd.DataFrame(
        {"sku": ["a"], "category": ["ice"], "abc_class": ["B"], "xyz_class": ["Y"], "inputs_missing": ["sell_out"]}
    )
    before = published(add_months(ORIGIN, -1))
    result = forecasts_of_baseline(baseline(), features, before, panel(history()), products()).drop_duplicates("sku")
    assert result["category"].tolist() == ["ice", "tea"]
    assert result["inputs_missing"].tolist() == ["sell_out", ""]


def tables(**given):
    empty = dict.fromkeys(
        ["forecasts", "champion", "baseline", "features", "last_published", "sell_in", "products"], NOTHING
    )
    return PublicationInputs(**empty | {"made_at": None} | given)


def test_a_silent_sku_keeps_the_number_of_its_rule():
    given = tables(baseline=baseline().assign(**PLACE), sell_in=history({"b"}), products=products())
    result, decision = best_available(given, ORIGIN, 3)
    table = published_forecasts(result, decision, NO_OVERRIDES, "published")
    by_sku = table.drop_duplicates("sku").set_index("sku")
    assert by_sku["source"].tolist() == ["baseline", "rule"]
    assert by_sku["forecast_units"].tolist() == [10.0, 0.0]
    assert by_sku["rule"].tolist() == ["regular", "all_zero"]
    assert table["model_units"].isna().all()


def test_a_proposed_successor_continues_the_old_sku_if_the_company_accepts_them():
    """Tea: a sold 100 a month until March, b has sold 100 a month since April."""
    months = pd.date_range(end=ORIGIN, periods=36, freq="MS")
    sold = pd.concat(
        [
            pd.DataFrame({"sku": "a", "month": months, "sell_in_units": [100.0] * 33 + [0.0] * 3}),
            pd.DataFrame({"sku": "b", "month": months[33:], "sell_in_units": 100.0}),
        ]
    )
    given = {
        "baseline": baseline().assign(**PLACE), "sell_in": sold, "products": products().assign(category="tea"),
    }  # fmt: skip

    def rules(**accepts: bool) -> dict[str, str]:
        rows, _ = best_available(tables(**given, **accepts), ORIGIN, 3)
        return rows.drop_duplicates("sku").set_index("sku")["rule"].to_dict()

    assert rules(accepts_successors=True) == {"a": "end_of_life", "b": "new_with_reference"}
    assert rules() == rules(accepts_successors=False) == {"a": "regular", "b": "new_without_relative"}


def test_forecasts_precede_baseline_and_baseline_the_last_published():
    decided = pd.DataFrame({"source": ["champion"], "reason": ["held"]})
    before = published(add_months(ORIGIN, -1))
    there = {"baseline": baseline().assign(**PLACE), "last_published": before, "sell_in": history()}
    there["products"] = products()
    result, decision = best_available(tables(forecasts=published(ORIGIN), champion=decided, **there), ORIGIN, 3)
    assert (decision.source, decision.reason) == ("champion", "held")
    assert not {"country", "month"} & set(result)
    undecided = best_available(tables(forecasts=published(ORIGIN), champion=decided.iloc[:0], **there), ORIGIN, 3)[1]
    assert (undecided.source, undecided.reason) == ("baseline", "no recipe was decided on")
    assert best_available(tables(**there), ORIGIN, 3)[1].source == "baseline"
    result, decision = best_available(tables(last_published=before, made_at=before["origin_month"].iloc[0]), ORIGIN, 3)
    assert decision.source == "last published"
    assert decision.reason == "no forecasts of this month were made and no baseline; stale since 2024-05"
    stale = published_forecasts(result, decision, NO_OVERRIDES, "stale")
    assert stale["forecast_units"].tolist() == result["forecast_units"].tolist()
    assert stale["model_units"].tolist() == result["model_units"].tolist()


def test_a_market_without_any_publication_gets_a_next_step():
    with pytest.raises(NothingToPublishError, match="none was published before"):
        best_available(tables(), ORIGIN, 3)


@pytest.mark.parametrize(("age", "limit", "is_published"), [(3, 3, True), (4, 3, False), (1, 1, True), (2, 1, False)])
def test_a_forecast_is_published_again_up_to_an_age(age, limit, is_published):
    """The last publication may be a copy itself: the month that forecast its numbers counts."""
    given = tables(last_published=published(add_months(ORIGIN, -1)), made_at=add_months(ORIGIN, -age))
    if is_published:
        assert best_available(given, ORIGIN, limit)[1].reason.endswith(f"stale since {add_months(ORIGIN, -age):%Y-%m}")
        return
    with pytest.raises(NothingToPublishError, match=f"{age} months old, at most {limit} are allowed"):
        best_available(given, ORIGIN, limit)


def test_a_forecast_of_unknown_age_is_not_published_again():
    with pytest.raises(NothingToPublishError, match="its age is not known"):
        best_available(tables(last_published=published(add_months(ORIGIN, -1))), ORIGIN, 3)


def ends_in(end):
    """Products whose SKU a has a known end."""
    return products().assign(end_month=pd.Series([pd.Timestamp(end), pd.NaT]))


def test_the_baseline_is_zero_after_a_known_end():
    given = tables(baseline=baseline().assign(**PLACE), sell_in=history(), products=ends_in("2024-08-01"))
    table = published_forecasts(*best_available(given, ORIGIN, 3), NO_OVERRIDES, "published")
    assert months_of(table) == [10.0, 10.0] + [0.0] * 16
    assert months_of(table, "b") == [20.0] * 18
    ended = table[(table["sku"] == "a") & (table["horizon_months"] > 2)]
    assert (ended["forecast_units_p90"].max(), set(ended["source"])) == (0.0, {"rule"})


def test_the_baseline_is_zero_after_the_end_known_before_if_no_products_were_delivered():
    before = ended(published(add_months(ORIGIN, -1)), "2024-09-01")
    nothing_known = tables(baseline=baseline().assign(**PLACE), sell_in=history(), products=products().iloc[:0])
    given = tables(**vars(nothing_known) | {"last_published": before})
    table = published_forecasts(*best_available(given, ORIGIN, 3), NO_OVERRIDES, "published")
    assert months_of(table) == [10.0] * 3 + [0.0] * 15


def ended(table, end):
    """A publication that knew the end of SKU a."""
    numbers = ["forecast_units", "forecast_units_p10", "forecast_units_p90"]
    after = (table["sku"] == "a") & (table["target_month"] > pd.Timestamp(end))
    return table.assign(
        rule=table["rule"].mask(table["sku"] == "a", "end_of_life"),
        **{name: table[name].mask(after, 0.0) for name in numbers},
    )


def test_months_beyond_the_last_forecast_do_not_repeat_what_was_sold_before_an_end():
    """Without products the end is that of the publication: December 2025 repeats no December before the end."""
    before = ended(published(add_months(ORIGIN, -1)), "2025-03-01")
    moved = carried_forward(before, ORIGIN)
    assert months_of(moved)[8:] == [2503.0] + [0.0] * 9
    assert moved.loc[moved["sku"] == "a", "forecast_units_p90"].iloc[-1] == 0.0
    assert months_of(moved, "b")[-1] == 2412.0


def test_an_end_that_became_known_since_ends_the_forecast_published_before():
    moved = carried_forward(published(add_months(ORIGIN, -1)), ORIGIN, ends_in("2024-07-01"))
    assert months_of(moved) == [2407.0] + [0.0] * 17
    assert set(moved.loc[moved["sku"] == "a", "rule"]) == {"end_of_life"}
    assert set(moved.loc[moved["sku"] == "b", "rule"]) == {"regular"}


def test_an_end_that_was_taken_back_does_not_end_the_months_beyond():
    moved = carried_forward(ended(published(add_months(ORIGIN, -1)), "2025-03-01"), ORIGIN, products())
    assert months_of(moved)[-2:] == [0.0, 2412.0]


def test_a_forecast_of_less_than_a_unit_gives_an_interval_width():
    before = published(add_months(ORIGIN, -1)).assign(
        forecast_units=0.5, forecast_units_p10=0.25, forecast_units_p90=0.75
    )
    result = forecasts_of_baseline(baseline(), NOTHING, before, panel(history()), products()).set_index("sku")
    assert result.loc["b", ["forecast_units_p10", "forecast_units_p90"]].iloc[0].tolist() == [10.0, 30.0]


def test_an_end_is_inferred_from_numbers_of_less_than_a_unit_too():
    small = published(add_months(ORIGIN, -1)).assign(
        forecast_units=0.5, forecast_units_p10=0.25, forecast_units_p90=0.75
    )
    moved = carried_forward(ended(small, "2024-09-01"), ORIGIN)
    assert months_of(moved) == [0.5] * 3 + [0.0] * 15


def test_a_sku_without_a_month_above_zero_ended_with_the_origin():
    moved = carried_forward(ended(published(add_months(ORIGIN, -1)), "2024-05-01"), ORIGIN)
    assert months_of(moved) == [0.0] * 18
    assert set(moved.loc[moved["sku"] == "a", "rule"]) == {"end_of_life"}
