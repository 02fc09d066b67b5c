"""When notices may leave, and what they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.notices.model import Notice, Subject, in_daytime
from services.alerts.words import DRILL_MARK

CHINA = timedelta(hours=8)


def notice(subject: Subject, *, mission_id: UUID | None = None, exercise: bool = False) -> Notice:
    return Notice(
        page_id=UUID(int=1), volunteer_id=UUID(int=2), mission_id=mission_id, attempts=1, in_doubt=False,
        exercise=exercise, start_by=datetime(2026, 5, 12, tzinfo=UTC), subject=subject,
    )  # fmt: skip


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda now: 1 < now.year < 9999))
def test_it_is_day_in_china_then_and_never_later_than_needed(now: datetime) -> None:
    due_at = in_daytime(now)
    local = due_at.astimezone(UTC) + CHINA
    assert 9 <= local.hour < 20
    assert now <= due_at <= now + timedelta(hours=13)
    assert due_at == now or (local.hour, local.minute, local.second, local.microsecond) == (9, 0, 0, 0)


def test_its_token_opens_what_it_is_about_and_nothing_else() -> None:
    assert notice(Subject.CREDENTIAL_EXPIRING).scope == f"volunteer:{UUID(int=2)}"
    assert notice(Subject.TEAM_CHANGED, mission_id=UUID(int=3)).scope == f"mission:{UUID(int=3)}"


@pytest.mark.parametrize("subject", list(Subject))
def test_a_drill_is_marked_in_both_languages(subject: Subject) -> None:
    text = notice(subject, exercise=True).text
    assert text.zh.startswith(DRILL_MARK)
    assert text.en.startswith(DRILL_MARK)
    assert not notice(subject).text.zh.startswith(DRILL_MARK)
