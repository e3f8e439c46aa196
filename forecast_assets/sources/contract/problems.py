"""Problems of a delivery, in words that a data engineer at the customer can act on.

Belongs here: the one error of deliveries and its message. Not here: the checks that find problems.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

EVERY_MARKET = "every market"
ROWS_SHOWN = 10
PROBLEMS_SHOWN = 20


@dataclass(frozen=True)
class LandingProblem:
    """One problem: its place, what was found, what was expected, and the next step.

    ``file`` is relative to the landing folder, or names a table. ``rows`` holds the first ten data rows concerned, and
    ``row_count`` counts all of them; both are empty for a problem of the whole file. A row is a number (1 = first row
    after the header), or, in a table, which has no order, its key. ``may_pass`` marks a problem that a later
    attempt may not have.
    """

    file: str
    expected: str
    found: str
    next_step: str
    column: str | None = None
    rows: tuple[int | str, ...] = ()
    row_count: int = 0
    may_pass: bool = False

    @property
    def place(self) -> str:
        """The file's name on one line."""
        return on_one_line(self.file)

    def __str__(self) -> str:
        where = self.place + (f", column {self.column}" if self.column else "") + self._rows_text()
        return f"{where}: found {self.found}; expected {self.expected}. Next step: {self.next_step}."

    def _rows_text(self) -> str:
        if not self.rows:
            return ""
        listed = ", ".join(str(row) for row in self.rows[:ROWS_SHOWN])
        more = f" and {self.row_count - ROWS_SHOWN} more" if self.row_count > ROWS_SHOWN else ""
        return f", {'row' if self.row_count == 1 else 'rows'} {listed}{more}"


def known_later_problem(place: str, market: str, month: pd.Timestamp, known_from: pd.Timestamp) -> LandingProblem:
    """Return the problem of a month all of whose rows became known after its end."""
    return LandingProblem(
        place,
        f"rows of {market} in month {month:%Y-%m} that are known at its end",
        f"rows known from {known_from:%Y-%m-%d} on",
        "leave known_from of a first delivery empty: it is the date of a restatement",
        "known_from",
    )


def on_one_line(name: str) -> str:
    """Return a file's name with its control characters, such as a line break, as escapes."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in name)


class LandingError(ValueError):
    """A delivery that cannot be used for one market; all problems found, not only the first.

    Attributes:
        source: The table that was delivered, such as ``sell_in``.
        market: The code of the market whose partition fails.
        problems: The problems, in the order of their files.
    """

    def __init__(self, source: str, market: str, problems: Sequence[LandingProblem]) -> None:
        super().__init__(source, market, tuple(problems))
        self.source = source
        self.market = market
        self.problems = list(problems)
        if any(problem.may_pass for problem in problems):
            # Runs are retried after a transient error, and this is one by its cause.
            self.__cause__ = PermissionError("no access to a delivered file")

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"The delivery of {self.source} for market {self.market} has {count} problem{'s' if count != 1 else ''}:"
        lines = [f"  {number}. {problem}" for number, problem in enumerate(self.problems[:PROBLEMS_SHOWN], start=1)]
        more = [f"  ... and {count - PROBLEMS_SHOWN} more"] if count > PROBLEMS_SHOWN else []
        return "\n".join([head, *lines, *more])
