"""The list of imports: whose are shown, in what order, and until when each can be undone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.policy import AccountRole
from services.kit.clock import ManualClock
from tests.integration.registry.imports.harness import bring, csv_file, station, take_back
from tests.integration.registry.stations.test_changes import propose, state_of
from tests.support.service_rig import SUBJECT, ServiceRig

pytestmark = pytest.mark.integration


async def listed(rig: ServiceRig, *areas: str, **query: str) -> list[dict[str, object]]:
    async with rig.client(AccountRole.DUTY_OFFICER, areas=list(areas) or ["*"]) as client:
        answer = await client.get("/registry/imports", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def test_imports_are_listed_newest_first_with_who_and_until_when(rig: ServiceRig, clock: ManualClock) -> None:
    first = await bring(rig, "stations", csv_file(station()))
    clock.advance(timedelta(hours=1))
    second = await bring(rig, "stations", csv_file(station(), station(ref="S-2")))
    found = await listed(rig)
    assert [one["import_id"] for one in found] == [second["import_id"], first["import_id"]]
    assert {one["started_by"] for one in found} == {SUBJECT}
    assert found[0]["undo_possible_until"] == (clock.now() + timedelta(days=30)).isoformat()
    assert await listed(rig, before=str(second["import_id"])) == found[1:]
    assert await listed(rig, kind="volunteers") == []
    assert await listed(rig, "510000") == []  # made with rights over everything

    await take_back(rig, second["import_id"])
    (undone,) = await listed(rig, state="undone")
    assert (undone["undo"], undone["undo_possible_until"]) == ({"restored": 1, "left_as_is": 0}, None)


async def test_undoing_an_import_ends_the_proposals_about_what_it_removes(rig: ServiceRig) -> None:
    made = await bring(rig, "stations", csv_file(station(ref="S-1"), station(ref="S-2")))
    about_it = await propose(rig, "S-1", room_count=3)
    await rig.forget_emitted()
    await take_back(rig, made["import_id"])
    assert await state_of(rig, about_it) == "superseded"
    assert [one.type for one in await rig.emitted()].count("station.change-decided") == 1
