"""Undo: what an import changed is again as it was, unless something newer came."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from schemas.events.volunteer import VolunteerState
from services.kit.clock import ManualClock
from services.registry.imports import store
from services.registry.imports.model import UNDO_DAYS
from services.registry.imports.runner import Importer
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.registry.imports.harness import (
    bring,
    csv_file,
    register,
    station,
    take_back,
    upload,
    volunteer,
    where,
)  # fmt: skip
from tests.integration.registry.volunteers.test_training import COURSE, enter
from tests.support.service_rig import ServiceRig

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def ticking(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that moves on whenever it is looked at, so that no two transactions happen at one instant."""
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: (clock.advance(timedelta(milliseconds=1)), now())[1])


async def test_undo_restores_everything_that_was_created_and_changed(rig: ServiceRig) -> None:
    await bring(rig, "stations", csv_file(station(), station(ref="S-2", name_en="Two")))
    old = [
        volunteer("V-1"),
        volunteer("V-2", 证书1编号="", 证书1种类="", 证书1发证机构="", 证书1适用角色="", 证书1有效期至=""),
    ]
    await bring(rig, "volunteers", csv_file(*old))
    before = await register(rig)
    await rig.forget_emitted()
    changed = await bring(
        rig, "volunteers",
        csv_file(
            volunteer("V-1", 姓名="另一个名字", 语言="康巴语", 所属站点编号="S-2"),
            volunteer("V-2", 角色="后勤", 联系方式="短信；微信"),
            *(volunteer(f"V-{n}") for n in range(3, 9)),
        ),
    )  # fmt: skip
    assert changed["counts"] == {"created": 6, "unchanged": 0, "changed": 2, "refused": 0}
    undone = await take_back(rig, changed["import_id"])
    assert (undone["state"], undone["undo"]) == ("undone", {"restored": 8, "left_as_is": 0})
    assert await register(rig) == before
    states = {envelope.key: envelope.data for envelope in await rig.emitted("volunteer-state")}
    for ref in ("V-3", "V-8"):
        state = states[str(volunteer_id_of(ref))]
        assert isinstance(state, VolunteerState)
        assert (state.deployable, state.reasons) == (False, ("retired",))
    restored = states[str(volunteer_id_of("V-1"))]
    assert isinstance(restored, VolunteerState)
    assert restored.languages == ("cmn",)
    told = len(await rig.emitted())
    again = await take_back(rig, changed["import_id"])
    assert again["undo"] == undone["undo"]
    assert len(await rig.emitted()) == told


async def test_stations_are_undone_with_their_detachments_and_left_where_somebody_lives(rig: ServiceRig) -> None:
    await bring(rig, "stations", csv_file(station()))
    before = await register(rig)
    detachment = station(ref="D-1", kind="市级支队", tier="地级", area_code="510100", detachment_ref="")
    rows = [station(ref=f"S-{n}", detachment_ref="D-1") for n in range(2, 7)]
    done = await bring(rig, "stations", csv_file(station(lat_deg="30.5", detachment_ref="D-1"), *rows, detachment))
    assert done["counts"] == {"created": 6, "unchanged": 0, "changed": 1, "refused": 0}
    undone = await take_back(rig, done["import_id"])
    assert undone["undo"] == {"restored": 7, "left_as_is": 0}
    assert await register(rig) == before
    done = await bring(rig, "stations", csv_file(*(station(ref=f"S-{n}") for n in range(2, 7))))
    await bring(rig, "volunteers", csv_file(volunteer("V-1", 所属站点编号="S-3")))
    undone = await take_back(rig, done["import_id"])
    assert undone["undo"] == {"restored": 4, "left_as_is": 1}
    assert where(undone) == [(3, None, "referred-to")]
    assert [row["ref"] for row in (await register(rig))["stations"]] == ["S-1", "S-3"]


async def test_what_was_changed_since_is_left_and_reported(rig: ServiceRig) -> None:
    await bring(rig, "stations", csv_file(station()))
    done = await bring(rig, "volunteers", csv_file(*(volunteer(f"V-{n}") for n in range(4))))
    await bring(rig, "volunteers", csv_file(volunteer("V-2", 手机号="+999 100 7777")))
    async with rig.client() as client:
        await client.post(f"/registry/volunteers/{volunteer_id_of('V-1')}/availability", json={"available": False})
    undone = await take_back(rig, done["import_id"])
    assert undone["undo"] == {"restored": 2, "left_as_is": 2}
    assert sorted(where(undone)) == [(3, None, "changed-since"), (4, None, "changed-since")]
    assert [row["ref"] for row in (await register(rig))["volunteers"]] == ["V-1", "V-2"]
    later = await bring(rig, "volunteers", csv_file(*(volunteer(f"V-{n}") for n in range(4))))
    assert later["counts"]["created"] == 2  # who was taken back can come again


async def test_a_volunteer_with_a_training_since_is_left(rig: ServiceRig) -> None:
    await bring(rig, "stations", csv_file(station()))
    done = await bring(rig, "volunteers", csv_file(volunteer("V-001"), volunteer("V-2")))
    await enter(rig, COURSE)
    undone = await take_back(rig, done["import_id"])
    assert (undone["undo"], where(undone)) == ({"restored": 1, "left_as_is": 1}, [(2, None, "referred-to")])
    assert await rig.count("trainings") == 1


async def test_what_was_somewhere_that_is_gone_is_left(rig: ServiceRig) -> None:
    detachment = station(ref="D-1", kind="市级支队", tier="地级", area_code="510100", detachment_ref="")
    await bring(rig, "stations", csv_file(station(detachment_ref="D-1"), station(ref="S-2"), detachment))
    await bring(rig, "volunteers", csv_file(volunteer("V-1", 所属站点编号="S-2")))
    moved = await bring(rig, "volunteers", csv_file(volunteer("V-1")))
    loose = await bring(rig, "stations", csv_file(station(detachment_ref="")))
    await rig.runtime.pool.execute("DELETE FROM stations WHERE ref IN ('S-2', 'D-1')")
    before = await register(rig)
    for done in (moved, loose):
        undone = await take_back(rig, done["import_id"])
        assert (undone["state"], where(undone)) == ("undone", [(2, None, "gone")])
    assert await register(rig) == before


async def test_what_an_older_program_kept_and_this_one_cannot_read_is_left(rig: ServiceRig) -> None:
    await bring(rig, "stations", csv_file(station()))
    done = await bring(rig, "stations", csv_file(station(name_en="Two")))
    before = await register(rig)
    await rig.runtime.pool.execute("UPDATE import_changes SET before = before - 'name_zh' WHERE before IS NOT NULL")
    assert where(await take_back(rig, done["import_id"])) == [(2, None, "other-version")]
    assert await register(rig) == before


async def test_a_number_that_came_since_stays_where_the_import_changed_none(rig: ServiceRig) -> None:
    await bring(rig, "stations", csv_file(station()))
    await bring(rig, "volunteers", csv_file(volunteer("V-1")))
    done = await bring(rig, "volunteers", csv_file(volunteer("V-1", 语言="康巴语")))
    await bring(rig, "volunteers", csv_file(volunteer("V-1", 语言="康巴语", 手机号="+999 100 7777")))
    undone = await take_back(rig, done["import_id"])
    assert undone["undo"] == {"restored": 1, "left_as_is": 0}
    found = await register(rig)
    assert (found["volunteers"][0]["languages"], found["identities"][0]["phone"]) == (["cmn"], "+999 100 7777")


async def test_what_can_no_longer_be_undone_is_forgotten_but_for_what_is_being_undone(
    rig: ServiceRig, clock: ManualClock
) -> None:
    await bring(rig, "stations", csv_file(station()))
    await bring(rig, "volunteers", csv_file(volunteer("V-1")))
    begun, done = [
        await bring(rig, "volunteers", csv_file(volunteer("V-1", 姓名=name))) for name in ("另一个名字", "又一个名字")
    ]
    async with rig.client() as client:
        await client.post(f"/registry/imports/{begun['import_id']}/undo")
    for kept, later in ((4, timedelta(days=UNDO_DAYS, hours=-1)), (1, timedelta(hours=2))):
        clock.advance(later)
        await Importer(rig.runtime)._sweep()
        assert await rig.count("import_changes") == kept
    left = await rig.runtime.pool.fetch("SELECT import_id::text FROM import_identities")
    assert ([row["import_id"] for row in left], done["state"]) == ([begun["import_id"]], "done")


async def test_an_upload_that_broke_off_is_forgotten_and_one_that_waits_is_not(
    rig: ServiceRig, clock: ManualClock
) -> None:
    await upload(rig, "stations", csv_file(station()))
    for parts, later in ((2, timedelta(0)), (2, timedelta(minutes=5)), (1, timedelta(days=2))):
        if not later:
            await store.add_part(rig.runtime.pool, UUID(int=1), 0, b"broken off", clock.now())
        clock.advance(later)
        await Importer(rig.runtime)._sweep()
        assert await rig.count("import_parts") == parts


async def test_what_has_stored_nothing_or_is_too_old_cannot_be_undone(rig: ServiceRig, clock: ManualClock) -> None:
    dry = await bring(rig, "stations", csv_file(station()), dry_run=True)
    refused = await bring(rig, "stations", b"nothing")
    done = await bring(rig, "stations", csv_file(station()))
    async with rig.client() as client:
        answers = [await client.post(f"/registry/imports/{one['import_id']}/undo") for one in (dry, refused)]
        clock.advance(timedelta(days=UNDO_DAYS, hours=-1))
    async with rig.client() as client:
        clock.advance(timedelta(hours=2))
        answers.append(await client.post(f"/registry/imports/{done['import_id']}/undo"))
    assert [answer.status_code for answer in answers] == [409] * 3
