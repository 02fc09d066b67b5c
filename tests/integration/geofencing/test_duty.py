"""On duty by the register: found and followed exactly while it lasts; released and coarse when it ends, by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.events.volunteer import VolunteerState
from schemas.events.zone import ZoneFenced, ZoneReachChanged
from schemas.vocabulary import Role
from services.geofencing.whereabouts import store
from services.geofencing.whereabouts.freshness import Fix
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import incident, station, volunteer
from tests.integration.alerts.steps import rows
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import volunteer_item

pytestmark = pytest.mark.integration
AWAY = {"available": False}
HER = volunteer_id_of("V-001")
EXACT = "SELECT 1 FROM position_fix WHERE is_exact"
COARSE = "SELECT 1 FROM position_fix WHERE NOT is_exact"


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Geofencing, and the register that tells it who is on duty."""
    async with running(("geofencing", "registry"), kafka_topics, make_database, tmp_path, monkeypatch) as started:
        yield started


def in_s(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def post(services: Running, path: str, body: Any) -> Any:
    answer = await services.client.post(path, json=body, headers=services.token())
    assert answer.status_code == 200, answer.text
    return answer.json()


async def report(services: Running, who: UUID) -> str:
    """What becomes of a position that is reported now."""
    one = {"volunteer_id": str(who), "lat_deg": 31.0123, "lon_deg": 103.4567, "accuracy_m": 12}
    answer = await post(services, "/geofencing/positions", {"positions": [{**one, "fixed_at": in_s(0).isoformat()}]})
    return str(answer["positions"][0]["kept"])


async def has(services: Running, sql: str) -> bool:
    return bool(await rows(services, "geofencing", sql))


def is_told(services: Running, who: UUID) -> bool:
    """Whether somebody is in reach by what the log says."""
    told = False
    for event in (envelope.data for envelope in services.log.seen):
        if isinstance(event, ZoneReachChanged):
            entered = {one.volunteer_id for one in event.volunteers_entered}
            told = who in entered or (told and who not in event.volunteers_left)
    return told


async def test_coming_on_duty_is_found_and_its_end_releases_and_coarsens(services: Running) -> None:
    another_time = {"recurring": [{"begins_at": "2090-01-05T08:00:00+08:00", "minutes": 60}]}
    await post(services, "/registry/stations:batch", {"items": [station_item(lat_deg=31.0, lon_deg=103.9)]})
    await post(services, "/registry/volunteers:batch", {"items": [volunteer_item()]})
    off_duty = await post(services, f"/registry/volunteers/{HER}/calendar", another_time)
    assert (off_duty["reasons"], off_duty["on_duty_until"]) == (["off-duty"], None)
    await until(lambda: has(services, "SELECT 1 FROM member WHERE NOT deployable"), "the volunteer, off duty")
    assert await report(services, HER) == "coarse"
    declared = incident()
    await services.log.publish(declared, declared.incident_id)
    await services.log.wait_for(ZoneFenced, declared.incident_id)
    await until(lambda: has(services, "SELECT 1 FROM fence WHERE is_followed"), "the first look")

    path = f"/registry/volunteers/{HER}/availability"
    on_duty = await post(services, path, {"available": True, "until": in_s(600).isoformat()})
    assert on_duty["on_duty_until"] is not None
    await until(lambda: is_told(services, HER), "who came on duty")
    assert await report(services, HER) == "exact"
    await post(services, path, {"available": True, "until": in_s(1).isoformat()})
    await until(lambda: has(services, COARSE), "made coarse when the duty ended")
    await until(lambda: not is_told(services, HER), "released")
    assert not await has(services, "SELECT 1 FROM rostered")
    assert await report(services, HER) == "coarse"


async def test_a_phone_on_a_mission_says_about_now_for_its_own_volunteer_only(services: Running) -> None:
    await post(services, "/registry/stations:batch", {"items": [station_item()]})
    await post(services, "/registry/volunteers:batch", {"items": [volunteer_item(), volunteer_item(ref="V-002")]})
    mission, other = f"mission:{uuid4()}", volunteer_id_of("V-002")
    phones = ((HER, mission, 200), (other, mission, 403), (HER, f"page:{uuid4()}", 403))
    for who, scope, status in phones:
        phone = services.page_token(who, scope)
        said = await services.client.post(f"/registry/volunteers/{HER}/availability", json=AWAY, headers=phone)
        assert said.status_code == status, said.text
        out = await services.client.post(f"/registry/volunteers/{HER}/opt-out", json={}, headers=phone)
        assert out.status_code == 403
    shown = await services.get(f"/registry/volunteers/{other}")
    assert shown["deployable"]


async def on_duty(services: Running, ends_at: datetime) -> VolunteerState:
    """Somebody the register tells to be on duty; nobody but the test speaks of them."""
    member = volunteer(station(103.9, 31.0), Role.COUNSELLOR).model_copy(update={"on_duty_until": ends_at})
    await services.log.publish(member, member.volunteer_id)
    await until(lambda: has(services, "SELECT 1 FROM rostered"), "on duty")
    return member


async def test_the_end_of_a_duty_coarsens_though_the_register_says_nothing_more(services: Running) -> None:
    member = await on_duty(services, in_s(600))
    assert await report(services, member.volunteer_id) == "exact"
    shorter = member.model_copy(update={"on_duty_until": in_s(1)})
    await services.log.publish(shorter, member.volunteer_id)
    await until(lambda: has(services, COARSE), "made coarse")
    assert await report(services, member.volunteer_id) == "coarse"
    late = member.model_copy(update={"on_duty_until": in_s(-1)})
    await services.log.publish(late, member.volunteer_id)
    await until(lambda: has(services, "SELECT 1 FROM member WHERE sequence = 3"), "a word that comes late")
    assert not await has(services, "SELECT 1 FROM rostered")


async def test_a_position_that_is_being_kept_when_the_duty_ends_is_made_coarse_too(services: Running) -> None:
    member = await on_duty(services, in_s(600))
    who = member.volunteer_id
    assert services.process is not None
    pool = next(m.runtime.pool for m in services.process._members if m.service.name == "geofencing")
    async with pool.acquire() as connection, connection.transaction():
        assert await store.on_duty(connection, [who], in_s(0)) == {who}
        ended = member.model_copy(update={"on_duty_until": None})
        await services.log.publish(ended, who)
        await until(lambda: has(services, "SELECT 1 FROM pg_locks WHERE NOT granted"), "the end waits for the report")
        fix = Fix(volunteer_id=who, lat_deg=31.0123, lon_deg=103.4567, accuracy_m=12, fixed_at=in_s(0))
        await store.put_fixes(connection, [fix])
    await until(lambda: has(services, COARSE), "made coarse")
    assert not await has(services, EXACT)
