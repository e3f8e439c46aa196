"""Digest of the configuration that a table depends on; it is stored with the table.

The tables that depend on a value are stated next to its field, by ``Affects``.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator

from forecast_assets.config.affects import TABLES, Affects, affects_of
from forecast_assets.config.markets import FIELDS, affects_of_market, forecast_markets
from forecast_assets.config.settings import Settings, pools_markets
from forecast_assets.config.variables import PREFIX, fields_by_variable
from forecast_assets.domain.horizon import HORIZON_MONTHS

# Fields of a market that it did not have when the digests were made that companies have stored.
LATER_FIELDS = ("compute", "currency", "machine")


def configuration_of(asset: str, settings: Settings, country: str | None) -> str:
    """Return sixteen hexadecimal digits that change with every value that the asset's table depends on.

    An asset that is not in ``TABLES`` depends on every setting that affects a table and on the market's whole entry.
    """
    values = configured_values(asset, settings, country)
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]


def configured_values(asset: str, settings: Settings, country: str | None) -> dict[str, object]:
    """Return the values that ``configuration_of`` is the digest of, by name."""
    market = dataclasses.asdict(settings.market_table[country]) if country else {}
    entries = list(_effective(settings))
    values: dict[str, object]
    if asset not in TABLES:
        values = {name: value for name, value, affects in entries if affects.all_tables}
        own = {f"market.{key}": value for key, value in market.items() if value != "" or key not in LATER_FIELDS}
        return values | {"horizon_months": HORIZON_MONTHS} | own
    values = {name: value for name, value, affects in entries if asset in affects.tables}
    by_field = {name: affects_of_market(name) for name in FIELDS}
    values |= {f"market.{name}": market[name] for name, affects in by_field.items() if asset in affects.tables}
    if any(asset in affects.pooling for affects in by_field.values()):
        values["pools_markets"] = pools_markets(settings)
    shared = [name for name, affects in by_field.items() if asset in affects.every_market]
    if shared:
        table = settings.market_table
        codes = sorted(forecast_markets(table))
        values["markets"] = {code: [getattr(table[code], name) for name in shared] for code in codes}
    return values


def _effective(settings: Settings) -> Iterator[tuple[str, object, Affects]]:
    """Yield the name of each setting in the digest, its value and the tables it affects."""
    for variable, field, path in fields_by_variable(type(settings)):
        value: object = settings
        for attribute in path:
            value = getattr(value, attribute)
        # Names of variables, because digests that are stored were made of them.
        yield variable.removeprefix(PREFIX).lower(), value, affects_of(variable, field)
