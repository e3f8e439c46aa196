import dataclasses

import numpy as np
import pytest

from forecast_assets.domain.models.feature_cube import FeatureCube, FeatureNames
from forecast_assets.domain.models.gradient_boosting import LEARNERS, predict_direct, train_direct
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import TrainingRows

QUICK = Recipe(rounds=10, min_rows_per_leaf=20)
COLUMNS = ["noise", "promoted", "statistical_mean", "theta", "horizon_months"]
NAMES = FeatureNames(("noise",), ("promoted", "statistical_mean", "theta"))
REGULAR = {"theta_residual", "log_ratio"}
INTERMITTENT = {"mean", "tweedie", "quantile"}
KINDS = ("regular", "intermittent", "quantile")


def some_rows(count, actual, intermittent=False, theta=1.0, statistical=1.0, scale=1.0, seed=0) -> TrainingRows:
    rng = np.random.default_rng(seed)
    return TrainingRows(
        features=rng.normal(size=(count, len(COLUMNS))).astype(np.float32),
        actual=np.broadcast_to(np.asarray(actual, dtype=float), count).copy(),
        theta=np.full(count, theta),
        statistical=np.full(count, statistical),
        scale_units=np.broadcast_to(np.asarray(scale, dtype=float), count).copy(),
        dispersion=np.ones(count),
        horizon_months=rng.integers(1, 19, count),
        is_intermittent=np.full(count, intermittent),
    )


def joined(*parts: TrainingRows) -> TrainingRows:
    return TrainingRows(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in dataclasses.fields(TrainingRows))
    )


def cube_of(theta, statistical, n=2, horizons=3) -> FeatureCube:
    ahead = np.zeros((n, horizons, 3), dtype=np.float32)
    ahead[:, :, 1], ahead[:, :, 2] = statistical, theta
    return FeatureCube(NAMES, np.zeros((n, 1), dtype=np.float32), ahead, np.ones(n))


def test_the_same_rows_give_the_same_texts_and_another_seed_gives_others():
    rows = some_rows(800, np.random.default_rng(1).gamma(2, 1, 800))
    first, second = train_direct(rows, COLUMNS, QUICK), train_direct(rows, COLUMNS, QUICK)
    assert first == second
    assert train_direct(rows, COLUMNS, dataclasses.replace(QUICK, seed=21)) != first


def test_each_learner_predicts_in_multiples_of_the_scale():
    # Every row: actual 2, theta 1, statistical 1, so the learners know +1 and log(2.02 / 1.02) and nothing else.
    texts = train_direct(some_rows(600, 2.0), COLUMNS, QUICK)
    answer = predict_direct(texts, cube_of(theta=3.0, statistical=5.0), "regular")
    by_hand = ((3 + 1) + (5.02 * 2.02 / 1.02 - 0.02)) / 2
    assert answer.shape == (2, 3)
    np.testing.assert_allclose(answer, by_hand, rtol=1e-4)


def test_the_prediction_of_a_sku_and_horizon_is_in_its_row_and_column():
    # What is learned is theta + 0, log_ratio + 0; so each cell answers the mean of its own theta and statistical mean.
    texts = train_direct(some_rows(600, 1.0), COLUMNS, QUICK)
    theta = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    np.testing.assert_allclose(predict_direct(texts, cube_of(theta, theta), "regular"), theta, rtol=1e-4)


def test_regular_and_intermittent_skus_have_their_own_learners():
    texts = train_direct(joined(some_rows(600, 2.0), some_rows(600, 0.5, intermittent=True)), COLUMNS, QUICK)
    assert set(texts) == REGULAR | INTERMITTENT
    answers = {kind: predict_direct(texts, cube_of(1.0, 1.0), kind) for kind in KINDS}
    np.testing.assert_allclose(answers["regular"], 2.0, rtol=1e-3)
    np.testing.assert_allclose(answers["intermittent"], 0.5, rtol=1e-3)
    np.testing.assert_allclose(answers["quantile"], 0.5, rtol=1e-3)


@pytest.mark.parametrize(("intermittent", "learners"), [(False, REGULAR), (True, INTERMITTENT)])
def test_a_kind_without_rows_has_no_booster_and_no_prediction(intermittent, learners):
    texts = train_direct(some_rows(600, 2.0, intermittent), COLUMNS, QUICK)
    assert set(texts) == learners
    answered = {kind: predict_direct(texts, cube_of(1.0, 1.0), kind) is not None for kind in KINDS}
    assert answered == {"regular": not intermittent, "intermittent": intermittent, "quantile": intermittent}


def test_the_mean_of_sporadic_demand_and_its_quantile_are_learned_apart():
    # One month in four sells 4: the mean is 1, the 0.7 quantile 0, the 0.8 quantile 4.
    rows = some_rows(2000, np.where(np.arange(2000) % 4 == 0, 4.0, 0.0), intermittent=True)
    alike = dataclasses.replace(rows, features=np.zeros_like(rows.features))
    for level, expected in ((0.7, 0.0), (0.8, 4.0)):
        recipe = dataclasses.replace(QUICK, rounds=60, learning_rate=0.2, intermittent_quantile=level)
        texts = train_direct(alike, COLUMNS, recipe)
        np.testing.assert_allclose(predict_direct(texts, cube_of(1.0, 1.0), "intermittent"), 1.0, rtol=0.05)
        np.testing.assert_allclose(predict_direct(texts, cube_of(1.0, 1.0), "quantile"), expected, atol=0.1)


def test_learners_of_regular_skus_take_three_quarters_of_the_rounds_in_larger_steps_on_fewer_rows():
    recipe = Recipe(rounds=40, learning_rate=0.06, bagging_fraction=0.8, min_rows_per_leaf=20)
    units = np.random.default_rng(3).gamma(2, 1, 600)
    texts = train_direct(joined(some_rows(600, units), some_rows(600, units, intermittent=True)), COLUMNS, recipe)
    assert {name: text.count("Tree=") for name, text in texts.items()} == {
        "theta_residual": 30, "log_ratio": 30, "mean": 40, "tweedie": 40, "quantile": 40,
    }  # fmt: skip
    assert "[learning_rate: 0.08]" in texts["log_ratio"]
    assert "[bagging_fraction: 0.5]" in texts["log_ratio"]
    assert "[learning_rate: 0.06]" in texts["mean"]
    assert "[bagging_fraction: 0.8]" in texts["mean"]
    assert Recipe(rounds=1).of_regular().rounds == 1


@pytest.mark.parametrize(("few", "expected"), [(499, 2.0), (500, 0.5)])
def test_a_kind_of_fewer_than_500_rows_learns_from_all(few, expected):
    rows = joined(some_rows(4000, 2.0), some_rows(few, 0.5, intermittent=True))
    answer = predict_direct(train_direct(rows, COLUMNS, QUICK), cube_of(1.0, 1.0), "intermittent")
    assert abs(answer.mean() - expected) < 0.4


@pytest.mark.parametrize(("large", "answered"), [(300, 3.0), (60, 1.0)])
def test_a_row_weighs_as_much_as_the_square_root_of_its_scale(large, answered):
    # 700 rows of scale 1 say 1.0, the others of scale 100 say 3.0 and weigh 10 each: in a median 300 of them win, which
    # they would not at a weight of 1, and 60 of them lose, which they would not at a weight of 100.
    rows = joined(some_rows(700, 1.0), some_rows(large, 3.0, scale=100.0))
    alike = dataclasses.replace(rows, features=np.zeros_like(rows.features))
    shuffled = alike.where(np.random.default_rng(0).permutation(len(alike)))
    answer = predict_direct(train_direct(shuffled, COLUMNS, QUICK), cube_of(1.0, 1.0), "regular")
    np.testing.assert_allclose(answer, answered, rtol=0.02)


def test_returns_do_not_break_the_learners_that_need_positive_demand():
    actual = np.where(np.arange(600) % 10 == 0, -1.0, 1.0)
    rows = joined(some_rows(600, actual), some_rows(600, actual, intermittent=True))
    texts = train_direct(rows, COLUMNS, QUICK)
    for kind in KINDS:
        assert np.isfinite(predict_direct(texts, cube_of(1.0, 1.0), kind)).all()


def test_a_learners_target_and_restore_are_inverse():
    rows = some_rows(5, np.array([0.0, 0.5, 1.0, 2.0, 9.0]), theta=0.7, statistical=1.3)
    for learner in LEARNERS:
        restored = learner.restore(learner.target(rows), rows.theta, rows.statistical)
        np.testing.assert_allclose(restored, rows.actual, atol=1e-12, err_msg=learner.name)
