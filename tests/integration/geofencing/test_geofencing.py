"""Fencing on the real Kafka and PostgreSQL, through the HTTP API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from schemas.events.incident import IncidentAreaRevised, IncidentClosed, IncidentDeclared
from schemas.events.station import StationState
from schemas.events.zone import ZoneFenced, ZoneLifted, ZoneRevised
from schemas.policy import AccountRole
from schemas.values import PointGeometry
from schemas.vocabulary import Role
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import incident, need, station
from tests.integration.alerts.steps import rows

pytestmark = pytest.mark.integration


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Geofencing alone."""
    async with running(("geofencing",), kafka_topics, make_database, tmp_path, monkeypatch) as started:
        yield started


async def know(services: Running, *stations: StationState) -> None:
    """Tell the stations and wait until they are known as they stand."""
    for one in stations:
        await services.log.publish(one, one.station_id)
    wanted = {(one.station_id, one.is_open and not one.is_suspended) for one in stations}

    async def known() -> bool:
        found = await rows(services, "geofencing", "SELECT station_id, is_open FROM station")
        return wanted <= {(row["station_id"], row["is_open"]) for row in found}

    await until(known, "stations")


async def test_fenced_once_shown_as_geojson_and_lifted(services: Running) -> None:
    near, far = station(103.5, 31.0), station(109.0, 34.3)
    await know(services, near, far)
    declared = incident(need(Role.COUNSELLOR, 1))
    record = services.log.envelope(declared, declared.incident_id)
    await services.log.send(record)
    await services.log.send(record)
    fenced = (await services.log.wait_for(ZoneFenced, declared.incident_id))[0]
    assert [one.station_id for one in fenced.stations] == [near.station_id, far.station_id]
    document = await services.get(f"/geofencing/incidents/{declared.incident_id}/zones")
    assert document["type"] == "FeatureCollection"
    assert [feature["properties"]["kind"] for feature in document["features"]] == ["core", "affected", "ripple"]
    assert document["features"][0]["properties"]["explanation"]["zh"].startswith("核心区")
    assert document["stations"][0]["station_id"] == str(near.station_id)
    assert document["lifted_at"] is None
    closed = IncidentClosed(incident_id=declared.incident_id, closed_at=declared.occurred_at)
    await services.log.publish(closed, declared.incident_id)
    lifted = await services.log.wait_for(ZoneLifted, declared.incident_id)
    assert lifted[0].zone_ids == tuple(zone.zone_id for zone in fenced.zones)
    assert len(services.log.of(ZoneFenced, declared.incident_id)) == 1
    assert (await services.get(f"/geofencing/incidents/{declared.incident_id}/zones"))["lifted_at"] is not None
    services.log.check_sequences()


async def test_the_newest_state_of_a_station_counts(services: Running) -> None:
    one, other = station(103.5, 31.0), station(103.6, 31.0)
    await know(services, one, other)
    first = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(first, first.incident_id)
    assert len((await services.log.wait_for(ZoneFenced, first.incident_id))[0].stations) == 2
    await know(services, one.model_copy(update={"is_open": False}))
    second = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(second, second.incident_id)
    fenced = (await services.log.wait_for(ZoneFenced, second.incident_id))[0]
    assert [found.station_id for found in fenced.stations] == [other.station_id]
    await know(services, one, other.model_copy(update={"is_suspended": True}))
    third = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(third, third.incident_id)
    fenced = (await services.log.wait_for(ZoneFenced, third.incident_id))[0]
    assert [found.station_id for found in fenced.stations] == [one.station_id]


async def test_who_may_see_and_what_is_not_there(services: Running) -> None:
    declared = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(declared, declared.incident_id)
    await services.log.wait_for(ZoneFenced, declared.incident_id)
    path = f"/geofencing/incidents/{declared.incident_id}/zones"
    assert (await services.client.get(path)).status_code == 401
    assert (await services.client.get(path, headers=services.token(areas=("440000",)))).status_code == 403
    viewer = services.token(roles=(AccountRole.VIEWER,), areas=("510700", "510000"))
    assert (await services.client.get(path, headers=viewer)).status_code == 200
    missing = await services.client.get(f"/geofencing/incidents/{uuid4()}/zones", headers=services.token())
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


async def test_preview_keeps_nothing_and_names_what_is_wrong(services: Running) -> None:
    await know(services, station(103.5, 31.0))
    body = {
        "kind": "earthquake",
        "level": "II",
        "place": {"type": "Point", "coordinates": [103.4, 31.0]},
        "magnitude": 7.0,
    }
    shown = await services.client.post("/geofencing/preview", json=body, headers=services.token())
    assert shown.status_code == 200, shown.text
    assert shown.json()["stations_by_zone"] == {"affected": 1}
    assert await rows(services, "geofencing", "SELECT * FROM fence") == []
    swapped = {**body, "place": {"type": "Point", "coordinates": [31.0, 103.4]}}
    refused = await services.client.post("/geofencing/preview", json=swapped, headers=services.token())
    assert refused.status_code == 422
    assert "/place" in refused.json()["problems"][0]["where"]
    turned = {**body, "place": {"type": "Polygon", "coordinates": [[[31, 103], [32, 103], [32, 104], [31, 103]]]}}
    refused = await services.client.post("/geofencing/preview", json=turned, headers=services.token())
    assert (refused.status_code, refused.json()["problems"][0]["where"]) == (422, "/place/coordinates")
    assert "swapped" in refused.json()["problems"][0]["what"]
    ring = [[103.0, 31.0]] * 10_001
    large = {**body, "place": {"type": "Polygon", "coordinates": [ring]}}
    refused = await services.client.post("/geofencing/preview", json=large, headers=services.token())
    assert (refused.status_code, refused.json()["problems"][0]["where"]) == (422, "/place/coordinates")
    for degenerate in ([], [[]], [[[103.0, 31.0]]], [[[103.0, 31.0], [103.0, 31.0], [103.0, 31.0], [103.0, 31.0]]]):
        empty = {**body, "place": {"type": "Polygon", "coordinates": degenerate}}
        answer = await services.client.post("/geofencing/preview", json=empty, headers=services.token())
        assert answer.status_code in (200, 422), answer.text


def revision(declared: IncidentDeclared, number: int, **area: Any) -> IncidentAreaRevised:
    """The declared area again, but for what is given."""
    kept = {"place": declared.place, "radius_m": declared.radius_m, "area_codes": declared.area_codes}
    return IncidentAreaRevised(incident_id=declared.incident_id, revision=number, **{**kept, **area})


async def test_a_revision_tells_the_difference_once_and_a_late_one_changes_nothing(services: Running) -> None:
    near, far = station(103.5, 31.0), station(109.0, 34.3)
    await know(services, near, far)
    declared = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(declared, declared.incident_id)
    fenced = (await services.log.wait_for(ZoneFenced, declared.incident_id))[0]
    unchanged = services.log.envelope(revision(declared, 2), declared.incident_id)
    moved = services.log.envelope(
        revision(declared, 4, place=PointGeometry(coordinates=(104.0, 31.0)), radius_m=50_000), declared.incident_id
    )
    for record in (unchanged, moved, moved, unchanged):
        await services.log.send(record)
    late = await services.log.publish(revision(declared, 3), declared.incident_id)
    await services.log.publish(
        IncidentClosed(incident_id=declared.incident_id, closed_at=declared.occurred_at), declared.incident_id
    )
    await services.log.wait_for(ZoneLifted, declared.incident_id)
    (revised,) = services.log.of(ZoneRevised, declared.incident_id)
    assert late.sequence == 4
    assert (revised.revision, revised.clock) == (4, declared.clock)
    assert (
        revised.zones_changed == tuple(zone.zone_id for zone in fenced.zones) == tuple(z.zone_id for z in revised.zones)
    )
    assert (revised.zones_new, revised.zones_lifted, revised.stations_entered, revised.stations_left) == (
        (),
        (),
        (),
        (),
    )
    assert revised.stations[0].inside is not None
    shown = await services.get(f"/geofencing/incidents/{declared.incident_id}/zones")
    assert shown["revision"] == 4
    assert shown["stations"] == [one.model_dump(mode="json") for one in revised.stations]
    services.log.check_sequences()
