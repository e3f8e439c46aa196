"""States of a forecast in the monthly review: who may set which, and what a new publication does to them."""

import pytest

from forecast_assets.domain.publication.override_states import Person
from forecast_assets.domain.publication.review_states import (
    APPROVED,
    DRAFT,
    REVIEWED,
    ReviewNotAllowed,
    ReviewState,
    set_to,
)

ANN, BOB, AT = Person("Ann"), Person("Bob"), "2024-07-03T10:00:00+00:00"
FIRST = ReviewState(content_hash="first")
REVIEWED_BY_ANN = ReviewState(REVIEWED, "Ann (self-declared)", AT, "", "first")


def test_a_state_has_person_day_and_note():
    state = set_to(FIRST, REVIEWED, ANN, AT, "launches\n checked", four_eyes=False)
    assert state == ReviewState(REVIEWED, "Ann (self-declared)", AT, "launches checked", "first")
    assert state.in_words == "reviewed by Ann (self-declared), 2024-07-03"
    assert FIRST.in_words == "draft"


def test_another_publication_is_a_draft_again():
    assert REVIEWED_BY_ANN.of("first") == REVIEWED_BY_ANN
    assert REVIEWED_BY_ANN.of("second") == ReviewState(content_hash="second")


def test_without_four_eyes_one_person_may_approve_at_once():
    assert set_to(FIRST, APPROVED, ANN, AT, four_eyes=False).state == APPROVED
    assert set_to(REVIEWED_BY_ANN, APPROVED, ANN, AT, four_eyes=False).state == APPROVED


@pytest.mark.parametrize(
    ("before", "by", "message"),
    [(FIRST, BOB, "set it to reviewed first"), (REVIEWED_BY_ANN, Person("ann "), "another person must approve it")],
)
def test_with_four_eyes_one_reviews_and_another_approves(before, by, message):
    with pytest.raises(ReviewNotAllowed, match=message):
        set_to(before, APPROVED, by, AT, four_eyes=True)
    assert set_to(REVIEWED_BY_ANN, APPROVED, BOB, AT, four_eyes=True).by == "Bob (self-declared)"


def test_a_state_that_is_set_or_a_person_without_a_name_is_refused():
    with pytest.raises(ReviewNotAllowed, match=r"is reviewed by Ann .* already"):
        set_to(REVIEWED_BY_ANN, REVIEWED, ANN, AT, four_eyes=False)
    with pytest.raises(ReviewNotAllowed, match="is draft already"):
        set_to(FIRST, DRAFT, BOB, AT, four_eyes=False)
    with pytest.raises(ReviewNotAllowed, match="--by is empty"):
        set_to(FIRST, REVIEWED, Person(" "), AT, four_eyes=False)
    assert set_to(REVIEWED_BY_ANN, DRAFT, BOB, AT, four_eyes=True).state == DRAFT
