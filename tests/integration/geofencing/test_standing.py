"""Standing queries on real parts: who comes later is found, who leaves is released, and alerts asks at new stations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.events import alert as events
from schemas.events.incident import IncidentAreaRevised, IncidentClosed
from schemas.events.zone import ZoneFenced, ZoneReachChanged, ZoneRevised
from schemas.values import PointGeometry
from schemas.vocabulary import Role
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import incident, need, station, volunteer
from tests.integration.alerts.steps import enrol, rows

pytestmark = pytest.mark.integration


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Geofencing and alerts."""
    names = ("geofencing", "alerts", "pagegateway")
    async with running(names, kafka_topics, make_database, tmp_path, monkeypatch) as started:
        yield started


def told(services: Running, incident_id: UUID) -> dict[str, set[UUID]]:
    """Who is in reach by what the log says."""
    stations: set[UUID] = set()
    volunteers: set[UUID] = set()
    for envelope in services.log.seen:
        event = envelope.data
        if getattr(event, "incident_id", None) != incident_id:
            continue
        if isinstance(event, ZoneFenced | ZoneRevised):
            stations = {one.station_id for one in event.stations}
        elif isinstance(event, ZoneReachChanged):
            stations = (stations | {one.station_id for one in event.stations_entered}) - set(event.stations_left)
            volunteers |= {one.volunteer_id for one in event.volunteers_entered}
            volunteers -= set(event.volunteers_left)
    return {"stations": stations, "volunteers": volunteers}


async def test_who_comes_later_is_told_and_asked_and_who_goes_is_released(services: Running) -> None:
    (first,) = await enrol(services, 1, places=(103.9,))
    declared = incident(need(Role.COUNSELLOR, 3), factor=1200.0)
    incident_id = declared.incident_id
    await services.log.publish(declared, incident_id, exercise=True)
    await services.log.wait_for(events.AlertExhausted, incident_id)
    await until(lambda: _followed(services), "the first look")
    assert told(services, incident_id)["volunteers"] == set()

    second = station(103.5, 31.0)
    await services.log.publish(second, second.station_id)
    await until(
        lambda: told(services, incident_id)["stations"] == {first.station_id, second.station_id}, "a new station"
    )
    newcomer = volunteer(second, Role.COUNSELLOR)
    await services.log.publish(newcomer, newcomer.volunteer_id)
    await until(lambda: newcomer.volunteer_id in told(services, incident_id)["volunteers"], "the newcomer")
    waves = await services.log.wait_for(events.AlertWaveSent, incident_id, 2)
    assert [ask.volunteer_id for ask in waves[1].asks] == [newcomer.volunteer_id]

    off_duty = newcomer.model_copy(update={"deployable": False, "reasons": ("off-duty",)})
    await services.log.publish(off_duty, newcomer.volunteer_id)
    await until(lambda: newcomer.volunteer_id not in told(services, incident_id)["volunteers"], "who went off duty")
    closed_station = second.model_copy(update={"is_open": False})
    await services.log.publish(closed_station, second.station_id)
    await until(lambda: told(services, incident_id)["stations"] == {first.station_id}, "the closed station")
    shown = await services.get(f"/geofencing/incidents/{incident_id}/zones")
    assert [one["station_id"] for one in shown["stations"]] == [str(first.station_id)]

    far = IncidentAreaRevised(
        incident_id=incident_id, revision=2, place=PointGeometry(coordinates=(116.4, 39.9)), radius_m=2000,
        area_codes=("110000",),
    )  # fmt: skip
    await services.log.publish(far, incident_id, exercise=True)
    await until(lambda: told(services, incident_id)["volunteers"] == set(), "everybody is far away now")
    closed = IncidentClosed(incident_id=incident_id, closed_at=declared.occurred_at)
    await services.log.publish(closed, incident_id, exercise=True)
    await until(lambda: _lifted(services), "lifted")
    assert await rows(services, "geofencing", "SELECT * FROM reached") == []
    services.log.check_sequences()


async def _followed(services: Running) -> bool:
    return bool(await rows(services, "geofencing", "SELECT 1 FROM fence WHERE is_followed"))


async def _lifted(services: Running) -> bool:
    return bool(await rows(services, "geofencing", "SELECT 1 FROM fence WHERE lifted_at IS NOT NULL"))
