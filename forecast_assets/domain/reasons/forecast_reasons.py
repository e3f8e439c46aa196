"""Reasons of published forecasts: first what made the number, then its difference from last year by cause.

Here belong the numbers by cell and the order of the rows. Not here: the attribution (``last_year.py``,
``boosting_causes.py``) and the words (``sentences.py``).
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.portfolio.lifecycle import faded
from forecast_assets.domain.reasons.boosting_causes import boosting_causes
from forecast_assets.domain.reasons.causes import CAUSES, FEATURE_CAUSES
from forecast_assets.domain.reasons.decision_sentences import decision_in, override_reason_in
from forecast_assets.domain.reasons.last_year import (
    Differences,
    by_horizon,
    differences,
    expected_parts,
    last_year,
)
from forecast_assets.domain.reasons.part_sentences import PartFacts, part_sentence
from forecast_assets.domain.reasons.published_numbers import OVERRIDE, Numbers, ReasonTables, published_numbers
from forecast_assets.domain.reasons.rule_sentences import END_OF_LIFE, rule_sentences
from forecast_assets.domain.reasons.sentences import sentence

COLUMNS = ["sku", "target_month", "order", "cause", "units", "text"]
MODEL, DYING = "model", "dying"
BY_MODEL = (MODEL, "champion")
# Author and reason by SKU and target month.
Overrides: TypeAlias = dict[tuple[str, pd.Timestamp], tuple[Any, Any]]
UNKNOWN_OVERRIDE = ("unknown", "no reason")


def forecast_reasons(
    tables: ReasonTables, sell_in: DemandPanel, origin: pd.Timestamp, language: str = "en"
) -> pd.DataFrame:
    """Return the reasons of every published cell.

    Args:
        tables: Stored tables of the origin.
        sell_in: The market's panel; months after the origin are not read.
        origin: The origin month.
        language: Language of the sentences.

    Returns:
        One row per SKU, target month and reason: ``sku, target_month, order, cause, units, text``. ``units`` of a cell
        add up to the forecast minus the units of the same month of last year; for months more than a year ahead, of
        the year before. They are null for a reason without units, and if last year is not known.
    """
    numbers = published_numbers(tables, origin)
    known = sell_in.until(origin)
    units_then = last_units(known, numbers.skus)
    fade = np.where((numbers.rule == DYING)[:, None] & np.isin(numbers.source, BY_MODEL), _fade(), 1.0)
    parts, then = _differences(tables, numbers, numbers.before / fade, units_then)
    rules = pd.Series(numbers.rule, index=numbers.skus)
    texts = rule_sentences(rules, known, tables.products, origin, language)
    own = tables.overrides
    overrides: Overrides = {}
    if len(own):
        cells = zip(own["sku"], own["target_month"], own["author"], own["reason"], strict=True)
        overrides = {(sku, month): (author, reason) for sku, month, author, reason in cells}
    planned = by_horizon(_rows_of(tables.features, numbers.skus), "promotion_planned") > 0
    rows: list[tuple[object, ...]] = []
    months, months_then = list(numbers.months), list(then)
    for at in itertools.product(range(len(numbers.skus)), range(HORIZON_MONTHS)):
        month = months_then[at[1]]
        cell = _Cell(numbers, at, months[at[1]], float(units_then[at]), month, float(fade[at]), language)
        facts = PartFacts(parts, at, month, bool(planned[at]), language)
        reasons = [*cell.opening(texts, overrides), *(facts_of_parts(facts) if cell.has_parts else [])]
        rows += [(cell.sku, cell.month, order, *reason) for order, reason in enumerate(reasons, 1)]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"units": float, "order": "int64"})


def facts_of_parts(facts: PartFacts) -> Iterator[tuple[str, float, str]]:
    """Yield cause, units and sentence of each part of a cell, the largest first and the rest last."""
    units = facts.units
    last = len(CAUSES) - 1
    for number in sorted(np.flatnonzero(units), key=lambda each: (each == last, -abs(units[each]))):
        yield CAUSES[number], float(units[number]), part_sentence(facts, CAUSES[number])


@dataclasses.dataclass(frozen=True)
class _Cell:
    """One published cell."""

    numbers: Numbers
    at: tuple[int, int]
    month: pd.Timestamp
    last_units: float
    then: pd.Timestamp
    fade: float
    language: str

    @property
    def sku(self) -> str:
        return str(self.numbers.skus[self.at[0]])

    @property
    def before(self) -> float:
        return float(self.numbers.before[self.at])

    @property
    def has_parts(self) -> bool:
        """True if the difference from last year is attributed to causes."""
        is_known = np.isfinite(self.before) and np.isfinite(self.last_units)
        return bool(is_known and not self.numbers.is_by_rule[self.at])

    def opening(self, texts: dict[str, str], overrides: Overrides) -> Iterator[tuple[str, float, str]]:
        """Yield cause, units and sentence of what made the number."""
        if self.numbers.is_overridden[self.at]:
            yield self._override(*overrides.get((self.sku, self.month), UNKNOWN_OVERRIDE))
        if np.isfinite(self.before):
            yield self._origin_of_number(texts)

    def _override(self, author: Any, reason: Any) -> tuple[str, float, str]:
        number = float(self.numbers.published[self.at])
        author, reason = (usual if pd.isna(given) else given
                          for given, usual in zip((author, reason), UNKNOWN_OVERRIDE, strict=True))  # fmt: skip
        before = self.before if np.isfinite(self.before) else self.last_units
        words = override_reason_in(self.language, str(reason))
        text = sentence(self.language, OVERRIDE, author=author, number=number, before=self.before, reason=words)
        return OVERRIDE, number - before, text

    def _decision(self) -> str:
        return decision_in(self.language, str(self.numbers.reason[self.at]))

    def _origin_of_number(self, texts: dict[str, str]) -> tuple[str, float, str]:
        rule, source = str(self.numbers.rule[self.at[0]]), str(self.numbers.source[self.at])
        if self.numbers.is_by_rule[self.at]:
            return rule, self.before - self.last_units, texts[self.sku]
        if source not in BY_MODEL:
            return source, np.nan, sentence(self.language, source, reason=self._decision())
        if rule in (END_OF_LIFE, DYING):
            return rule, self.before * (1.0 - 1.0 / self.fade) if rule == DYING else np.nan, texts[self.sku]
        if source != MODEL:
            return source, np.nan, sentence(self.language, source, reason=self._decision())
        key = MODEL if np.isfinite(self.last_units) else "model_alone"
        facts = {"forecast": self.before, "then": self.then, "last": float(self.last_units)}
        return MODEL, np.nan, sentence(self.language, key, **facts)


def _fade() -> Floats:
    return faded(np.ones((1, HORIZON_MONTHS)))


def last_units(known: DemandPanel, skus: Labels) -> Floats:
    """Return the last year of sell-in of each SKU, (n, 18): the latest same calendar month; NaN if unknown."""
    year = known.units[:, -12:]
    year = np.concatenate([np.full((len(year), 12 - year.shape[1]), np.nan), year], axis=1)
    row = pd.Index(known.skus).get_indexer(pd.Index(skus))
    latest: Floats = np.where((row >= 0)[:, None], year[row], np.nan)[:, np.arange(HORIZON_MONTHS) % 12]
    return latest


def _rows_of(features: pd.DataFrame, skus: Labels) -> pd.DataFrame:
    if features.empty:
        return pd.DataFrame(index=range(len(skus)))
    return features.set_index("sku").reindex(skus).reset_index()


def _differences(
    tables: ReasonTables, numbers: Numbers, model_units: Floats, units_then: Floats
) -> tuple[Differences, pd.DatetimeIndex]:
    """Return the parts of each number before override and fade, and the month of last year of each target month."""
    rows = _rows_of(tables.features, numbers.skus)
    last = last_year(rows, units_then[:, :12])
    back = [12] * 12 + [24] * (HORIZON_MONTHS - 12)
    then = pd.DatetimeIndex([add_months(month, -each) for month, each in zip(numbers.months, back, strict=True)])
    is_model = bool(np.isin(numbers.source, BY_MODEL).any())
    if tables.model is None or tables.features.empty or not is_model:
        return differences(model_units, last, numbers.is_after_end), then
    at = np.flatnonzero(np.isin(numbers.skus, tables.features["sku"].to_numpy(dtype=object)))
    causes = boosting_causes(rows.iloc[at], tables.model, np.nan_to_num(model_units[at]))
    boosting = np.zeros((*model_units.shape, len(FEATURE_CAUSES)))
    boosting[at] = causes.units
    weight, expected = np.zeros(len(numbers.skus)), expected_parts(rows)
    weight[at] = ~causes.is_intermittent & np.isfinite(expected.units[at]).all(axis=1)
    weight[at] *= (1.0 - tables.model.boosting_weights(rows.iloc[at])) * tables.model.planned_share
    return differences(model_units, last, numbers.is_after_end, boosting, expected, weight), then
