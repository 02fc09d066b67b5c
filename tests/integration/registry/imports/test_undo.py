"""Undo: what an import changed is again as it was, unless something newer came."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.events.volunteer import VolunteerState
from services.kit.clock import ManualClock
from services.registry.imports.model import UNDO_DAYS
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.registry.imports.harness import (
    bring,
    csv_file,
    register,
    station,
    take_back,
    volunteer,
    where,
)  # fmt: skip
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
