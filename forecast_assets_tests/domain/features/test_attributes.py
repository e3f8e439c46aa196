import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.features.attributes import attribute_columns, attribute_features, learn_vocabulary


@pytest.fixture
def products():
    return pd.DataFrame(
        {
            "sku": list("abcdefgh"),
            "category": ["tea", "tea", "tea", "ice", "ice", None, "Ice cream", ""],
            "launch_month": pd.NaT,
            "attribute_size": ["1", "1", "1", "2", "2", "2", "3", "3"],
        }
    )


def test_only_category_brand_pack_and_attributes_are_read(products):
    assert attribute_columns(products) == ["category", "attribute_size"]


def test_values_of_three_skus_get_a_column_and_the_rest_is_other(products):
    vocabulary = learn_vocabulary(products)
    assert vocabulary == {"category": ["tea"], "attribute_size": ["1", "2"]}
    features = attribute_features(products, vocabulary)
    assert features["category_is_tea"].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    assert features["category_is_other"].tolist() == [0, 0, 0, 1, 1, 0, 1, 0]
    assert features["attribute_size_is_2"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0]
    assert features["attribute_size_is_other"].tolist() == [0, 0, 0, 0, 0, 0, 1, 1]


def test_every_known_value_is_in_exactly_one_column(products):
    features = attribute_features(products, learn_vocabulary(products))
    by_category = sum(values for name, values in features.items() if name.startswith("category_is_"))
    assert by_category.tolist() == [1, 1, 1, 1, 1, 0, 1, 0]


def test_at_most_30_values_are_kept_by_frequency_then_name():
    values = [f"v{number:02d}" for number in range(40) for _ in range(3)] + ["v39"]
    vocabulary = learn_vocabulary(pd.DataFrame({"brand": values}))
    assert vocabulary["brand"] == ["v39", *[f"v{number:02d}" for number in range(29)]]


def test_names_hold_only_plain_characters_and_never_collide():
    brands = ["A&B", "a b", "A-B!", "other", "日本"]
    features = attribute_features(pd.DataFrame({"brand": brands}), {"brand": brands})
    assert list(features) == [
        "brand_is_other",
        "brand_is_A_B",
        "brand_is_a_b_2",
        "brand_is_A_B_3",
        "brand_is_other_2",
        "brand_is_value",
    ]
    assert np.stack(list(features.values())[1:]).tolist() == np.eye(5).tolist()
    assert features["brand_is_other"].tolist() == [0] * 5


def test_an_attribute_that_the_products_lack_is_zero(products):
    features = attribute_features(products, {"pack": ["box"]})
    assert [values.tolist() for values in features.values()] == [[0.0] * 8] * 2


def test_numbers_and_categoricals_are_compared_as_text():
    table = pd.DataFrame({"pack": pd.Categorical(["6", "6", "6", None]), "attribute_litres": [1.5, 1.5, 1.5, np.nan]})
    features = attribute_features(table, learn_vocabulary(table))
    assert features["pack_is_6"].tolist() == [1, 1, 1, 0]
    assert features["attribute_litres_is_1_5"].tolist() == [1, 1, 1, 0]
    assert features["attribute_litres_is_other"].tolist() == [0, 0, 0, 0]
