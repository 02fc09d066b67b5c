"""How many pages of a wave are recorded as being sent at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from schemas.vocabulary import PagePurpose
from services.alerts.first_attempts import FirstAttempts
from services.alerts.pages import ClaimedPage

NOW = datetime(2008, 5, 12, 6, 28, tzinfo=UTC)


def page(number: int) -> ClaimedPage:
    return ClaimedPage(
        page_id=UUID(int=number),
        alert_id=UUID(int=1),
        incident_id=UUID(int=2),
        volunteer_id=UUID(int=number),
        purpose=PagePurpose.ASK,
        mission_id=None,
        attempts=1,
        in_doubt=False,
        exercise=True,
        level="IV",
        jurisdiction=("510000",),
        correlation_id=UUID(int=2),
        start_by=NOW,
    )


def firsts(most: int = 4) -> FirstAttempts:
    return FirstAttempts(most=most, lease=timedelta(seconds=15))


def test_no_more_are_granted_than_the_sender_can_make_at_once() -> None:
    first = firsts(most=4)
    assert [first.grant(3), first.grant(3), first.grant(1)] == [3, 1, 0]


def test_none_are_granted_while_the_sender_is_at_work() -> None:
    first = firsts()
    first.batches_at_work = 1
    assert first.grant(1) == 0


def test_what_a_failed_transaction_was_granted_is_free_again_when_the_sender_has_looked() -> None:
    first = firsts(most=4)
    assert first.grant(4) == 4
    assert first.take() == []
    assert first.grant(4) == 4


def test_each_page_is_taken_once() -> None:
    first = firsts()
    pages = [page(1), page(2)]
    first.put(pages[:1])
    first.put(pages[1:])
    assert first.take() == pages
    assert first.take() == []
