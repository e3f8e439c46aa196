"""The demand of the sample behaves as documented: truth, lead of sell-out, plans, COVID, lots, returns."""

import numpy as np
import pandas as pd


def correlation(surprise, lag):
    """Correlation of sell-in with the sell-out of ``lag`` months before, over consecutive months of a SKU."""
    earlier = surprise[["country", "sku", "month", "sell_out"]].copy()
    earlier["month"] = earlier["month"] + pd.DateOffset(months=lag)
    pairs = surprise.drop(columns="sell_out").merge(earlier, on=["country", "sku", "month"], validate="1:1")
    return np.corrcoef(pairs["sell_in"].clip(-2, 2), pairs["sell_out"])[0, 1]


def test_the_truth_is_unbiased_for_sell_in_and_sell_out(facts):
    for name in ("sell_in", "sell_out"):
        error = facts[f"expected_{name}_units"] - facts[f"{name}_units"]
        assert abs(error.sum() / facts[f"{name}_units"].sum()) < 0.01
        # Small SKUs apart: rounding to cases and rare sales would hide in the total.
        small = facts["expected_sell_out_units"] < 20
        assert abs(error[small].sum() / facts[f"{name}_units"][small].sum()) < 0.1


def test_sell_out_leads_sell_in_by_a_month(surprise):
    assert abs(correlation(surprise, 0)) < 0.1
    assert correlation(surprise, 1) > 0.5
    assert correlation(surprise, 1) > correlation(surprise, 2) > correlation(surprise, 4)
    assert abs(correlation(surprise, -1)) < 0.1


def test_sell_in_is_more_volatile_than_sell_out_around_its_expectation(surprise):
    assert surprise["sell_in"].std() > 1.1 * surprise["sell_out"].std()


def test_sell_in_is_more_volatile_than_sell_out_in_itself(facts):
    large = facts[facts["expected_sell_out_units"] > 300].groupby(["country", "sku"])[
        ["sell_in_units", "sell_out_units"]
    ]
    cv = large.std() / large.mean()
    assert cv["sell_in_units"].median() > 1.1 * cv["sell_out_units"].median()


def test_volume_is_concentrated_on_few_skus(facts):
    volume = facts[facts["country"] == "FR"].groupby("sku")["sell_in_units"].sum().sort_values(ascending=False)
    assert 0.6 < volume.head(12).sum() / volume.sum() < 0.95


def test_some_skus_sell_in_some_months_only(facts):
    zero = facts["sell_out_units"].eq(0).groupby([facts["country"], facts["sku"]]).mean()
    assert 0.08 < (zero > 0.3).mean() < 0.35


def test_promotions_are_known_two_to_four_months_ahead(company):
    rows = company.read("promotions")
    ahead = rows["month"].dt.to_period("M").astype("int64") - rows["known_from"].dt.to_period("M").astype("int64")
    assert set(ahead) == {2, 3, 4}
    assert (rows["known_from"] <= pd.Timestamp("2024-12-31")).all()
    assert (rows["month"] > pd.Timestamp("2024-12-01")).any()


def test_promotions_planned_are_the_promotions_sold_and_lift_sell_out(company, facts):
    planned = company.read("promotions").query("month <= '2024-12-01'")
    promoted = facts[facts["is_promoted"] == 1]
    assert set(zip(planned["country"], planned["sku"], planned["month"], strict=True)) == set(
        zip(promoted["country"], promoted["sku"], promoted["month"], strict=True)
    )
    per_sku = facts[facts["expected_sell_out_units"] > 100].groupby(["country", "sku", "is_promoted"])
    lift = per_sku["sell_out_units"].mean().unstack().dropna()
    assert (lift[1.0] / lift[0.0]).median() > 1.3


def test_launches_and_ends_are_announced_before_they_happen(company):
    rows = company.read("products")
    novel = rows[rows["launch_month"] >= pd.Timestamp("2019-06-01")]
    assert len(novel) > 20
    assert (
        novel.groupby(["country", "sku"])["known_from"].min() < novel.groupby(["country", "sku"])["launch_month"].max()
    ).all()
    ends = rows.dropna(subset=["end_month"])
    assert len(ends) > 20
    assert (ends["known_from"] < ends["end_month"]).all()
    assert (rows.groupby(["country", "sku"]).size() > 1).any()


def test_covid_lifts_pantry_and_hygiene_and_lowers_on_the_go_and_beauty(facts, category_of):
    category = category_of.loc[list(zip(facts["country"], facts["sku"], strict=True))].to_numpy()
    before, during = (
        (facts["month"] >= f"{year}-04-01") & (facts["month"] <= f"{year}-05-01") for year in (2019, 2020)
    )

    def growth(name):
        # SKUs with sales in both years only, so that launches do not count as growth.
        chosen = facts[category == name]
        first, second = (
            chosen[span[chosen.index]].groupby(["country", "sku"])["sell_out_units"].sum() for span in (before, during)
        )
        both = pd.concat([first, second], axis=1, keys=["first", "second"]).dropna()
        return both["second"].sum() / both["first"].sum() - 1

    assert growth("Hygiene") > 0.1
    assert growth("Pantry") > 0.05
    assert growth("On-the-go drinks") < -0.1
    assert growth("Beauty") < -0.1


def test_seasons_follow_the_hemisphere(facts, category_of):
    category = category_of.loc[list(zip(facts["country"], facts["sku"], strict=True))].to_numpy()
    ice_cream = facts[category == "Ice cream"]

    def july_to_january(country):
        month = ice_cream["month"].dt.month
        mean = ice_cream[ice_cream["country"] == country].groupby(month)["sell_out_units"].mean()
        return mean[7] / mean[1]

    assert july_to_january("DE") > 1.5
    assert july_to_january("NA") < 0.8


def test_sell_in_before_returns_is_a_multiple_of_the_case(france, timeline):
    case = france.assortment["case_units"].to_numpy()[:, None]
    assert (france.flows.delivered % case == 0).all()
    assert (france.flows.delivered > 0).mean() > 0.3
    landed = france.sell_in.set_index(["sku", "month"])["units"].unstack().reindex(france.assortment["sku"]).fillna(0)
    flows = (france.flows.delivered - france.flows.returned)[:, timeline.delivered]
    np.testing.assert_array_equal(landed.to_numpy(), flows)


def test_stock_is_what_came_in_less_what_went_out(france):
    flows = france.flows
    change = flows.delivered[:, 1:] - flows.returned[:, 1:] - flows.sell_out[:, 1:]
    np.testing.assert_allclose(np.diff(flows.stock, axis=1), change, atol=1e-6)
    assert flows.stock.min() >= 0


def test_returns_exist_and_are_rare(facts):
    negative = (facts["sell_in_units"] < 0).mean()
    assert 0.0005 < negative < 0.02


def test_retailers_hold_one_to_two_months_of_stock(facts):
    assert 1.0 < facts["stock_units"].sum() / facts["sell_out_units"].sum() < 2.0
