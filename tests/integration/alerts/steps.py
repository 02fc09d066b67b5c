"""Steps that the tests of alerts share."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from schemas.events import alert as events
from schemas.events.incident import IncidentDeclared
from schemas.events.station import StationState
from schemas.events.zone import ZoneFenced
from schemas.vocabulary import PagePurpose, Role
from services.geofencing.decide import decide_fence
from services.geofencing.handlers import circumstances_of
from services.geofencing.model import StationTable
from services.geofencing.settings import GeofencingSettings
from tests.integration.alerts.harness import Log, Running, until
from tests.integration.alerts.network import station, volunteer


async def rows(services: Running, name: str, sql: str, *arguments: object) -> list[dict[str, object]]:
    """Rows of a service's own table."""
    assert services.process is not None
    member = next(m for m in services.process._members if m.service.name == name)
    return [dict(row) for row in await member.runtime.pool.fetch(sql, *arguments)]


async def enrol(
    services: Running, per_station: int = 4, *roles: Role, places: Sequence[float] = (103.9, 104.5)
) -> list[StationState]:
    """Stations at these longitudes with volunteers, known to everybody who runs."""
    stations = [station(lon, 31.0) for lon in places]
    for home in stations:
        await services.log.publish(home, home.station_id)
        for _ in range(per_station):
            member = volunteer(home, *(roles or (Role.COUNSELLOR,)))
            await services.log.publish(member, member.volunteer_id)
    await known(services, len(stations), per_station * len(stations))
    return stations


async def known(services: Running, stations: int, volunteers: int) -> None:
    """Wait until geofencing and alerts have heard of everybody."""
    if "geofencing" in services.names:
        await until(lambda: _count(services, "geofencing", "station", stations), "stations")
        await until(lambda: _count(services, "geofencing", "member", volunteers), "members")
    await until(lambda: _count(services, "alerts", "volunteer", volunteers), "volunteers")


async def _count(services: Running, name: str, table: str, count: int) -> bool:
    sql = {
        "station": "SELECT count(*) AS n FROM station",
        "member": "SELECT count(*) AS n FROM member",
        "volunteer": "SELECT count(*) AS n FROM volunteer",
    }[table]
    return (await rows(services, name, sql))[0]["n"] == count


def fenced(declared: IncidentDeclared, stations: Sequence[StationState]) -> ZoneFenced:
    """What geofencing would say."""
    rules = GeofencingSettings().rules()
    table = StationTable.of([(s.station_id, s.position.lon_deg, s.position.lat_deg) for s in stations])
    fence = decide_fence(declared.incident_id, circumstances_of(declared, declared.kind, declared.level), table, rules)
    return ZoneFenced(
        incident_id=declared.incident_id,
        area_codes=declared.area_codes,
        zones=fence.zones,
        stations=fence.stations,
        reach_km=rules.reach_km,
        clock=declared.clock,
    )


async def answer(services: Running, page: events.PageReceipt, what: str = "accept") -> dict[str, object]:
    """Answer a page as the phone does."""
    token = services.page_token(page.volunteer_id, f"page:{page.page_id}")
    response = await services.client.post(f"/alerts/pages/{page.page_id}/answer", json={"answer": what}, headers=token)
    assert response.status_code == 200, response.text
    document: dict[str, object] = response.json()
    return document


def sent_pages(log: Log, incident_id: UUID, purpose: PagePurpose = PagePurpose.ASK) -> list[events.PageReceipt]:
    """What was sent for an incident."""
    return [
        page for event in log.of(events.AlertPageSent, incident_id) for page in event.pages if page.purpose is purpose
    ]


async def pages(
    services: Running, incident_id: UUID, count: int, purpose: PagePurpose = PagePurpose.ASK
) -> list[events.PageReceipt]:
    """Wait for so many pages to be sent."""
    await until(lambda: len(sent_pages(services.log, incident_id, purpose)) >= count, f"{count} {purpose} pages")
    return sent_pages(services.log, incident_id, purpose)
