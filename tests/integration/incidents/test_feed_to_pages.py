"""From a document of a feed to zones and pages, revised after people have answered: four services on real parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.events import alert as events
from schemas.events.zone import ZoneFenced, ZoneLifted, ZoneRevised
from schemas.vocabulary import Role
from tests.integration.alerts.harness import Running, running
from tests.integration.alerts.network import need
from tests.integration.alerts.steps import answer, enrol, pages
from tests.integration.incidents.test_revisions import origin

pytestmark = pytest.mark.integration


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Incidents, geofencing and alerts in one process, with the recording gateway."""
    names = ("incidents", "geofencing", "alerts", "pagegateway")
    async with running(names, kafka_topics, make_database, tmp_path, monkeypatch) as started:
        yield started


async def ask(services: Running, path: str, **document: Any) -> dict[str, Any]:
    response = await services.client.post(f"/incidents/{path}", json=document, headers=services.token())
    assert response.is_success, response.text
    return dict(response.json())


async def take(services: Running, magnitude: float, updated_ms: int) -> str:
    headers = {**services.token(), "Content-Type": "application/geo+json"}
    document = origin(magnitude, updated_ms, 103.4).replace(b"42.686", b"31.0")
    response = await services.client.post("/incidents/feeds/usgs", content=document, headers=headers, timeout=60)
    assert response.status_code == 200, response.text
    return str(response.json()["proposals"][0]["proposal_id"])


async def test_a_revision_moves_the_zones_and_keeps_who_has_answered(services: Running) -> None:
    await enrol(services)
    proposal_id = await take(services, 6.2, 1536171400000)
    needs = [need(Role.COUNSELLOR, 2).model_dump(mode="json")]
    await ask(services, f"proposals/{proposal_id}/accept", area_codes=["510000"], needs=needs)
    incident_id = UUID(proposal_id)
    fenced = (await services.log.wait_for(ZoneFenced, incident_id))[0]
    sent = await pages(services, incident_id, 3)
    assert (await answer(services, sent[0]))["counted"] is True

    assert await take(services, 7.4, 1536185767227) == proposal_id
    await ask(services, f"proposals/{proposal_id}/accept", reason="震级修订")
    revised = (await services.log.wait_for(ZoneRevised, incident_id))[0]
    assert (revised.revision, revised.zones_lifted) == (2, ())
    assert [zone.zone_id for zone in revised.zones] == [zone.zone_id for zone in fenced.zones]
    board = await services.get(f"/alerts/incidents/{incident_id}")
    assert (board["state"], board["asks_by_state"]["accepted"]) == ("open", 1)
    assert (await answer(services, sent[1]))["counted"] is True
    await services.log.wait_for(events.AlertQuotaFilled, incident_id)

    await ask(services, f"{incident_id}/close", reason="结束")
    await services.log.wait_for(ZoneLifted, incident_id)
    continued = UUID((await ask(services, f"{incident_id}/reopen", reason="余震"))["continued_as"])
    again = (await services.log.wait_for(ZoneFenced, continued))[0]
    assert {zone.zone_id for zone in again.zones}.isdisjoint({zone.zone_id for zone in revised.zones})
    await services.log.wait_for(events.AlertOpened, continued)
    await pages(services, continued, 3)
    services.log.check_sequences()
