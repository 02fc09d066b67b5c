"""A revision of the area on its way through geofencing, alerts, dispatch and the meaning it has for coverage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.events import alert as events
from schemas.events.incident import IncidentAreaRevised, IncidentDeclared
from schemas.events.mission import MissionDispatched
from schemas.events.zone import ZoneFenced, ZoneRevised
from schemas.topics import BY_NAME
from schemas.values import IntensityContour, PolygonGeometry
from schemas.vocabulary import PagePurpose, Role, ZoneKind
from services.coverage.recompute import read_all
from tests.integration.alerts.covered import covered
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import incident, need
from tests.integration.alerts.steps import answer, enrol, pages, rows, sent_pages

pytestmark = pytest.mark.integration


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """From zones to teams."""
    names = ("geofencing", "alerts", "dispatch", "pagegateway")
    async with running(names, kafka_topics, make_database, tmp_path, monkeypatch) as started:
        yield started


def core_only(declared: IncidentDeclared, half_deg: float = 0.1) -> IncidentAreaRevised:
    """An estimate of shaking that knows IX and nothing below it."""
    west, south, east, north = 103.4 - half_deg, 31.0 - half_deg, 103.4 + half_deg, 31.0 + half_deg
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    contour = IntensityContour(intensity=9, geometry=PolygonGeometry(coordinates=(ring,)))
    return IncidentAreaRevised(
        incident_id=declared.incident_id, revision=2, place=declared.place, radius_m=declared.radius_m,
        intensity_contours=(contour,), area_codes=declared.area_codes,
    )  # fmt: skip


async def asked_for(services: Running, declared: IncidentDeclared, need_id: str) -> list[events.PageReceipt]:
    """The pages of those who were asked for a need, once sent."""
    waves = await services.log.wait_for(events.AlertWaveSent, declared.incident_id)
    wanted = {ask.page_id for wave in waves for ask in wave.asks if ask.need_id == need_id}
    await until(lambda: wanted <= {page.page_id for page in sent_pages(services.log, declared.incident_id)}, "pages")
    return [page for page in sent_pages(services.log, declared.incident_id) if page.page_id in wanted]


async def test_teams_and_promises_are_kept_and_who_was_asked_for_a_lifted_zone_is_stood_down(
    services: Running, kafka_topics: str
) -> None:
    await enrol(services, 8, Role.COUNSELLOR, Role.SUPPORT)
    needs = (
        need(Role.COUNSELLOR, 2, need_id="counsel"),
        need(Role.SUPPORT, 2, need_id="support", zone=ZoneKind.AFFECTED),
    )
    declared = incident(*needs).model_copy(update={"auto_dispatch": True})
    incident_id = declared.incident_id
    await services.log.publish(declared, incident_id)
    fenced = (await services.log.wait_for(ZoneFenced, incident_id))[0]
    core, affected, ripple = (zone.zone_id for zone in fenced.zones)
    team = (await asked_for(services, declared, "counsel"))[:2]
    for page in team:
        assert (await answer(services, page))["counted"] is True
    await pages(services, incident_id, 2, PagePurpose.MISSION)
    promised, *open_asks = await asked_for(services, declared, "support")
    assert (await answer(services, promised))["counted"] is True

    await services.log.publish(core_only(declared), incident_id)
    revised = (await services.log.wait_for(ZoneRevised, incident_id))[0]
    assert (revised.zones_lifted, revised.zones_changed, revised.zones_new) == ((affected, ripple), (core,), ())
    opened = (await services.log.wait_for(events.AlertOpened, incident_id, 2))[1]
    assert {quota.need_id: (quota.zone_id, quota.count) for quota in opened.quotas} == {
        "counsel": (core, 2), "support": (core, 2),
    }  # fmt: skip
    unneeded = {page.volunteer_id for page in open_asks}

    def stood_down() -> bool:
        told = sent_pages(services.log, incident_id, PagePurpose.STAND_DOWN)
        return unneeded <= {page.volunteer_id for page in told}

    await until(stood_down, "who was asked for the lifted zone is told to stand down")
    board = await services.get(f"/alerts/incidents/{incident_id}")
    assert {line["need_id"]: line["accepted"] for line in board["quotas"]} == {"counsel": 2, "support": 1}

    again = (await services.log.wait_for(events.AlertWaveSent, incident_id, 2))[1]
    asked_again = {ask.page_id: ask.volunteer_id for ask in again.asks}
    assert not set(asked_again.values()) & {page.volunteer_id for page in (*team, promised, *open_asks)}
    await until(lambda: asked_again.keys() <= {p.page_id for p in sent_pages(services.log, incident_id)}, "pages again")
    second = next(page for page in sent_pages(services.log, incident_id) if page.page_id in asked_again)
    assert (await answer(services, second))["counted"] is True
    everybody = {page.volunteer_id for page in (*team, promised, second)}

    async def whole() -> bool:
        found = await rows(services, "dispatch", "SELECT volunteer_id FROM members WHERE state = 'seated'")
        return {row["volunteer_id"] for row in found} == everybody

    await until(whole, "everybody who promised sits in the team that had been sent")
    missions = (await services.get(f"/dispatch/incidents/{incident_id}/missions"))["missions"]
    assert [(one["zone_id"], one["state"], one["zone_is_lifted"]) for one in missions] == [
        (str(core), "dispatched", False)
    ]
    await compare_coverage(services, kafka_topics, incident_id, core, lifted={affected, ripple})


async def compare_coverage(
    services: Running, kafka_topics: str, incident_id: UUID, core: UUID, *, lifted: set[UUID]
) -> None:
    """The fold and the recomputation agree about the zones after the revision."""

    async def told() -> bool:
        sent = [envelope for _, envelope in await read_all(kafka_topics, [BY_NAME["mission-events"]])]
        last = [e.data for e in sent if isinstance(e.data, MissionDispatched) and e.data.incident_id == incident_id]
        return bool(last) and len(last[-1].members) == 4

    await until(told, "the team told whole")
    found = await covered(kafka_topics, incident_id)
    for role in (Role.COUNSELLOR, Role.SUPPORT):
        assert found.people(core, role) == (2, 2, 2)
    assert found.lifted() == {str(zone_id) for zone_id in lifted}
