"""Rejection of the recipe in force, and its withdrawal: what the month's table holds, and what is refused."""

import inspect
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest
from pydantic import ValidationError

from forecast_assets.defs.assets import champion
from forecast_assets.defs.assets.champion import Refusal
from forecast_assets_tests.repository_settings import loaded

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
COLUMNS = ["month", "recipe_id", "recipe", "author", "reason"]
CONTEXT = SimpleNamespace(
    run=SimpleNamespace(run_id="run-1", tags={}), retry_number=0,
    partition_keys=[dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"})],
)  # fmt: skip


def refused(*rows, latest=JUNE, **config):
    """Run the asset for FR's June, whose champion is recipe ``c``; return its metadata, and the table's ids."""
    in_force = SimpleNamespace(
        refused=lambda country, month: pd.DataFrame(rows, columns=COLUMNS), latest_month=lambda country: latest,
        champion=lambda country, month: {"recipe_id": "c", "recipe": "text of c", "source": "model"},
    )  # fmt: skip
    run = inspect.unwrap(champion.refused_recipe.op.compute_fn.decorated_fn)
    (output,) = [each for each in run(CONTEXT, Refusal(**config), in_force) if isinstance(each, dg.Output)]
    table = output.value[JUNE]
    assert table.index.tolist() == list(range(len(table)))
    return {name: value.value for name, value in output.metadata.items()}, table[COLUMNS[1:]].to_numpy().tolist()


OF_MAY = (MAY, "a", "text of a", "Bob", "orders")
OF_JUNE = (JUNE, "b", "text of b", "Bob", "orders")


def test_the_recipe_in_force_is_added_to_those_rejected_in_the_month():
    metadata, rows = refused(OF_MAY, OF_JUNE, reason="stocks", author="Ann")
    assert metadata == {"recipe_id": "c", "recipe": "text of c", "author": "Ann", "reason": "stocks"}
    assert rows == [["b", "text of b", "Bob", "orders"], ["c", "text of c", "Ann", "stocks"]]


def test_a_second_rejection_of_a_recipe_replaces_the_first():
    _, rows = refused((JUNE, "c", "text of c", "Bob", "orders"), OF_JUNE, reason="stocks")
    assert rows == [["b", "text of b", "Bob", "orders"], ["c", "text of c", "unknown", "stocks"]]


def test_a_rejection_is_withdrawn_and_the_others_stay():
    metadata, rows = refused(OF_JUNE, (JUNE, "d", "text of d", "Bob", "orders"), reason="right after all", accepted="b")
    assert metadata == {"reason": "right after all", "author": "unknown", "accepted": "b"}
    assert rows == [["d", "text of d", "Bob", "orders"]]


@pytest.mark.parametrize("accepted", ["a", "x"])
def test_a_recipe_that_is_not_rejected_in_the_month_cannot_be_accepted(accepted):
    with pytest.raises(dg.Failure, match=f"FR 2024-06: {accepted} is not rejected in it") as caught:
        refused(OF_MAY, OF_JUNE, reason="right", accepted=accepted)
    assert not caught.value.allow_retries


@pytest.mark.parametrize(
    ("latest", "has"), [(pd.Timestamp("2024-07-01"), "2024-07 as its latest month"), (None, "no partition of FR")]
)
def test_only_the_latest_champion_can_be_rejected(latest, has):
    with pytest.raises(dg.Failure, match=f"requested: 2024-06; champion has {has}") as caught:
        refused(latest=latest, reason="stocks")
    assert not caught.value.allow_retries


@pytest.mark.parametrize("empty", [{"reason": ""}, {"reason": "x", "author": ""}])
def test_author_and_reason_may_be_short_but_not_empty(empty):
    assert Refusal(reason="x", author="B").accepted == ""
    with pytest.raises(ValidationError):
        Refusal(**empty)


def test_the_figures_of_a_decision_are_those_measured_with_outcome_and_conditions(monkeypatch):
    row = {
        "recipe_id": "c", "outcome": "held", "source": "champion", "challenger_id": "d", "verdict": "worse",
        "reason": "because", "conditions": '{"wape": true}', "wape_champion": 0.25, "bias_champion": float("nan"),
    }  # fmt: skip
    quiet = SimpleNamespace(name="quiet", blocking=False, findings=lambda tables: {}, description="")
    monkeypatch.setattr(champion, "contest_of_run", lambda *_: None)
    monkeypatch.setattr(champion.rule, "champion", lambda *_: pd.DataFrame([row]))
    monkeypatch.setattr(champion, "schema_check", lambda _: quiet)
    run = inspect.unwrap(champion.champion.op.compute_fn.decorated_fn)
    tables = dict.fromkeys(("backtest", "tuned_recipe", "refused_recipe"))
    _, output = run(CONTEXT, settings=loaded(), recipes_in_force=None, **tables)
    assert {name: value.value for name, value in output.metadata.items()} == {
        "wape_champion": 0.25, "recipe_id": "c", "outcome": "held", "source": "champion", "challenger_id": "d",
        "verdict": "worse", "reason": "because", "conditions": {"wape": True},
    }  # fmt: skip
