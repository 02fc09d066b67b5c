"""Export: the same columns as an import, so that a file that is taken in again changes nothing."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from schemas.policy import AccountRole
from tests.integration.registry.calls import STATIONS, VOLUNTEERS, outcomes, send
from tests.integration.registry.imports.harness import bring, register
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item

pytestmark = pytest.mark.integration


async def fill(rig: ServiceRig) -> None:
    """A register with everything that is hard on files."""
    stations = await send(
        rig, STATIONS,
        station_item(ref="D-1", kind="municipal-detachment", tier="prefecture", name_zh='站,"一"\n二', name_en="=1+1"),
        station_item(detachment_ref="D-1", languages=[], lat_deg=-12.345678901234567, name_zh="'=x", name_en="@a"),
        station_item(ref="S-2", is_open=False, area_code="610100", name_en="-1", name_zh="站；甲、乙"),
        station_item(
            ref="S-3", kind="hospital-clinic", parent_ref="S-001", parent_explanation="近", tier="village",
            institution={"ref": "H-1", "kind": "general-hospital", "hospital_grade": "3a"}, room_count=3,
            services=["counselling", "hotline"], catchment={"area_codes": ["510181", "510182"], "radius_m": 5_000},
            opening_hours={"weekly": [{"days": ["mon", "fri"], "opens": "08:30", "closes": "17:30"}]},
            is_suspended=True, verified_on="2026-05-01",
        ),
    )  # fmt: skip
    volunteers = await send(
        rig, VOLUNTEERS,
        volunteer_item(name="＝模拟, 甲", membership_refs=["D-1", "S-2"], languages=["khg", "cmn"]),
        volunteer_item(
            ref="V-2", credentials=[], available=False, name=None, phone=None, home_station_ref="S-2",
            channels=["chat", "e-mail"],
        ),
        volunteer_item(
            ref="V-3", is_adult=False, is_retired=True,
            credentials=[
                credential_item(), credential_item(kind="'k", number="007", expires_on=None, roles=["team-lead"]),
            ],
        ),
    )  # fmt: skip
    assert {*outcomes(stations), *outcomes(volunteers)} == {"created"}, (stations, volunteers)
    await rig.forget_emitted()


async def take(rig: ServiceRig, kind: str, *roles: AccountRole, areas: Any = ("*",), **options: Any) -> bytes:
    async with rig.client(*roles, areas=areas) as client:
        answer = await client.get(f"/registry/exports/{kind}", params=options)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
@pytest.mark.parametrize("headings", ["en", "zh"])
async def test_an_export_taken_in_again_changes_nothing(rig: ServiceRig, file_format: str, headings: str) -> None:
    await fill(rig)
    before = await register(rig)
    for kind, options in (("stations", {}), ("volunteers", {"identities": True}), ("volunteers", {})):
        content = await take(rig, kind, format=file_format, headings=headings, **options)
        done = await bring(rig, kind, content)
        assert done["errors"] == []
        count = len(before[kind])
        assert done["counts"] == {"created": 0, "unchanged": count, "changed": 0, "refused": 0}
        assert done["file"]["format"] == file_format
    assert await register(rig) == before
    assert await rig.emitted() == []


async def test_who_people_are_is_exported_only_to_those_with_the_right(rig: ServiceRig) -> None:
    await fill(rig)
    plain = (await take(rig, "volunteers", AccountRole.STATION_LEAD)).decode()
    whole = (await take(rig, "volunteers", identities=True)).decode()
    assert not any(word in plain for word in ("模拟", "999", "P-1", "name", "credential"))
    assert all(word in whole for word in ("模拟", "999", "P-1", "credential_2_number"))
    async with rig.client(AccountRole.STATION_LEAD) as client:
        refused = await client.get("/registry/exports/volunteers", params={"identities": True})
    assert refused.status_code == 403


async def test_a_reader_gets_what_lies_in_their_areas(rig: ServiceRig) -> None:
    await fill(rig)
    for kind, refs in (("stations", ["D-1", "S-001", "S-3"]), ("volunteers", ["V-001", "V-3"])):
        rows = list(csv.DictReader(io.StringIO((await take(rig, kind, areas=["510000"])).decode("utf-8-sig"))))
        assert [row["ref"] for row in rows] == refs


async def test_no_cell_can_be_run_as_a_formula(rig: ServiceRig) -> None:
    await fill(rig)
    text = (await take(rig, "stations")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name_en"] for row in rows[:3]] == ["'=1+1", "'@a", "'-1"]
    assert rows[1]["name_zh"] == "''=x"
    assert rows[1]["lat_deg"] == "-12.345678901234567"  # a number is none
    book = CalamineWorkbook.from_filelike(io.BytesIO(await take(rig, "stations", format="xlsx")))
    assert [row[4] for row in book.get_sheet_by_index(0).to_python()[:4]] == ["name_en", "=1+1", "@a", "-1"]
