"""ISO codes of countries as the library ``holidays`` knows them, to suggest the codes of a new market."""

import dataclasses
import re

from forecast_assets.domain.suggestions import closest


@dataclasses.dataclass(frozen=True)
class Country:
    """Country with public holidays."""

    name: str
    iso2: str
    iso3: str


def known_countries() -> list[Country]:
    """Return the countries of the library with its names, such as ``united_kingdom``."""
    from holidays.registry import COUNTRIES

    return [Country(name, codes[1], codes[2]) for name, codes in COUNTRIES.items() if len(codes[1]) == 2]


def country_of(code: str, name: str) -> Country | None:
    """Return the country of a market: by its code if that is an ISO code, else by its name; None if neither is known.

    None too if code and name are two countries: the market may be a state with that name.
    """
    by_code = {key: country for country in known_countries() for key in (country.iso2, country.iso3)}
    by_name = {_plain(country.name): country for country in known_countries()}
    coded, named = by_code.get(code), by_name.get(_plain(name))
    return None if coded and named and coded != named else coded or named


def country_with(iso2: str) -> Country | None:
    """Return the country of an ISO 3166-1 alpha-2 code."""
    return next((country for country in known_countries() if country.iso2 == iso2), None)


def close_countries(name: str) -> list[Country]:
    """Return up to three countries with a similar name."""
    by_name = {_plain(country.name): country for country in known_countries()}
    return [by_name[name] for name in closest(_plain(name), by_name, count=3)]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
