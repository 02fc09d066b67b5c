"""The copies of the administrative areas: told on the log, kept and used by geofencing and by incidents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from shapely import MultiPolygon, box

from schemas.events.area import AreaSource, AreaState
from schemas.events.zone import ZoneFenced
from schemas.policy import AccountRole
from schemas.values import MultiPolygonGeometry
from schemas.vocabulary import ContactChannel, Role, Tier
from services.geofencing.areas.store import Areas
from services.incidents.areas import store as incidents_areas
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import incident, station, volunteer
from tests.integration.alerts.steps import rows

pytestmark = pytest.mark.integration
SOURCE = AreaSource(name="Test pack", licence="CC0", sha256="ab" * 32)


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Both readers of areas."""
    async with running(("geofencing", "incidents"), kafka_topics, make_database, tmp_path, monkeypatch) as started:
        yield started


def county(code: str, west: float) -> AreaState:
    """A county of one degree."""
    ring = ((west, 31.0), (west + 1, 31.0), (west + 1, 32.0), (west, 32.0), (west, 31.0))
    outline = MultiPolygonGeometry(coordinates=((ring,),))
    return AreaState(code=code, name_zh=code, tier=Tier.COUNTY, geometry=outline, simplified_m=0, source=SOURCE)


async def test_what_is_told_is_kept_by_both_and_the_newest_counts(services: Running) -> None:
    for state in (county("510722", 104), county("510727", 105), county("510722", 103)):
        await services.log.publish(state, state.code)

    async def kept() -> bool:
        found = [await rows(services, name, query) for name, query in (
            ("geofencing", "SELECT sum(sequence) AS n FROM area"), ("incidents", "SELECT sum(sequence) AS n FROM areas")
        )]  # fmt: skip
        return [row[0]["n"] for row in found] == [3, 3]

    await until(kept, "areas")
    areas = Areas()
    async with pool_of(services, "geofencing").acquire() as connection:
        index = await areas.index(connection)
        assert await areas.index(connection) is index
    touched = index.touched(MultiPolygon([box(103.5, 31, 105.5, 32)]), date(2026, 5, 12))
    assert [one.code for one in touched] == ["510722", "510727"]
    assert [one.share for one in touched] == [pytest.approx(0.5, rel=1e-4)] * 2
    async with pool_of(services, "incidents").acquire() as connection:
        known = await incidents_areas.load_all(connection)
        outlines = await incidents_areas.load_outlines(connection, ["510722"])
    assert [area.code for area in known] == ["510722", "510727"]
    assert outlines["510722"]["coordinates"][0][0][0] == [103.0, 31.0]


def pool_of(services: Running, name: str) -> Any:
    assert services.process is not None
    return next(member.runtime.pool for member in services.process._members if member.service.name == name)


async def test_the_quarantine_of_a_service_is_not_taken_for_one_of_its_things(services: Running) -> None:
    answer = await services.get("/incidents/quarantine", headers=services.token(roles=[AccountRole.ADMINISTRATOR]))
    assert answer["entries"] == []


async def test_zones_are_resolved_to_areas_people_stations_and_volunteers(services: Running) -> None:
    known = county("510722", 103).model_copy(update={"population": 1000, "population_year": 2010})
    await services.log.publish(known, known.code)
    home = station(103.5, 31.2)
    member = volunteer(home, Role.COUNSELLOR, languages=("cmn", "khg")).model_copy(
        update={"channels": (ContactChannel.SMS, ContactChannel.CHAT)}
    )
    absent = volunteer(home, Role.COUNSELLOR, deployable=False)
    await services.log.publish(home, home.station_id)
    for one in (member, absent):
        await services.log.publish(one, one.volunteer_id)

    async def known_all() -> bool:
        queries = (
            "SELECT count(*) AS n FROM area",
            "SELECT count(*) AS n FROM station",
            "SELECT count(*) AS n FROM member",
        )
        return [(await rows(services, "geofencing", query))[0]["n"] for query in queries] == [1, 1, 2]

    await until(known_all, "everybody")
    ring = [[103.0, 31.0], [103.5, 31.0], [103.5, 32.0], [103.0, 32.0], [103.0, 31.0]]
    body = {"kind": "flood", "level": "IV", "place": {"type": "Polygon", "coordinates": [ring]}}
    shown = await services.client.post("/geofencing/preview", json=body, headers=services.token())
    assert shown.status_code == 200, shown.text
    preview = shown.json()
    assert preview["resolved"]["core"]["areas"][0]["share"] == pytest.approx(0.5, rel=1e-3)
    assert preview["resolved"]["core"]["people"]["estimate"] == 500
    assert preview["audience"]["volunteers"]["not_reachable"] == {"in-core-zone": 1, "unavailable": 1}
    assert await rows(services, "geofencing", "SELECT * FROM fence") == []

    declared = incident(place=(103.5, 31.0)).model_copy(update={"needs": ()})
    await services.log.publish(declared, declared.incident_id)
    await services.log.wait_for(ZoneFenced, declared.incident_id)
    path = f"/geofencing/incidents/{declared.incident_id}/resolved"
    document = await services.get(path)
    assert [zone["kind"] for zone in document["zones"]] == ["core", "affected", "ripple"]
    assert document["zones"][0]["areas"][0]["code"] == "510722"
    assert document["volunteers"]["by_channel"] == {"chat": 1, "sms": 1}
    (found,) = document["volunteers"]["members"]
    assert found["channels"] == ["sms", "chat"]
    assert (found["volunteer_id"], found["position"]["source"]) == (str(member.volunteer_id), "home-station")
    viewer = services.token(roles=(AccountRole.VIEWER,))
    assert (await services.client.get(path, headers=viewer)).status_code == 403
