"""LightGBM is loaded without scikit-learn, and its classes for scikit-learn still work when they are asked for."""

import subprocess
import sys

import pytest

LOADED = "import sys; from forecast_assets.domain.models.boosting_library import lightgbm; "
TRAINED = "x = [[0.0], [1.0]] * 20; y = [1.0, 3.0] * 20; m = {}(n_estimators=1, learning_rate=1, min_child_samples=1)"


def said(code: str) -> str:
    """Return what a new process prints; a process keeps what it has loaded."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_booster_is_trained_without_scikit_learn():
    code = LOADED + (
        "import numpy; data = lightgbm.Dataset(numpy.arange(40.0)[:, None], numpy.arange(40) % 2); "
        "lightgbm.train({'verbosity': -1}, data, 1); print('sklearn' in sys.modules)"
    )
    assert said(code) == "False"


@pytest.mark.parametrize("how", ["from lightgbm import LGBMRegressor", "from lightgbm.sklearn import LGBMRegressor"])
def test_a_class_for_scikit_learn_is_loaded_when_it_is_asked_for(how):
    """A tree of one split on a feature of two values learns both labels."""
    use = TRAINED.format("LGBMRegressor") + ".fit(x, y); print(m.predict([[0.0], [1.0]]).round(6).tolist())"
    assert said(f"{LOADED}{how}; {use}").splitlines()[-1] == "[1.0, 3.0]"


def test_a_name_that_lightgbm_does_not_have_is_missing_as_before():
    asked = "print(hasattr(lightgbm, 'LGBMNothing'), 'sklearn' in sys.modules, hasattr(lightgbm, 'LGBMRegressor'))"
    assert said(LOADED + asked) == "False False True"


def test_scikit_learn_that_is_loaded_already_stays():
    code = (
        "import sys, sklearn; " + LOADED + "print(sys.modules['sklearn'] is sklearn, lightgbm.compat.SKLEARN_INSTALLED)"
    )
    assert said(code) == "True True"
