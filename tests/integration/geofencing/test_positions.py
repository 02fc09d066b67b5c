"""Positions: exact while somebody is on duty, about 5 km afterwards, and only from whom they may come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.events.alert import AlertAnswered
from schemas.events.mission import Member, MissionCompleted, MissionDispatched
from schemas.events.volunteer import VolunteerState
from schemas.policy import AccountRole
from schemas.values import Position
from schemas.vocabulary import Answer, Role
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import station, volunteer
from tests.integration.alerts.steps import rows

pytestmark = pytest.mark.integration
PATH = "/geofencing/positions"


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Geofencing alone."""
    async with running(("geofencing",), kafka_topics, make_database, tmp_path, monkeypatch) as started:
        yield started


def report(who: UUID, lat: float = 31.0123, lon: float = 103.4567, age: timedelta = timedelta(0)) -> dict[str, Any]:
    """One position of a batch."""
    fixed_at = (datetime.now(UTC) - age).isoformat()
    return {"volunteer_id": str(who), "lat_deg": lat, "lon_deg": lon, "accuracy_m": 12, "fixed_at": fixed_at}


async def enrolled(services: Running) -> VolunteerState:
    """Somebody who is known."""
    member = volunteer(station(103.9, 31.0), Role.COUNSELLOR)
    await services.log.publish(member, member.volunteer_id)
    await until(lambda: _has(services, "SELECT 1 FROM member WHERE volunteer_id = $1", member.volunteer_id), "known")
    return member


async def _has(services: Running, sql: str, *arguments: object) -> bool:
    return bool(await rows(services, "geofencing", sql, *arguments))


async def kept(services: Running, *reports: dict[str, Any], headers: dict[str, str] | None = None) -> list[str]:
    """What became of each position."""
    body = {"positions": list(reports)}
    answer = await services.client.post(PATH, json=body, headers=headers or services.token())
    assert answer.status_code == 200, answer.text
    return [one["kept"] for one in answer.json()["positions"]]


async def on_mission(services: Running, who: UUID) -> tuple[UUID, UUID]:
    """Somebody accepts and is sent; returns the incident and the mission."""
    incident_id, mission_id = uuid4(), uuid4()
    accepted = AlertAnswered(
        alert_id=uuid4(), incident_id=incident_id, page_id=uuid4(), volunteer_id=who, need_id="n", zone_id=uuid4(),
        answer=Answer.ACCEPT, counted=True,
    )  # fmt: skip
    await services.log.publish(accepted, accepted.alert_id)
    member = Member(volunteer_id=who, need_id="n", role=Role.COUNSELLOR, language=None)
    sent = MissionDispatched(
        mission_id=mission_id, incident_id=incident_id, zone_id=uuid4(), members=(member,), lead_volunteer_id=who,
        destination=Position(lat_deg=31, lon_deg=103), approved_by="test", check_in_every_minutes=60,
        relieve_by_at=datetime.now(UTC),
    )  # fmt: skip
    await services.log.publish(sent, mission_id)
    await until(lambda: _has(services, "SELECT 1 FROM duty WHERE mission_id = $1", mission_id), "on duty")
    return incident_id, mission_id


async def test_exact_while_on_duty_coarse_afterwards_and_never_back_in_time(services: Running) -> None:
    who = (await enrolled(services)).volunteer_id
    assert await kept(services, report(who, age=timedelta(minutes=5))) == ["coarse"]
    (stored,) = await rows(services, "geofencing", "SELECT lat_deg, lon_deg, is_exact FROM position_fix")
    assert stored == {"lat_deg": 31.025, "lon_deg": 103.475, "is_exact": False}

    incident_id, mission_id = await on_mission(services, who)
    phone = services.page_token(who, f"mission:{mission_id}")
    assert await kept(services, report(who), headers=phone) == ["exact"]
    assert await kept(services, report(who, lat=35.0, age=timedelta(minutes=1)), headers=phone) == ["older-than-known"]
    (stored,) = await rows(services, "geofencing", "SELECT lat_deg, lon_deg, is_exact FROM position_fix")
    assert stored == {"lat_deg": 31.0123, "lon_deg": 103.4567, "is_exact": True}

    done = MissionCompleted(
        mission_id=mission_id, incident_id=incident_id, completed_at=datetime.now(UTC), reason="relieved"
    )
    await services.log.publish(done, mission_id)
    await until(lambda: _has(services, "SELECT 1 FROM position_fix WHERE NOT is_exact"), "made coarse")
    (stored,) = await rows(services, "geofencing", "SELECT lat_deg, lon_deg FROM position_fix")
    assert stored == {"lat_deg": 31.025, "lon_deg": 103.475}
    assert await _has(services, "SELECT 1 FROM timers WHERE kind = 'forget-position' AND key = $1", str(who))


async def test_who_may_tell_whose_position_and_what_is_wrong_is_named(services: Running) -> None:
    who = (await enrolled(services)).volunteer_id
    other = services.page_token(uuid4(), f"mission:{uuid4()}")
    wrong = {
        "another's phone": (other, [report(who)], 403, None),
        "a page's token": (services.page_token(who, f"page:{uuid4()}"), [report(who)], 403, None),
        "a viewer": (services.token(roles=(AccountRole.VIEWER,)), [report(who)], 403, None),
        "another area": (services.token(areas=("440000",)), [report(who)], 403, None),
        "unknown": (services.token(), [report(who), report(uuid4())], 422, "/positions/1/volunteer_id"),
        "twice": (services.token(), [report(who), report(who)], 422, "/positions/1/volunteer_id"),
        "old": (services.token(), [report(who, age=timedelta(days=2))], 422, "/positions/0/fixed_at"),
        "future": (services.token(), [report(who, age=-timedelta(hours=1))], 422, "/positions/0/fixed_at"),
        "swapped": (services.token(), [report(who, lat=103.4, lon=31.0)], 422, "/positions/0/lat_deg"),
    }
    for name, (headers, reports, status, where) in wrong.items():
        answer = await services.client.post(PATH, json={"positions": reports}, headers=headers)
        assert answer.status_code == status, name
        if where is not None:
            assert answer.json()["problems"][0]["where"] == where, name
    assert await rows(services, "geofencing", "SELECT * FROM position_fix") == []
