"""One real earthquake in its eleven versions, from the feed to the teams: what a later version says recalls nobody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.events.zone import ZoneFenced, ZoneRevised
from schemas.policy import AccountRole
from schemas.vocabulary import PagePurpose, Role
from tests.integration.alerts.covered import covered
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import need
from tests.integration.alerts.steps import answer, enrol, pages, rows
from tests.integration.incidents.test_feed_to_pages import ask
from tests.integration.incidents.test_revisions import PAGER, origin, versions

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not PAGER.is_dir(), reason="the public data folder is not beside the project"),
]
NEEDED = {"II": 2, "III": 1, "IV": 1}
"""Counsellors of one team by level, as an operator's templates say."""
PLACE, MOVED = (103.4, 31.0), (103.9, 31.2)


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """From feeds to teams in one process."""
    names = ("incidents", "geofencing", "alerts", "dispatch", "pagegateway")
    async with running(names, kafka_topics, make_database, tmp_path, monkeypatch) as started:
        yield started


def at(place: tuple[float, float], magnitude: float, updated_ms: int) -> bytes:
    """The origin at a place where this test has stations; PAGER itself names none."""
    return origin(magnitude, updated_ms, place[0]).replace(b"42.686", str(place[1]).encode())


async def take(services: Running, name: str, document: bytes) -> dict[str, Any]:
    headers = {**services.token(), "Content-Type": "application/json"}
    response = await services.client.post(
        "/incidents/feeds/usgs", content=document, headers=headers, params={"name": name}, timeout=60
    )
    assert response.status_code == 200, response.text
    (proposal,) = response.json()["proposals"]
    return dict(proposal)


async def template(services: Running, level: str, per_team: int) -> None:
    needs = [need(Role.COUNSELLOR, per_team, need_id="counsel").model_dump(mode="json")]
    document = {"kind": "earthquake", "level": level, "needs": needs, "source": "test"}
    headers = services.token(roles=(AccountRole.ADMINISTRATOR,))
    assert (await services.client.post("/incidents/templates", json=document, headers=headers)).is_success


async def team_of(services: Running, incident_id: UUID) -> dict[str, Any]:
    (mission,) = (await services.get(f"/dispatch/incidents/{incident_id}/missions"))["missions"]
    return dict(mission)


async def needs_are(services: Running, incident_id: UUID, per_team: int) -> bool:
    (row,) = await rows(services, "dispatch", "SELECT needs::text FROM incidents WHERE incident_id = $1", incident_id)
    return [line["per_team"] for line in json.loads(str(row["needs"]))] == [per_team]


async def has_moved(services: Running, zone_id: UUID) -> bool:
    (row,) = await rows(services, "dispatch", "SELECT lon_deg FROM zones WHERE zone_id = $1", zone_id)
    return bool(row["lon_deg"] > (PLACE[0] + MOVED[0]) / 2)  # type: ignore[operator]


async def test_a_team_that_was_sent_is_kept_by_every_version_until_a_person_recalls_it(
    services: Running, kafka_topics: str
) -> None:
    for level, per_team in NEEDED.items():
        await template(services, level, per_team)
    await enrol(services)
    incident_id = UUID((await take(services, "", at(PLACE, 6.7, 1536171400000)))["proposal_id"])
    accept = f"proposals/{incident_id}/accept"
    await ask(services, accept, area_codes=["510000"], auto_dispatch=True)
    fenced = (await services.log.wait_for(ZoneFenced, incident_id))[0]
    asked = (await pages(services, incident_id, 3))[:2]
    for page in asked:
        assert (await answer(services, page))["counted"] is True
    await pages(services, incident_id, 2, PagePurpose.MISSION)
    sent = await team_of(services, incident_id)
    step = f"/dispatch/missions/{sent['mission_id']}"
    departed = await services.client.post(f"{step}/departures", json={"eta_minutes": 300}, headers=services.token())
    assert departed.json()["changed"] is True, departed.text
    sent = await team_of(services, incident_id)

    levels = [(await services.get(f"/incidents/{incident_id}"))["level"]]
    for name, document in versions():
        if not name.endswith("_alerts.json"):  # exposures and losses of the same versions change no level
            continue
        if (await take(services, name, document))["outcome"] == "revised":
            await ask(services, accept)
            level = (await services.get(f"/incidents/{incident_id}"))["level"]
            if level != levels[-1]:
                levels.append(level)
                await until(lambda needed=NEEDED[level]: needs_are(services, incident_id, needed), f"level {level}")
                assert await team_of(services, incident_id) == sent
                core = fenced.zones[0].zone_id
                assert (await covered(kafka_topics, incident_id)).people(core, Role.COUNSELLOR)[2] == 2
    assert levels == ["II", "IV", "III", "II"]

    await take(services, "", at(MOVED, 6.6, 1541539345000))
    await ask(services, accept)
    revised = (await services.log.wait_for(ZoneRevised, incident_id))[-1]
    assert revised.zones[0].geometry != fenced.zones[0].geometry
    await until(lambda: has_moved(services, fenced.zones[0].zone_id), "dispatch knows where the zone now is")
    assert await team_of(services, incident_id) == sent

    for page in asked:
        await services.client.post(
            f"{step}/declines", json={"volunteer_id": str(page.volunteer_id), "reason": "recalled"},
            headers=services.token(),
        )  # fmt: skip
    assert (await team_of(services, incident_id))["state"] == "cancelled"

    async def released() -> bool:
        found = await covered(kafka_topics, incident_id)
        return found.people(fenced.zones[0].zone_id, Role.COUNSELLOR)[2] == 0

    await until(released, "coverage counts nobody as sent")
