"""States of a market's forecast in the monthly review: draft, reviewed, approved.

A state belongs to one publication: published again, a forecast is a draft again. Not here: states of single numbers
(``override_states.py``), and the file that keeps them (``operations/reviews.py``).
"""

import dataclasses

from forecast_assets.domain.publication.override_states import Person, is_same_person

DRAFT, REVIEWED, APPROVED = "draft", "reviewed", "approved"
REVIEW_STATES = (DRAFT, REVIEWED, APPROVED)


class ReviewNotAllowed(ValueError):
    """A state cannot be set; the message says why and what to do."""


@dataclasses.dataclass(frozen=True)
class ReviewState:
    """State of a publication, who set it and when; a draft that no person has reviewed has neither.

    Attributes:
        state: One of REVIEW_STATES.
        by: Label of the person.
        at: Time as ISO 8601.
        note: What the person wrote.
        content_hash: Hash of the publication that the state belongs to.
    """

    state: str = DRAFT
    by: str = ""
    at: str = ""
    note: str = ""
    content_hash: str = ""

    def of(self, content_hash: str) -> "ReviewState":
        """Return the state of a publication: a draft if the one that was reviewed has been replaced since."""
        return self if self.content_hash == content_hash else ReviewState(content_hash=content_hash)

    @property
    def in_words(self) -> str:
        """The state as a page shows it: ``approved by B. Durand (self-declared), 2024-07-03``."""
        return f"{self.state} by {self.by}, {self.at[:10]}" if self.by else self.state


def set_to(before: ReviewState, state: str, by: Person, at: str, note: str = "", *, four_eyes: bool) -> ReviewState:
    """Return the next state of a publication.

    Args:
        before: State of the same publication.
        state: The state to set.
        by: The person who sets it.
        at: Time as ISO 8601.
        note: What the person wrote.
        four_eyes: True if one person reviews and another one approves.

    Raises:
        ReviewNotAllowed: If the state is set already, or four eyes are needed and are not given.
    """
    if not by.name.strip():
        raise ReviewNotAllowed("--by is empty: the name is stored with the state")
    if before.state == state and (state == DRAFT or is_same_person(before.by, by.label)):
        raise ReviewNotAllowed(f"the forecast is {before.in_words} already")
    if state == APPROVED and four_eyes:
        if before.state == DRAFT:
            raise ReviewNotAllowed("nobody has reviewed it: set it to reviewed first (FORECAST_FOUR_EYES)")
        if is_same_person(before.by, by.label):
            raise ReviewNotAllowed(f"{before.by} reviewed it: another person must approve it (FORECAST_FOUR_EYES)")
    return ReviewState(state, by.label, at, " ".join(note.split()), before.content_hash)
