"""Guards of a publication without a graph: closed months, missing tables, commanded fallbacks."""

from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets import publication
from forecast_assets.defs.assets.publication import _outcome, _require_open, _require_reason
from forecast_assets.domain.publication.fallback import NothingToPublishError
from forecast_assets.market_state.fallback_runs import UPSTREAM
from forecast_assets_tests.repository_settings import loaded

JUNE = pd.Timestamp("2024-06-01")
SOLD = pd.DataFrame({"sku": ["a"], "month": [JUNE], "sell_in_units": [1.0]})
COMMANDED = {"forecast/challenger_set_aside": "the cycle failed"}


def context(**tags):
    return SimpleNamespace(
        run=SimpleNamespace(tags=tags, run_id="run-1"),
        partition_keys=[dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"})],
    )


def open_or_why(*, is_closed: bool, **tags) -> str:
    published = SimpleNamespace(is_closed=lambda code, month: is_closed and (code, month) == ("FR", JUNE))
    try:
        _require_open(context(**tags), loaded(), published, "FR", JUNE)
    except dg.Failure as failure:
        return f"{failure.description}{' (again)' if failure.allow_retries else ''}"
    return ""


def test_a_closed_month_is_published_again_only_by_a_run_that_reopens_it():
    assert open_or_why(is_closed=False) == ""
    # The same run again would have the same end: it is not retried.
    assert open_or_why(is_closed=True).endswith("run it with the tag forecast/cycle_id=dev-2024-06.r2")
    assert open_or_why(is_closed=True, **{"forecast/cycle_id": "dev-2024-06"}) != ""
    assert open_or_why(is_closed=True, **{"forecast/cycle_id": "dev-2024-06.r2"}) == ""


def reason(*missing, sell_in=SOLD, latest=None, **tags) -> str:
    """Return why June may not be published if these tables are not stored; empty if it may."""
    store = SimpleNamespace(exists=lambda table, partition: table not in missing)
    published = SimpleNamespace(store=store, latest=lambda country: latest)
    try:
        _require_reason(context(**tags), loaded(), published, JUNE, sell_in)
    except NothingToPublishError as error:
        return str(error)
    return ""


def test_a_run_names_the_tables_of_the_month_that_it_misses():
    assert reason() == ""
    assert reason("champion").startswith("champion of the month is not in the store: nothing is published.")
    two = reason("champion", "overrides")
    assert two.startswith("champion, overrides of the month are not in the store: nothing is published.")
    assert ", ".join(UPSTREAM) in reason(*UPSTREAM)


def test_a_commanded_fallback_goes_without_tables_but_not_without_sell_in_or_after_a_later_month():
    assert reason(*UPSTREAM, **COMMANDED) == ""
    assert "neither the month nor 2024-05 has sell-in" in reason(sell_in=SOLD.iloc[:0], **COMMANDED)
    assert "2024-07 is published already" in reason(latest=pd.Timestamp("2024-07-01"), **COMMANDED)


def test_a_month_that_is_not_over_gets_no_fallback(monkeypatch):
    monkeypatch.setattr(publication, "closed_month", lambda now, zone: pd.Timestamp("2024-05-01"))
    assert "the last closed month is 2024-05" in reason(**COMMANDED)


@pytest.mark.parametrize(("outcomes", "shown"), [(["kept"], {"outcome": "kept"}), ([], {})])
def test_the_outcome_of_the_contest_is_shown_if_there_was_one(outcomes, shown):
    assert _outcome(pd.DataFrame({"outcome": outcomes})) == shown
