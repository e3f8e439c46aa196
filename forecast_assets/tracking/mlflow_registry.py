"""Mirror of a market's champion in MLflow's model registry; the table ``champion`` in the store is the original.

Each environment and market has one registered model with a version per run; the latest version has the alias
``champion``. On a server without aliases, that version has the tag ``forecast.alias`` instead.
"""

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

ALIAS = "champion"
ALIAS_TAG = "forecast.alias"
MONTH_TAG = "forecast.origin_month"


@dataclasses.dataclass(frozen=True)
class ChampionRecord:
    """Record of a market's champion in a month.

    ``part_prefix`` is the prefix of the champion's parts in the run's model; empty if the model is the champion's.
    """

    market: str
    origin_month: pd.Timestamp
    recipe_id: str
    since_month: pd.Timestamp
    outcome: str
    part_prefix: str

    def tags(self) -> dict[str, str]:
        """Return the tags of the version."""
        return {
            MONTH_TAG: f"{self.origin_month:%Y-%m-%d}",
            "forecast.market": self.market,
            "forecast.recipe_id": self.recipe_id,
            "forecast.since_month": f"{self.since_month:%Y-%m-%d}",
            "forecast.outcome": self.outcome,
            "forecast.part_prefix": self.part_prefix,
        }


class ChampionRegistry:
    """Registered model of one market."""

    def __init__(self, client: "MlflowClient", name: str) -> None:
        self.client = client
        self.name = name

    def mirror(self, run_id: str, record: ChampionRecord) -> str:
        """Register the run's model as a version and return the version's number.

        The alias moves to it unless a later month has the alias. The same run and recipe keep their version.
        """
        self._require_model()
        versions = self._versions()
        same = [version for version in versions if _is_of(version, run_id, record)]
        if same:
            number = same[0].version
            for name, value in record.tags().items():
                self.client.set_model_version_tag(self.name, number, name, value)
        else:
            source = f"{self.client.get_run(run_id).info.artifact_uri}/model"
            number = self.client.create_model_version(self.name, source, run_id, tags=record.tags()).version
        if not any(version.tags.get(MONTH_TAG, "") > record.tags()[MONTH_TAG] for version in versions):
            self._point_to(str(number), versions)
        return str(number)

    def _require_model(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(self.name)
        except MlflowException:
            # The model exists; after any other error there is none, and this raises it.
            self.client.get_registered_model(self.name)

    def _versions(self) -> list["ModelVersion"]:
        return list(self.client.search_model_versions(f"name = '{self.name}'", max_results=1000))

    def _point_to(self, number: str, versions: list["ModelVersion"]) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.set_registered_model_alias(self.name, ALIAS, number)
        except MlflowException:
            # The server has no aliases; one that is down fails at the tag, too.
            self.client.set_model_version_tag(self.name, number, ALIAS_TAG, ALIAS)
            for version in versions:
                if str(version.version) != number and ALIAS_TAG in version.tags:
                    self.client.delete_model_version_tag(self.name, version.version, ALIAS_TAG)


def _is_of(version: "ModelVersion", run_id: str, record: ChampionRecord) -> bool:
    return version.run_id == run_id and version.tags.get("forecast.recipe_id") == record.recipe_id
