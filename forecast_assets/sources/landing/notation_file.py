"""The file ``_notation.yaml`` in a source's folder: what the delivery states about its numbers.

Belongs here: reading the file and its problems. Not here: what an entry means (contract/stated_notation.py).
"""

from collections.abc import Iterable
from typing import Any

from forecast_assets.config.markets_yaml import parse_markets
from forecast_assets.sources.contract.columns import Source
from forecast_assets.sources.contract.problems import LandingProblem
from forecast_assets.sources.contract.stated_notation import EVERY_MARKET, NOT_STATED, Notation, stated_notations
from forecast_assets.sources.landing.listing import denied

MOST_SHOWN = 200


def read_notation(
    fs: Any, path: str, relative: str, source: Source, market: str, known_codes: Iterable[str]
) -> tuple[Notation, list[LandingProblem]]:
    """Return the notation that a file states for a market, and the problems that concern the market.

    The market's own entry counts, else the one of all markets.

    Args:
        fs: An fsspec filesystem.
        path: Path of the file.
        relative: Name of the file in messages.
        source: The source of the folder.
        market: Code of the market.
        known_codes: Codes of all markets.
    """
    import yaml

    try:
        content = parse_markets(fs.cat_file(path).decode("utf-8"))
    except PermissionError as error:
        return NOT_STATED, [denied(relative, error)]
    except (ValueError, yaml.YAMLError) as error:
        return NOT_STATED, [_problem(relative, source, market, " ".join(str(error).split()))]
    notations, wrong = stated_notations(content, source, known_codes)
    problems = [_problem(relative, source, market, text) for concerned, text in wrong if concerned in (None, market)]
    return notations.get(market, notations.get(EVERY_MARKET, NOT_STATED)), problems


def _problem(relative: str, source: Source, market: str, found: str) -> LandingProblem:
    example = f'{market}: {{decimal: ",", thousands: "."}}'
    shares = [column.name for column in source.columns if column.share]
    example += f" or {market}: {{{shares[0]}: percent}}" if shares else ""
    return LandingProblem(
        relative, f"entries by market, such as {example}", found[:MOST_SHOWN], "correct the file, or remove it"
    )
