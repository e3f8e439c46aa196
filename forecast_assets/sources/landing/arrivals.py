"""Arrival of a market's files of a month: complete, still being written, or missing.

Belongs here: presence of the month, files that still change, a fingerprint of the files. The content is checked when it
is read (contract/row_checks.py).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from forecast_assets.sources.contract.problems import LandingProblem
from forecast_assets.sources.contract.stated_notation import NOTATION_FILE
from forecast_assets.sources.landing.delivered_file import LandingFile
from forecast_assets.sources.landing.folder import LandingFolder
from forecast_assets.sources.landing.listing import MARKER, FileState, concerns

# Sources that a cycle reads per market. It waits for sell-in, and for sell-out once the market has started it.
FACTS = ("sell_in", "sell_out")
SOURCES = (*FACTS, "products", "promotions", "overrides")
NAMED = 3


@dataclass(frozen=True)
class MonthDelivery:
    """The delivery of a market's month.

    Attributes:
        missing: Sources without a row of the month.
        changing: Files that may not be whole yet.
        fingerprint: Differs whenever a file of the market was added, removed or changed.
        changed_at: The latest of these times (UTC); None without files, and where tables are the source.
        unreadable: Files that may be the market's and cannot be read, each with the reason.
    """

    missing: tuple[str, ...]
    changing: tuple[str, ...]
    fingerprint: str
    changed_at: pd.Timestamp | None
    unreadable: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """True if the cycle can start."""
        return not self.missing and not self.changing

    @property
    def lacks(self) -> str:
        """Missing sources, unreadable and unfinished files, in words; empty if the delivery is complete."""
        parts = [f"no {' and no '.join(self.missing)} of the month", self.cannot_be_read] if self.missing else []
        parts += [f"still being written: {_listed(self.changing)}"] if self.changing else []
        return "; ".join(part for part in parts if part)

    @property
    def cannot_be_read(self) -> str:
        """Unreadable files, in words; empty without one. A cycle that runs with one fails with its problem."""
        return f"cannot be read: {_listed(self.unreadable)}" if self.unreadable else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


@dataclass(frozen=True)
class MarketFiles:
    """The files that may hold rows of a market, with size and time."""

    states: tuple[FileState, ...]
    markers: tuple[FileState, ...]

    @property
    def fingerprint(self) -> str:
        """A part of the SHA-256 over names, sizes and times."""
        lines = [f"{state.relative}|{state.size}|{state.changed_at.isoformat()}" for state in self.states]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]

    def changing(self, now: pd.Timestamp, settle_seconds: float) -> tuple[str, ...]:
        """Return files younger than ``settle_seconds`` without a later marker in their folder or above."""
        oldest_young = now - pd.Timedelta(seconds=settle_seconds)
        return tuple(
            state.relative for state in self.states if state.changed_at > oldest_young and not self._is_marked(state)
        )

    def _is_marked(self, state: FileState) -> bool:
        folders = {str(parent) for parent in PurePosixPath(state.relative).parents} - {"."}
        return any(
            str(PurePosixPath(marker.relative).parent) in folders and marker.changed_at >= state.changed_at
            for marker in self.markers
        )


def market_files(folder: LandingFolder, market: str, known_codes: Sequence[str]) -> MarketFiles:
    """Return the files of all sources that may be a market's: by content if it can be read, else by name."""
    states, markers = [], []
    for source in SOURCES:
        listed = folder.states(source)
        markers += [state for state in listed if PurePosixPath(state.relative).name == MARKER]
        by_name = {state.relative: state for state in listed}
        named = dict.fromkeys(
            file.delivered_as for file in folder.files(source) if _may_hold(file, source, market, known_codes)
        )
        states += [by_name[name] for name in (*named, f"{source}/{NOTATION_FILE}") if name in by_name]
    return MarketFiles(tuple(states), tuple(markers))


def delivery_of(
    folder: LandingFolder,
    market: str,
    month: pd.Timestamp,
    known_codes: Sequence[str],
    now: pd.Timestamp,
    settle_seconds: float,
    seen_before: str | None = None,
) -> MonthDelivery:
    """Return the delivery of a market's month.

    Args:
        folder: The landing folder.
        market: The code of the market.
        month: The first day of the month.
        known_codes: Codes of all markets, to assign an unreadable file to a market by its name.
        now: The time, with zone.
        settle_seconds: A file unchanged for so long is whole; a later marker makes it so at once.
        seen_before: Fingerprint of an earlier poll. Files unchanged since then are whole, even if the clock of the
            machine that wrote them is ahead.
    """
    files = market_files(folder, market, known_codes)
    fingerprint = files.fingerprint
    changing = () if fingerprint == seen_before else files.changing(now, settle_seconds)
    missing, problems = ((), []) if changing else _missing(folder, market, month)
    changed_at = max((state.changed_at for state in files.states), default=None)
    unreadable = dict.fromkeys(f"{problem.place}: found {problem.found}" for problem in problems)
    return MonthDelivery(missing, changing, fingerprint, changed_at, tuple(unreadable))


def _missing(folder: LandingFolder, market: str, month: pd.Timestamp) -> tuple[tuple[str, ...], list[LandingProblem]]:
    """Return the facts without the month, and the problems of whole files.

    A market may have no sell-out, or none before it starts.
    """
    (sold_in, problems, _), (sold_out, others, _) = (folder.delivery(source, market) for source in FACTS)
    problems += others + [problem for source in SOURCES[2:] for problem in folder.file_problems(source, market)]
    if month not in sold_in:
        return ("sell_in",), problems + folder.undated_rows("sell_in", market)
    return (("sell_out",) if sold_out and sold_out[0] <= month and month not in sold_out else ()), problems


def _may_hold(file: LandingFile, source: str, market: str, known_codes: Sequence[str]) -> bool:
    if file.problem is None:
        return file.can_hold(market)
    return concerns(file.relative, source, market, known_codes)
