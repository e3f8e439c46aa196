"""Markets of a company, read from ``markets.yaml``.

Adding a market is adding an entry at the end of that file; nothing else in the package lists markets.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast_assets.config.affects import POOLED, Affects
from forecast_assets.config.markets_yaml import parse_markets
from forecast_assets.domain.languages import LANGUAGES
from forecast_assets.domain.suggestions import closest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

AFFECTS = "affects"
STAGES = ("shadow", "live", "retired")
MISSING_MONTH_RULES = ("zero", "unknown")
MACHINES = ("large",)
# Where a market is trained, if not in the process of its step.
AZUREML = "azureml"
COMPUTES = (AZUREML, "process")
CODE_PATTERN = re.compile(r"[A-Z0-9_]{2,10}")
CHANNEL_PATTERN = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
# Limits of one message: problems listed, and characters of a quoted value.
MOST_PROBLEMS, MOST_SHOWN = 40, 200
# A larger WAPE is a mistake: 35 was meant as per cent.
MOST_SHARE = 5
# Strict, because the parser of pandas takes "5" for the fifth of this month and "Jan2024" for a month.
MONTH_PATTERN = re.compile(r"\d{4}-\d{2}(-\d{2})?")


class MarketsError(ValueError):
    """Error of a ``markets.yaml`` that cannot be used; the message lists every problem."""


@dataclasses.dataclass(frozen=True)
class Market:
    """Market as its entry describes it: name, region, and how its deliveries are read.

    Attributes:
        code: Name of the market in partitions and files.
        name: Name that readers see.
        iso2: Code of the country whose holidays count.
        iso3: Code of the country whose pandemic policy counts.
        region: Group of markets with totals of its own.
        since: First month with data.
        stage: ``shadow``, ``live`` or ``retired``. Shadow markets are forecast and measured, but not shown to readers.
        missing_month: Meaning of a SKU without a row in a delivered month: ``zero`` units, or ``unknown``.
        teams_channel: Teams channel of the market's alerts; empty: the default channel.
        language: Language of the reasons of forecasts: ``en``, ``fr``, ``de`` or ``es``.
        max_wape: WAPE (a fraction) above which the market raises an alarm; None: the value of the setting.
        max_bias: Bias (in either direction) above which the market raises an alarm; None: the value of the setting.
        currency: Currency of net sales and prices, such as ``EUR``; empty: not stated.
        machine: ``large`` if its runs get the tags in ``FORECAST_LARGE_RUN_TAGS``; empty: they do not.
        compute: Where it is trained: ``azureml``, a job of Azure ML, or ``process``, a process of its own; empty: in
            the process of the step.
    """

    code: str = field(metadata={AFFECTS: Affects()})
    name: str = field(metadata={AFFECTS: Affects("market_report")})
    iso2: str = field(metadata={AFFECTS: Affects("features")})
    iso3: str = field(metadata={AFFECTS: Affects("covid_policy")})
    region: str = field(
        metadata={
            AFFECTS: Affects(
                "features", "market_report", every_market=("demand_totals", "demand_totals_known", "forecast_totals")
            ),
        }
    )
    since: pd.Timestamp = field(metadata={AFFECTS: Affects()})
    stage: str = field(
        default="live",
        metadata={
            AFFECTS: Affects("published_forecasts", "market_report", every_market=("pooled_rows",), pooling=POOLED),
        },
    )
    missing_month: str = field(
        default="zero",
        metadata={AFFECTS: Affects("sell_in", "sell_out", "products", "promotions", "overrides")},
    )
    teams_channel: str = field(default="", metadata={AFFECTS: Affects()})
    language: str = field(default="en", metadata={AFFECTS: Affects("forecast_reasons", "forecast_exceptions")})
    max_wape: float | None = field(default=None, metadata={AFFECTS: Affects()})
    max_bias: float | None = field(default=None, metadata={AFFECTS: Affects()})
    currency: str = field(default="", metadata={AFFECTS: Affects()})
    machine: str = field(default="", metadata={AFFECTS: Affects()})
    compute: str = field(default="", metadata={AFFECTS: Affects()})


FIELDS = {each.name: each for each in dataclasses.fields(Market)}
ALLOWED = {
    "stage": STAGES,
    "missing_month": MISSING_MONTH_RULES,
    "language": LANGUAGES,
    "machine": MACHINES,
    "compute": COMPUTES,
}
SHARES = ("max_wape", "max_bias")
REQUIRED = [name for name, each in FIELDS.items() if each.default is dataclasses.MISSING]


def affects_of_market(name: str) -> Affects:
    """Return the tables that depend on a field of a market's entry.

    Raises:
        TypeError: If the field does not state them.
    """
    affects = FIELDS[name].metadata.get(AFFECTS)
    if not isinstance(affects, Affects):
        raise TypeError(f"Market.{name}: expected Affects(...), got {affects!r}")
    return affects


def load_markets(path: str | Path) -> dict[str, Market]:
    """Read the markets of a file, in its order, by code.

    Raises:
        MarketsError: If the file is missing or is not a list of entries under ``markets``. If an entry has an unknown
            or missing key, or a value that is not allowed. All problems are listed.
    """
    import yaml

    file = Path(path)
    if not file.is_file():
        raise MarketsError(f"{file}: no such markets file. Set FORECAST_MARKETS to a markets.yaml.")
    try:
        content = parse_markets(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise MarketsError(f"{file}: not UTF-8: {error}. Save the file as UTF-8.") from error
    # YAML turns text like 2019-02-30 into a date, which is a ValueError of the calendar.
    except (yaml.YAMLError, ValueError) as error:
        raise MarketsError(f"{file}: not valid YAML: {error}") from error
    entries = content.get("markets") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise MarketsError(f"{file}: expected a non-empty list under the key 'markets', got {shown(entries)}.")
    problems = [problem for number, entry in enumerate(entries, 1) for problem in _problems(number, entry)]
    codes = [entry["code"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("code"), str)]
    repeated = sorted((code, count) for code, count in Counter(codes).items() if count > 1)
    problems += [f"market code {code!r} is given {count} times" for code, count in repeated]
    problems += _region_problems(entries)
    if problems:
        more = [f"  - and {len(problems) - MOST_PROBLEMS} more"] if len(problems) > MOST_PROBLEMS else []
        listed = [f"  - {text}" for text in problems[:MOST_PROBLEMS]]
        raise MarketsError("\n".join([f"{file}: {len(problems)} problem(s):", *listed, *more]))
    return {entry["code"]: Market(**{**entry, "since": month_of(entry["since"])}) for entry in entries}


def shown(value: Any) -> str:
    """Return a value as a message quotes it: cut, so that one wrong entry cannot fill the page."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def forecast_markets(markets: Mapping[str, Market]) -> list[str]:
    """Return the codes of the markets that are forecast: all but the retired."""
    return [code for code, market in markets.items() if market.stage != "retired"]


def month_of(value: Any) -> pd.Timestamp:
    """Return the month written as 2019-01 or 2019-01-01, as text or as a date.

    Raises:
        ValueError: If it is written otherwise, is no date, or is another day than the first.
    """
    import pandas as pd

    text = str(value)
    expected = f"expected a month like 2019-01, got {text!r}"
    if not MONTH_PATTERN.fullmatch(text):
        raise ValueError(expected)
    try:
        month = pd.Timestamp(text).as_unit("ns")
    except ValueError as error:
        raise ValueError(expected) from error
    if month.day != 1:
        raise ValueError(f"expected the first day of a month, like {month:%Y-%m}-01, got {text!r}")
    return month


def _problems(number: int, entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return [f"entry {number}: expected keys {list(FIELDS)}, got {shown(entry)}"]
    where = f"entry {number} ({str(entry.get('code', 'without code'))[:MOST_SHOWN]})"
    problems = []
    for key in entry:
        if key not in FIELDS:
            close = closest(str(key), FIELDS)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            problems.append(f"{where}: unknown key {shown(key)}{hint} Known: {', '.join(FIELDS)}")
    problems += [f"{where}: key {key!r} is missing" for key in REQUIRED if key not in entry]
    return problems + [f"{where}: {text}" for key, value in entry.items() for text in _value_problems(key, value)]


def _value_problems(key: str, value: Any) -> list[str]:
    if key == "since":
        try:
            month_of(value)
        except ValueError as error:
            return [f"since: {error}"]
        return []
    if key not in FIELDS:
        return []
    if key in SHARES:
        return _share_problems(key, value)
    if not isinstance(value, str):
        return [f'{key}: expected text, got {shown(value)} ({type(value).__name__}); quote it, as in {key}: "NO"']
    if key == "code" and not CODE_PATTERN.fullmatch(value):
        return [f"code: expected 2 to 10 of A-Z, 0-9 and _, got {shown(value)}"]
    if key == "teams_channel" and not CHANNEL_PATTERN.fullmatch(value):
        return [
            "teams_channel: expected a name of A-Z, 0-9 and _ that starts with a letter; what is there is not repeated "
            "here, as the address of a webhook is a secret: it goes to the environment, as TEAMS_WEBHOOK_URL_<name>"
        ]
    allowed = ALLOWED.get(key)
    if allowed and value not in allowed:
        return [f"{key}: expected one of {', '.join(allowed)}, got {shown(value)}"]
    length = {"iso2": 2, "iso3": 3, "currency": 3}.get(key)
    if length and not re.fullmatch(rf"[A-Z]{{{length}}}", value):
        return [f"{key}: expected {length} capital letters, got {shown(value)}"]
    return _text_problems(key, value)


def _text_problems(key: str, value: str) -> list[str]:
    if not value.strip():
        return [f"{key}: must not be empty"]
    if value != value.strip() or not value.isprintable():
        return [f"{key}: expected text on one line without blanks around it, got {shown(value)}"]
    return []


def _region_problems(entries: list[Any]) -> list[str]:
    """Return the regions that are written in several ways: each would have totals of its own."""
    written = [entry["region"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("region"), str)]
    spellings: dict[str, dict[str, None]] = {}
    for region in written:
        spellings.setdefault("".join(region.split()).casefold(), {})[region] = None
    several = [" and ".join(map(shown, each)) for each in spellings.values() if len(each) > 1]
    return [f"one region is written {each}; write it in one way" for each in several]


def _share_problems(key: str, value: Any) -> list[str]:
    """Return the problem of a value that is no fraction above 0 and up to 5: a larger one was meant as per cent."""
    # A boolean is a number to Python; .nan and .inf are numbers to YAML. Both fail the comparison or the type.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_SHARE:
        return [
            f"{key}: expected a fraction above 0, like 0.35 for 35 %, got {shown(value)}; remove it for the default"
        ]
    return []
