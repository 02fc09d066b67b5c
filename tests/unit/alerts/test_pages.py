"""What becomes of an attempt, and what a page says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from schemas.vocabulary import PagePurpose
from services.alerts.pages import Attempt, ClaimedPage, Effect, RetryRules, effect_of_status, settle
from services.alerts.settings import AlertsSettings
from services.alerts.words import DRILL_MARK, page_text
from services.kit.settings import SettingsError, load

NOW = datetime(2026, 5, 12, tzinfo=UTC)
RULES = RetryRules(attempts_max=5, wait=timedelta(seconds=1), wait_max=timedelta(seconds=4))


def page(*, attempts: int = 1, in_doubt: bool = False, mission_id: UUID | None = None) -> ClaimedPage:
    return ClaimedPage(
        page_id=UUID(int=1),
        alert_id=UUID(int=2),
        incident_id=UUID(int=3),
        volunteer_id=UUID(int=4),
        purpose=PagePurpose.ASK,
        mission_id=mission_id,
        attempts=attempts,
        in_doubt=in_doubt,
        exercise=False,
        level="I",
        jurisdiction=(),
        correlation_id=UUID(int=5),
        start_by=NOW,
    )


@pytest.mark.parametrize(
    ("status", "effect"),
    [
        (202, Effect.TAKEN),
        (200, Effect.TAKEN),
        (302, Effect.UNKNOWN),
        (401, Effect.REFUSED),
        (422, Effect.REFUSED),
        (429, Effect.NOT_TAKEN),
        (500, Effect.UNKNOWN),
        (503, Effect.NOT_TAKEN),
        (504, Effect.UNKNOWN),
    ],
)
def test_what_a_status_means(status: int, effect: Effect) -> None:
    assert effect_of_status(status) is effect


def test_waits_double_up_to_the_longest() -> None:
    waits = [settle(page(attempts=n), Attempt(Effect.NOT_TAKEN, "busy"), NOW, RULES).due_at - NOW for n in range(1, 5)]
    assert [wait.total_seconds() for wait in waits] == [1, 2, 4, 4]


def test_after_the_last_attempt_it_fails() -> None:
    settled = settle(page(attempts=5), Attempt(Effect.NOT_TAKEN, "busy"), NOW, RULES)
    assert (settled.state, settled.error) == ("failed", "given up: busy")


def test_doubt_stays_until_the_provider_said_something() -> None:
    assert settle(page(), Attempt(Effect.UNKNOWN, "timeout"), NOW, RULES).in_doubt
    assert settle(page(in_doubt=True), Attempt(Effect.UNKNOWN, "timeout"), NOW, RULES).in_doubt
    assert not settle(page(in_doubt=True), Attempt(Effect.NOT_TAKEN, "busy", True), NOW, RULES).in_doubt
    assert not settle(page(), Attempt(Effect.NOT_TAKEN, "refused"), NOW, RULES).in_doubt


def test_sent_and_refused_are_final() -> None:
    assert settle(page(), Attempt(Effect.TAKEN, None, True), NOW, RULES).repeated
    assert settle(page(), Attempt(Effect.REFUSED, "status 422"), NOW, RULES).state == "failed"


def test_tokens_are_for_the_page_or_the_mission() -> None:
    assert page().scope == f"page:{UUID(int=1)}"
    assert page(mission_id=UUID(int=9)).scope == f"mission:{UUID(int=9)}"


@pytest.mark.parametrize("purpose", list(PagePurpose))
def test_drills_are_marked_first_and_real_pages_never(purpose: PagePurpose) -> None:
    drill, real = page_text(purpose, "I", exercise=True), page_text(purpose, "I", exercise=False)
    for text in (drill.zh, drill.en):
        assert text.startswith(DRILL_MARK)
    for text in (real.zh, real.en):
        assert "DRILL" not in text
        assert "演练" not in text


@pytest.mark.parametrize("value", ["", "400,150", "0,10", "a,b", "1,2,3,4,5,6,7,8,9,10,11"])
def test_wrong_rings_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("THIRDRESCUE_ALERTS_RINGS_KM", value or ",")
    with pytest.raises(SettingsError, match="THIRDRESCUE_ALERTS_RINGS_KM"):
        load(AlertsSettings)


def test_rings_and_leases_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THIRDRESCUE_ALERTS_RINGS_KM", "100, 250")
    assert load(AlertsSettings).rules().rings_km == (100.0, 250.0)
    monkeypatch.setenv("THIRDRESCUE_ALERTS_PAGE_LEASE_S", "14")
    with pytest.raises(SettingsError, match="THIRDRESCUE_ALERTS_PAGE_LEASE_S"):
        load(AlertsSettings)
