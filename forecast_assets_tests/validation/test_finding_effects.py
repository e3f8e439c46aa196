"""Effects of a finding on a run: it blocks, it warns, or a person has accepted it."""

import pandas as pd

from forecast_assets.market_state.delivery_findings import Acceptance
from forecast_assets.sources.delivered import DeliveryProfile
from forecast_assets.validation.delivery_checks import delivery_checks
from forecast_assets.validation.finding_effects import acceptable_names, with_effects
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, stored_if_sound
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, month_of

ANN = Acceptance("Ann", "range cut", "2024-07-02T10:00:00+00:00")
MAY = pd.Timestamp("2024-05-01")
NO_DAYS = pd.DataFrame(columns=["month", "day", "row_count", "distinct_rows", "odd_rows", "repeated_sku"])


def profile() -> DeliveryProfile:
    """Twelve SKUs for a year, none with a tenth of the units, and half of them in June."""
    twelve = [*TEN, "R10", "R11"]
    rows = pd.concat([history(twelve, 12), month_of(dict.fromkeys(twelve[:6], 200.0))], ignore_index=True)
    return DeliveryProfile(rows, NO_DAYS)


def outcome(source: str, months: list[pd.Timestamp], accepted=None):
    tables = {month: pd.DataFrame({"sku": []}) for month in months}
    checks, findings = with_effects(source, delivery_checks(source, profile(), months), tables, accepted or {}, "run")
    results = list(stored_if_sound(tables, checks))
    verdicts = {each.check_name: each for each in results if hasattr(each, "check_name")}
    return verdicts["vanished_skus"], len(results) > len(verdicts), findings


def test_a_finding_of_sell_in_blocks_the_month():
    verdict, is_stored, findings = outcome("sell_in", [JUNE])
    assert (verdict.passed, verdict.severity.value, is_stored) == (False, "ERROR", False)
    assert [(each.name, each.effect) for each in findings[JUNE]] == [("vanished_skus", "blocks")]


def test_an_accepted_finding_warns_with_author_and_reason():
    verdict, is_stored, findings = outcome("sell_in", [JUNE], {("sell_in", "vanished_skus"): ANN})
    assert (verdict.passed, verdict.severity.value, is_stored) == (False, "WARN", True)
    assert verdict.description.endswith("(accepted by Ann on 2024-07-02: range cut)")
    assert [(each.effect, each.acceptance) for each in findings[JUNE]] == [("accepted", ANN)]


def test_a_decision_about_another_finding_or_source_changes_nothing():
    for key in (("sell_in", "market_volume"), ("sell_out", "vanished_skus")):
        assert not outcome("sell_in", [JUNE], {key: ANN})[1]


def test_findings_of_sell_out_and_of_a_history_warn():
    assert outcome("sell_out", [JUNE])[1]
    verdict, is_stored, findings = outcome("sell_in", [MAY, JUNE])
    assert (verdict.passed, is_stored) == (False, True)
    assert findings[MAY] == []
    assert [each.effect for each in findings[JUNE]] == ["warns"]


def test_a_month_before_the_first_delivery_has_no_finding():
    early = pd.Timestamp("2020-01-01")
    assert outcome("sell_in", [early, JUNE])[2][early] == []


def test_errors_of_form_cannot_be_accepted():
    form = CheckDeclaration("schema", "form").rule(lambda table, month: Finding(1, None, "bad"))
    checks, findings = with_effects("sell_in", [form], {JUNE: pd.DataFrame()}, {("sell_in", "schema"): ANN}, "run")
    assert checks == [form]
    assert findings == {JUNE: []}
    assert "schema" not in acceptable_names("sell_in")
    assert "market_total_plausible" in acceptable_names("sell_in")
