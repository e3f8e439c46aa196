"""Request of an experiment, and its notation on the command line and in Dagster's launchpad."""

import dataclasses
from collections.abc import Mapping, Sequence

import pandas as pd

from forecast_assets.domain.selection.experiment import ExperimentError


@dataclasses.dataclass(frozen=True)
class ExperimentRequest:
    """Changes to try and where to measure them.

    Attributes:
        country: Code of the market.
        name: Name by which people find the experiment.
        without: Families of features, or single features, that are left out.
        settings: Values as text by field of the recipe.
        members: Weight by member that takes part; None: the mean weight of the recipe's members.
        origins: Number of earlier origins that are scored.
        month: Last month with sell-in; None: the latest month with features.
    """

    country: str
    name: str
    without: tuple[str, ...] = ()
    settings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    members: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    origins: int = 3
    month: pd.Timestamp | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ExperimentError("an experiment needs a name: it is how you find it in MLflow")
        if self.origins < 1:
            raise ExperimentError(f"an experiment needs at least 1 origin, got {self.origins}")

    @property
    def changes_features(self) -> bool:
        """True if features are left out."""
        return bool(self.without)


def parsed_settings(texts: Sequence[str]) -> dict[str, str]:
    """Read ``rounds=300`` from each text. Raises ExperimentError."""
    values = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise ExperimentError(f"a setting reads rounds=300, got {text!r}")
        values[name.strip()] = value.strip()
    return values


def parsed_members(texts: Sequence[str]) -> dict[str, float | None]:
    """Read ``ridge_on_lags`` or ``ridge_on_lags=0.2`` from each text. Raises ExperimentError."""
    members: dict[str, float | None] = {}
    for text in texts:
        name, sign, weight = text.partition("=")
        try:
            members[name.strip()] = float(weight) if sign else None
        except ValueError:
            raise ExperimentError(f"a member reads ridge_on_lags or ridge_on_lags=0.2, got {text!r}") from None
        if sign and not 0.0 <= float(weight) < float("inf"):
            raise ExperimentError(f"the weight of a member must be at least 0, got {text!r}")
    return members
