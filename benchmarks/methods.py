"""The methods that can be measured: their names, where they live, and which package each needs.

Peers are imported only when they are asked for. Forecasting itself belongs in the module of each method.
"""

import dataclasses
import importlib
import importlib.util
from collections.abc import Callable

from benchmarks.protocol import Forecasts, KnownSeries

# known series, horizon in months, threads -> forecasts
Method = Callable[[KnownSeries, int, int], Forecasts]

BASELINE = "holt_winters_statsmodels"
EXTRA = "pip install -e .[benchmark]"


class UnknownMethodError(ValueError):
    """There is no method of that name."""


class MissingPackageError(RuntimeError):
    """A method's package is not installed."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A method: its module, what it needs beyond the product's own dependencies, and one line about it."""

    module: str
    function: str
    package: str | None
    about: str


def _statsforecast(function: str, about: str) -> Entry:
    return Entry("benchmarks.peers_statsforecast", function, "statsforecast", about)


METHODS = {
    "engine": Entry("benchmarks.engine_method", "forecast_engine", None, "the product's model, features to forecast"),
    "seasonal_naive": Entry("benchmarks.baseline_methods", "seasonal_naive", None, "the same month a year before"),
    "holt_winters": Entry("benchmarks.baseline_methods", "holt_winters", None, "the product's, vectorised"),
    BASELINE: Entry("benchmarks.baseline_methods", "holt_winters_statsmodels", None, "the planners' baseline, a loop"),
    "auto_ets": _statsforecast("auto_ets", "statsforecast AutoETS"),
    "theta": _statsforecast("theta", "statsforecast DynamicOptimizedTheta"),
    "auto_ces": _statsforecast("auto_ces", "statsforecast AutoCES"),
    "mean_ets_theta_ces": _statsforecast("mean_ets_theta_ces", "mean of the three"),
    "adida": _statsforecast("adida", "statsforecast ADIDA, for intermittent series"),
    "imapa": _statsforecast("imapa", "statsforecast IMAPA, for intermittent series"),
    "sba": _statsforecast("sba", "statsforecast CrostonSBA, for intermittent series"),
    "tsb": _statsforecast("tsb", "statsforecast TSB, for intermittent series"),
    "mlforecast_lightgbm": Entry(
        "benchmarks.peers_mlforecast", "mlforecast_lightgbm", "mlforecast", "recursive, log1p and differences"
    ),
}


def require(names: list[str]) -> None:
    """Check that every method exists and can run here.

    Raises:
        UnknownMethodError: Naming the unknown ones and all that exist.
        MissingPackageError: Naming the package and how to install it.
    """
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise UnknownMethodError(f"unknown methods {unknown}; known: {', '.join(METHODS)}")
    for name in names:
        package = METHODS[name].package
        if package and importlib.util.find_spec(package) is None:
            raise MissingPackageError(f"method {name} needs {package}, which is not installed: {EXTRA}")


def load(name: str) -> Method:
    """Import a method."""
    require([name])
    entry = METHODS[name]
    return getattr(importlib.import_module(entry.module), entry.function)
