import math

import pytest

from forecast_assets.alerts.incidents import Incident
from forecast_assets_tests.alerts.company import incident


def test_the_key_is_kind_market_and_subject_in_every_month():
    assert incident().key == "wape|FR|published"
    assert incident(country=None, kind="daemon_stopped", subject="").key == "daemon_stopped||"


@pytest.mark.parametrize(("field", "known"), [("kind", "worse_than_baseline"), ("severity", "critical, warning, info")])
def test_an_unknown_value_is_rejected_with_the_known_ones(field, known):
    with pytest.raises(ValueError, match=f"incident {field} 'odd' is unknown; known: .*{known}"):
        incident(**{field: "odd"})


def test_worst_first_is_by_severity_and_then_by_weight():
    light, heavy = incident("DE", weight=1.0), incident("FR", weight=2.0)
    critical, weightless = incident("BR", severity="critical"), incident("MX", weight=math.nan)
    in_order = sorted([weightless, light, heavy, critical], key=lambda it: it.sort_key)
    assert [it.country for it in in_order] == ["BR", "FR", "DE", "MX"]


def test_an_incident_is_read_by_a_later_or_an_earlier_release():
    full = incident(
        facts=(("limit", "30%"),), weight=0.4, run_id="run", asset="performance", trend=(0.2, math.nan, 0.4),
        trend_name="WAPE by month", top_skus=(("A|1", 0.25),),
    )  # fmt: skip
    assert full.trend == (0.2, None, 0.4)
    assert Incident.from_record({**full.to_record(), "field_of_a_later_release": 1}) == full
    small = {key: value for key, value in incident().to_record().items() if key not in ("trend", "top_skus")}
    assert Incident.from_record(small) == incident()
