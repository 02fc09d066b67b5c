"""The civil day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from services.registry.decide import civil_day, next_civil_day_begins


def test_the_civil_day_is_that_of_china() -> None:
    late = datetime(2026, 5, 11, 16, 0, tzinfo=UTC)
    assert civil_day(late) == date(2026, 5, 12)
    assert civil_day(late - timedelta(seconds=1)) == date(2026, 5, 11)
    assert next_civil_day_begins(late) == datetime(2026, 5, 12, 16, 0, tzinfo=UTC)
