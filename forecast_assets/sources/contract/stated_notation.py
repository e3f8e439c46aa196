"""Notation that a delivery states: the separators of its numbers, and the scale of its discounts.

A source's folder may hold ``_notation.yaml`` with an entry by market. Belongs here: the entries and how a text is read
by one. Not here: numbers whose notation is not stated (notation.py), and reading the file (landing/notation_file.py).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forecast_assets.domain.suggestions import closest
from forecast_assets.sources.contract.columns import Source
from forecast_assets.sources.contract.expressions import literal

NOTATION_FILE = "_notation.yaml"
EVERY_MARKET = "all"
PERCENT, FRACTION = "percent", "fraction"
DECIMALS = (".", ",")
# Separator of thousands -> the characters that count as it.
THOUSANDS = {".": ".", ",": ",", " ": " \u00a0\u202f", "'": "'\u2019"}
# A number as programs write it, whatever the notation of the rest.
_MACHINE = "^[+-]?[0-9]+([.][0-9]+)?[eE][+-]?[0-9]+$"
# Notations that a refused number may have, the likeliest first.
_LIKELY = ((",", "."), (".", ","), (",", ""), (",", " "), (".", "'"), (".", " "), (",", "'"))


@dataclass(frozen=True)
class Notation:
    """Notation of a market's rows in one source; an empty text is not stated.

    Attributes:
        decimal: Separator of decimals.
        thousands: Separator of thousands; empty beside a decimal separator: numbers have none.
        share: ``percent`` or ``fraction``.
    """

    decimal: str = ""
    thousands: str = ""
    share: str = ""

    @property
    def entry(self) -> str:
        """The separators as the file states them; empty if they are not stated."""
        return entry_of(self.decimal, self.thousands) if self.decimal else ""

    @property
    def pattern(self) -> str:
        """The regular expression of a number in this notation."""
        return f"^[+-]?{self._whole}([{self.decimal}][0-9]*)?$"

    @property
    def _whole(self) -> str:
        if not self.thousands:
            return "[0-9]*"
        return f"([0-9]*|[0-9]{{1,3}}([{THOUSANDS[self.thousands]}][0-9]{{3}})+)"

    def value(self, text: str) -> str:
        """Return the expression of a number, given that of a trimmed text; NULL for a text of another notation."""
        plain = text
        for character in THOUSANDS.get(self.thousands, ""):
            plain = f"REPLACE({plain}, {literal(character)}, '')"
        if self.decimal != ".":
            plain = f"REPLACE({plain}, {literal(self.decimal)}, '.')"
        return (
            f"CASE WHEN REGEXP_MATCHES({text}, {literal(self.pattern)}) THEN TRY_CAST({plain} AS DOUBLE) "
            f"WHEN REGEXP_MATCHES({text}, {literal(_MACHINE)}) THEN TRY_CAST({text} AS DOUBLE) END"
        )


NOT_STATED = Notation()


def entry_of(decimal: str, thousands: str = "") -> str:
    """Return the keys that state separators, as the file holds them."""
    return f'decimal: "{decimal}"' + (f', thousands: "{thousands}"' if thousands else "")


def likely_entries(cells: Iterable[str]) -> list[str]:
    """Return the keys of the notations that refused cells may be written in, one by decimal separator."""
    texts = [cell.strip() for cell in cells]
    entries: dict[str, str] = {}
    for decimal, thousands in _LIKELY:
        pattern = Notation(decimal, thousands).pattern
        if texts and all(re.search(pattern, text) and re.search("[0-9]", text) for text in texts):
            entries.setdefault(decimal, entry_of(decimal, thousands))
    return list(entries.values())


def stated_notations(
    content: Any, source: Source, known_codes: Iterable[str]
) -> tuple[dict[str, Notation], list[tuple[str | None, str]]]:
    """Return the notation by market (or ``all``), and the problems, each with the market that it concerns.

    A problem without a market concerns every one.

    Args:
        content: The content of the file.
        source: The source that it is about.
        known_codes: Codes of the markets; empty: any code is taken.
    """
    if not isinstance(content, dict) or not content:
        return {}, [(None, "no entries by market")]
    codes, notations, problems = set(known_codes), {}, []
    for key, value in content.items():
        wrong = _key_problem(key, codes)
        if wrong:
            problems.append(wrong)
            continue
        concerned = None if key == EVERY_MARKET else key
        of_entry = [(concerned, f"{key}: {text}") for text in _entry_problems(value, source)]
        problems += of_entry
        if not of_entry:
            notations[key] = _notation(value, source)
    return notations, problems


def _key_problem(key: Any, codes: set[str]) -> tuple[str | None, str] | None:
    if not isinstance(key, str):
        return None, f"the key {key} ({type(key).__name__}); a code such as NO needs quotes"
    if key == EVERY_MARKET or not codes or key in codes:
        return None
    meant = next((code for code in sorted(codes) if code.casefold() == key.strip().casefold()), None)
    return meant, f"{key!r}, which is no market" + (f"; did you mean {meant}?" if meant else "")


def _entry_problems(entry: Any, source: Source) -> Iterator[str]:
    allowed = _allowed(source)
    if not isinstance(entry, dict) or not entry:
        yield f"{entry!r}, which has none of the keys {', '.join(allowed)}"
        return
    for key, value in entry.items():
        if key not in allowed:
            close = closest(str(key), allowed)
            yield f"the key {key!r}" + (f"; did you mean {close[0]}?" if close else "")
        elif value not in allowed[key]:
            yield f"{key} {value!r}, which is none of {', '.join(repr(each) for each in allowed[key])}"
    decimal, thousands = _separators(entry)
    if decimal and decimal == thousands:
        yield f"{decimal!r} for decimals and thousands"


def _allowed(source: Source) -> Mapping[str, tuple[str, ...]]:
    """Return the values of each key that an entry of a source may have."""
    shares = {column.name: (PERCENT, FRACTION) for column in source.columns if column.share}
    return {"decimal": DECIMALS, "thousands": tuple(THOUSANDS)} | shares


def _separators(entry: Mapping[str, str]) -> tuple[str, str]:
    """Return the separators; with thousands alone, decimals have the other one of point and comma."""
    thousands = entry.get("thousands", "")
    return entry.get("decimal", ("," if thousands == "." else ".") if thousands else ""), thousands


def _notation(entry: Mapping[str, str], source: Source) -> Notation:
    shares = [entry[column.name] for column in source.columns if column.share and column.name in entry]
    return Notation(*_separators(entry), *shares)
