"""Sentences of the parts of a forecast's difference from last year."""

import dataclasses

import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.reasons.causes import CAUSES, LEVEL, ONE_OFF, PROMOTION
from forecast_assets.domain.reasons.last_year import Differences
from forecast_assets.domain.reasons.sentences import sentence

# An effect of promotions below this share of the other year's is none.
SMALL_EFFECT = 0.2


@dataclasses.dataclass(frozen=True)
class PartFacts:
    """Facts of one cell that the sentences of its parts name.

    Attributes:
        parts: The parts of all cells.
        at: Position of the cell.
        then: Month of last year.
        is_planned: True if a promotion of the month is planned.
        language: Language of the sentences.
    """

    parts: Differences
    at: tuple[int, ...]
    then: pd.Timestamp
    is_planned: bool
    language: str

    @property
    def units(self) -> Floats:
        """Units by cause, (``CAUSES``,)."""
        units: Floats = self.parts.parts[self.at]
        return units


def part_sentence(facts: PartFacts, cause: str) -> str:
    """Return the sentence of one part of a cell."""
    units = float(facts.units[CAUSES.index(cause)])
    if cause == PROMOTION:
        return _promotion(facts, units)
    key = cause
    if cause == ONE_OFF:
        key = "one_off_above" if units < 0 else "one_off_below"
    levels = {}
    if cause == LEVEL:
        levels = {"level_now": float(facts.parts.level[facts.at]), "level_then": facts.parts.level_then[facts.at[0]]}
    return sentence(facts.language, key, signed=units, then=facts.then, **levels)


def _promotion(facts: PartFacts, units: float) -> str:
    now, then = float(facts.parts.promotion_now[facts.at]), float(facts.parts.promotion_then[facts.at])
    if abs(then) < SMALL_EFFECT * abs(now):
        key = "promotion_planned" if facts.is_planned else "promotion_expected"
    elif abs(now) < SMALL_EFFECT * abs(then) and then > 0:
        key = "promotion_not_repeated"
    else:
        key = "promotion_changed"
    return sentence(facts.language, key, signed=units, then=facts.then, promotion_now=now, promotion_then=then)
