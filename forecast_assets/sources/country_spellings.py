"""Country codes of delivered rows that no market has: another spelling of a market's code, or unknown.

The rule: blanks around a code do not count, every other character does. Rows of ``Fr`` are not read as FR's. A code
that only one market can mean (its code in another case or with other separators, its ISO codes, its name) is that
market's problem. Any other code is a warning to all.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.sources.contract.columns import source_named


class Countries(Protocol):
    """Deliveries, as far as their country codes are read."""

    def unknown_countries(self, source: str, known_codes: Iterable[str]) -> dict[str, int]:
        """Return rows per country code that is not known."""
        ...

    def delivered_months(self, source: str, market: str) -> list[pd.Timestamp]:
        """Return the months with a row of a code, ascending."""
        ...


@dataclass(frozen=True)
class CountryCodes:
    """Codes in a source that no market has.

    Attributes:
        misspelt: Codes that mean the market, with their rows in all months. Of facts only codes with a row in the
            months that were asked for.
        unknown: Codes that no single market can mean, with their rows.
    """

    misspelt: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)


NO_CODES = CountryCodes()


def country_codes(
    deliveries: Countries, source: str, markets: dict[str, Market], country: str, months: Sequence[pd.Timestamp]
) -> CountryCodes:
    """Return the codes of a source that are another spelling of a market's, and those that are unknown."""
    rows = deliveries.unknown_countries(source, list(markets))
    meant = _spellings(markets)
    misspelt = {code: count for code, count in rows.items() if meant.get(_plain(code)) == country}
    if source_named(source).is_fact:
        asked = set(months)
        misspelt = {
            code: count for code, count in misspelt.items() if asked & set(deliveries.delivered_months(source, code))
        }
    return CountryCodes(misspelt, {code: count for code, count in rows.items() if _plain(code) not in meant})


def in_words(source: str, country: str, misspelt: Iterable[str]) -> str:
    """Return what was delivered under another spelling of a market's code."""
    return f"{source} has rows of {', '.join(map(repr, misspelt))}, another spelling of {country}"


def _spellings(markets: dict[str, Market]) -> dict[str, str]:
    """Return the market that a simplified text means; texts of several markets are left out."""
    codes, owners = dict[str, str](), dict[str, set[str]]()
    for market in markets.values():
        codes[_plain(market.code)] = market.code
        for text in {_plain(market.iso2), _plain(market.iso3), _plain(market.name)}:
            owners.setdefault(text, set()).add(market.code)
    return {text: next(iter(owned)) for text, owned in owners.items() if len(owned) == 1} | codes


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
