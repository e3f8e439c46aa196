"""Guards of a publication without a graph: closed months, missing tables, commanded fallbacks."""

import inspect
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets import publication
from forecast_assets.defs.assets.publication import _outcome, _require_open, _require_reason
from forecast_assets.domain.publication.fallback import NothingToPublishError
from forecast_assets.domain.publication.published_forecasts import Decision
from forecast_assets.market_state.fallback_runs import UPSTREAM
from forecast_assets_tests.repository_settings import loaded

JUNE = pd.Timestamp("2024-06-01")
SOLD = pd.DataFrame({"sku": ["a"], "month": [JUNE], "sell_in_units": [1.0]})
COMMANDED = {"forecast/challenger_set_aside": "the cycle failed"}


def context(**tags):
    return SimpleNamespace(
        run=SimpleNamespace(tags=tags, run_id="run-1"),
        retry_number=0,
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


class Months:
    """Publications of FR: one of May, forecast in April, and what the asset asks about them."""

    def __init__(self, answers):
        self.answers, self.asked, self.store = answers, [], None

    def noted_for(self, run_id, asset):
        assert (run_id, asset) == ("run-1", "published_forecasts")
        return self

    def is_closed(self, code, month):
        return False

    def last_before(self, code, month):
        return pd.DataFrame({"of": [f"the month before {month:%Y-%m}"]})

    def made_before(self, code, month):
        return pd.Timestamp("2024-04-01")

    def later_than(self, code, month):
        return False

    def forecasts(self, code, month, columns):
        self.asked.append(month)
        return None


def published(monkeypatch, *, forecasts, source="model", nothing=False):
    """Publish June with stand-ins; return what the decision was made from, the noted answers and months asked for."""
    given, answers = [], {}
    months = Months(answers)

    def decide(tables, origin, limit):
        given.append(tables)
        if nothing:
            raise NothingToPublishError("nothing is left")
        return "rows", Decision(source, "because")

    quiet = SimpleNamespace(name="quiet", blocking=False, findings=lambda tables: {}, description="")
    stand_ins = {
        "_require_reason": lambda *_: None, "best_available": decide, "status_of": lambda *_: "published",
        "publish": lambda *_: pd.DataFrame(), "forecast_churn": lambda *_: {}, "forecast_figures": lambda *_: {},
        "schema_check": lambda _: quiet,
    }  # fmt: skip
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(publication, name, stand_in)
    for name in ("horizon_complete", "overrides_applied"):
        monkeypatch.setattr(publication.forecast_checks, name, lambda *_: quiet)
    run = inspect.unwrap(publication.published_forecasts.op.compute_fn.decorated_fn)
    empty = pd.DataFrame({"country": [], "month": [], "outcome": []})
    tables = dict.fromkeys(("champion", "baseline_forecasts", "overrides", "features", "sell_in", "products"), empty)
    list(run(context(), settings=loaded(), published_months=months, forecasts=forecasts, **tables))
    return given[0], answers, months.asked


def test_with_forecasts_a_month_does_not_depend_on_the_one_before(monkeypatch):
    tables, answers, asked = published(monkeypatch, forecasts=SOLD)
    assert (len(tables.last_published), tables.made_at, answers) == (0, None, {})
    # Churn is against the publication of May.
    assert asked == [pd.Timestamp("2024-05-01")]


def test_without_forecasts_the_last_publication_may_be_repeated_and_its_age_is_noted(monkeypatch):
    tables, answers, _ = published(monkeypatch, forecasts=SOLD.iloc[:0], source="last published")
    assert tables.last_published["of"].tolist() == ["the month before 2024-06"]
    assert tables.made_at == pd.Timestamp("2024-04-01")
    assert answers == {"stale_since": "2024-04-01"}


def test_a_month_with_nothing_to_publish_fails_once_by_name(monkeypatch):
    with pytest.raises(dg.Failure, match="FR 2024-06: nothing is left") as caught:
        published(monkeypatch, forecasts=SOLD.iloc[:0], nothing=True)
    assert not caught.value.allow_retries


def test_a_closed_month_is_refused_before_anything_is_decided(monkeypatch):
    monkeypatch.setattr(Months, "is_closed", lambda *_: True)
    with pytest.raises(dg.Failure, match="FR 2024-06 is closed"):
        published(monkeypatch, forecasts=SOLD)
