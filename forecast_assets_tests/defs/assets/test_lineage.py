"""Deliveries in the graph: tables of Dremio, or files; the tracker's file is in the landing folder in any case."""

import pytest

from forecast_assets.defs.assets.lineage import lineage_specs
from forecast_assets.sources.sql import SqlProject


@pytest.mark.parametrize(("source", "kinds"), [("files", {"csv", "parquet"}), ("dremio", {"dremio"})])
def test_a_delivered_source_has_the_kind_of_its_deliveries(source, kinds):
    specs = {spec.key.path[-1]: spec for spec in lineage_specs(SqlProject(), source)}
    assert specs["landing_sell_in"].kinds == kinds
    assert specs["landing_oxcgrt"].kinds == {"csv", "parquet"}
    assert specs["stg_sell_in"].kinds == {"sql", "view"}
