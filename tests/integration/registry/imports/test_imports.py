"""A file from upload to register: rows that are good are stored, the others told by row and column."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from schemas.policy import AccountRole
from services.kit.clock import ManualClock
from services.registry.imports import limits
from services.registry.imports.runner import Importer
from tests.integration.registry.imports.harness import (
    bring,
    csv_file,
    ended,
    importing,
    register,
    station,
    upload,
    volunteer,
    where,
)  # fmt: skip
from tests.support.service_rig import ServiceRig

pytestmark = pytest.mark.integration
DETACHMENT = {"ref": "D-51", "kind": "省级支队", "tier": "省级", "area_code": "510000"}


async def with_station(rig: ServiceRig) -> None:
    await bring(rig, "stations", csv_file(station()))
    await rig.forget_emitted()


async def test_good_rows_are_stored_and_the_others_told_by_row_and_column(rig: ServiceRig) -> None:
    await with_station(rig)
    rows = [
        volunteer("V-1"), volunteer("V-2", 角色="wizard"), volunteer("V-3", 所属站点编号="S-404"),
        volunteer("V-4", 手机号="张三"), volunteer("V-1"), volunteer("V-6", 证书1有效期至="2027-13-01"),
        volunteer("V-7"),
    ]  # fmt: skip
    done = await bring(rig, "volunteers", csv_file(*rows))
    assert (done["state"], done["rows"]) == ("done", {"total": 7, "done": 7})
    assert done["counts"] == {"created": 2, "unchanged": 0, "changed": 0, "refused": 5}
    assert where(done) == [
        (3, "角色", "not-a-word"), (4, "所属站点编号", "no-station"), (5, "手机号", "pattern-phone"),
        (6, "编号", "twice"), (7, "证书1有效期至", "not-a-date"),
    ]  # fmt: skip
    assert "row 2 has the same" in done["errors"][3]["what"]
    assert "第 2 行" in done["errors"][3]["what_zh"]
    assert "张三" not in str(done)
    assert Counter(envelope.type for envelope in await rig.emitted()) == {
        "volunteer.enrolled": 2, "volunteer.credentialed": 2, "volunteer.became-available": 2, "volunteer.state": 2,
    }  # fmt: skip


async def test_a_dry_run_says_the_same_and_writes_nothing(rig: ServiceRig) -> None:
    stations = csv_file(station(detachment_ref="D-51"), *(station(ref=f"S-{n}") for n in range(2, 8)),
                        station(ref="X", kind="emergency-stat1on"), station(**DETACHMENT))  # fmt: skip
    before = await register(rig)
    said = await bring(rig, "stations", stations, dry_run=True)
    assert await register(rig) == before
    assert await rig.emitted() == []
    did = await bring(rig, "stations", stations)
    assert said["counts"] == did["counts"] == {"created": 8, "unchanged": 0, "changed": 0, "refused": 1}
    assert where(said) == where(did) == [(9, "kind", "not-a-word-near")]
    rows = [volunteer("V-1"), volunteer("V-2", 所属站点编号="S-404")]
    said = await bring(rig, "volunteers", csv_file(*rows), dry_run=True)
    assert await rig.count("volunteers") == await rig.count("identities") == 0
    did = await bring(rig, "volunteers", csv_file(*rows))
    assert (said["counts"], where(said)) == (did["counts"], where(did))


async def test_the_same_file_again_is_unchanged_and_known_by_its_bytes(rig: ServiceRig) -> None:
    await with_station(rig)
    content = csv_file(*(volunteer(f"V-{n}") for n in range(8)))
    first = await bring(rig, "volunteers", content)
    await rig.forget_emitted()
    again = await bring(rig, "volunteers", content)
    assert again["counts"] == {"created": 0, "unchanged": 8, "changed": 0, "refused": 0}
    assert (first["same_file_as"], again["same_file_as"]) == (None, first["import_id"])
    assert await rig.emitted() == []


async def test_only_what_was_stored_as_the_same_kind_is_the_same_file(rig: ServiceRig) -> None:
    content = csv_file(station())
    await bring(rig, "stations", content, dry_run=True)
    first = await bring(rig, "stations", content)
    refused = [await bring(rig, "volunteers", content) for _ in range(2)]
    assert [one["same_file_as"] for one in (first, *refused)] == [None] * 3


async def test_so_many_errors_are_kept_and_all_are_counted(rig: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.registry.imports.store.ERRORS_KEPT_MAX", 4)
    done = await bring(rig, "stations", csv_file(*(station(ref=f"S-{n}", kind="x") for n in range(6))))
    assert (done["errors_total"], len(done["errors"])) == (6, 4)


async def test_a_missing_column_leaves_what_is_there_and_an_empty_cell_does_not(rig: ServiceRig) -> None:
    await bring(
        rig, "stations", csv_file(station(detachment_ref="D-51", is_open="no"), station(is_open="yes", **DETACHMENT))
    )
    whole = await register(rig)
    same = await bring(rig, "stations", csv_file(station()))
    assert same["counts"]["unchanged"] == 1
    assert await register(rig) == whole
    emptied = await bring(rig, "stations", csv_file(station(detachment_ref="")))
    assert emptied["counts"]["changed"] == 1
    assert [row["detachment_id"] for row in (await register(rig))["stations"]] == [None, None]


async def test_all_or_nothing_stores_nothing_if_a_row_is_wrong(rig: ServiceRig) -> None:
    await with_station(rig)
    rows = [volunteer(f"V-{n}") for n in range(6)]
    refused = await bring(rig, "volunteers", csv_file(*rows, volunteer("V-9", 角色="")), all_or_nothing=True)
    assert (refused["state"], refused["counts"]["refused"], await rig.count("volunteers")) == ("refused", 1, 0)
    assert where(refused) == [(8, "角色", "missing")]
    assert await rig.emitted() == []
    stored = await bring(rig, "volunteers", csv_file(*rows), all_or_nothing=True)
    assert (stored["state"], stored["counts"]["created"], await rig.count("volunteers")) == ("done", 6, 6)


async def test_all_or_nothing_takes_back_what_it_stored_if_a_row_becomes_wrong_meanwhile(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bring(rig, "stations", csv_file(station(), station(ref="S-2")))
    await rig.forget_emitted()
    before = await register(rig)
    begin = Importer._begin

    async def close_a_station_between_the_passes(self: Importer, job: Any, file: Any, state: Any) -> Any:
        if state == "storing":
            await rig.runtime.pool.execute("DELETE FROM stations WHERE ref = 'S-2'")
        return await begin(self, job, file, state)

    monkeypatch.setattr(Importer, "_begin", close_a_station_between_the_passes)
    rows = [*(volunteer(f"V-{n}") for n in range(5)), volunteer("V-9", 所属站点编号="S-2")]
    refused = await bring(rig, "volunteers", csv_file(*rows), all_or_nothing=True)
    assert refused["state"] == "refused"
    assert refused["undo"] == {"restored": 5, "left_as_is": 0}
    after = await register(rig)
    assert {name: rows for name, rows in after.items() if name != "stations"} == {
        name: rows for name, rows in before.items() if name != "stations"
    }


async def test_rows_outside_the_accounts_areas_are_refused(rig: ServiceRig) -> None:
    await with_station(rig)
    done = await bring(rig, "stations", csv_file(station(), station(ref="S-2", area_code="610100")), areas=["610000"])
    assert done["counts"] == {"created": 1, "unchanged": 0, "changed": 0, "refused": 1}
    taken = await bring(rig, "stations", csv_file(station(area_code="610100")), areas=["610000"])
    people = await bring(rig, "volunteers", csv_file(volunteer("V-1")), areas=["610000"])
    assert where(taken) == [(2, "area_code", "outside")]
    assert where(people) == [(2, "所属站点编号", "outside")]
    async with rig.client(areas=["510000"]) as client:
        assert (await client.get(f"/registry/imports/{people['import_id']}")).status_code == 403
        assert (await client.post(f"/registry/imports/{people['import_id']}/undo")).status_code == 403


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param("编号,所属站点\nV-1,S-1\n".encode(), "column-missing", id="missing columns"),
        pytest.param("张三,13800138000\n李四,13800138001\n".encode(), "no-headings", id="no headings"),
        pytest.param(b"\xff\x81\xff\x81", "encoding", id="no text"),
        pytest.param(b"PK\x03\x04 nothing", "not-a-workbook", id="broken workbook"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted", id="encrypted workbook"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused_as_a_whole(rig: ServiceRig, content: bytes, code: str) -> None:
    done = await bring(rig, "volunteers", content)
    assert done["state"] == "refused"
    assert code in {error["code"] for error in done["errors"]}
    assert "张三" not in str(done)
    assert await rig.count("import_parts") == 0


async def test_an_upload_is_bounded_and_leaves_nothing_when_it_is_too_large(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def pieces() -> Any:
        for _ in range(limits.FILE_BYTES_MAX // 2**22 + 1):
            yield b"a" * 2**22

    async with rig.client() as client:
        options = {"params": {"kind": "stations"}, "headers": {"Content-Type": "text/csv"}}
        told = await client.post("/registry/imports", content=b"", **options)
        chunked = await client.post("/registry/imports", content=pieces(), **options)
        announced = await client.post(
            "/registry/imports", content=b"a",
            params={"kind": "stations"}, headers={"Content-Type": "text/csv", "Content-Length": str(2**30)},
        )  # fmt: skip
        other = await client.post("/registry/imports", params={"kind": "stations"}, json={})
        unknown = await client.post("/registry/imports", params={"kind": "people"}, content=b"a",
                                    headers={"Content-Type": "text/csv"})  # fmt: skip
    assert [one.status_code for one in (told, chunked, announced, other, unknown)] == [422, 413, 413, 415, 422]
    assert (await rig.count("import_parts"), await rig.count("imports")) == (0, 0)


async def test_the_same_request_twice_is_one_import(rig: ServiceRig) -> None:
    async with rig.client() as client:

        async def post(**options: Any) -> Any:
            headers = {"Content-Type": "text/csv", "Idempotency-Key": "once"}
            params = {"kind": "stations", **options}
            return await client.post("/registry/imports", params=params, content=csv_file(station()), headers=headers)

        first, again, other = await post(), await post(), await post(dry_run=True)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replay"] == "true"
    assert other.status_code == 422
    assert (await rig.count("imports"), await rig.count("import_parts")) == (1, 1)


async def test_errors_come_in_pages(rig: ServiceRig) -> None:
    done = await bring(rig, "volunteers", csv_file(*(volunteer(f"V-{n}") for n in range(7))))
    assert done["errors_total"] == 7
    async with rig.client() as client:
        path = f"/registry/imports/{done['import_id']}"
        first = (await client.get(path, params={"limit": 5})).json()
        rest = (await client.get(path, params={"limit": 5, "after": first["next_after"]})).json()
    assert [*first["errors"], *rest["errors"]] == done["errors"]
    assert rest["next_after"] is None


async def test_what_a_stopped_process_left_is_gone_on_with(rig: ServiceRig, clock: ManualClock) -> None:
    await with_station(rig)
    content = csv_file(*(volunteer(f"V-{n}") for n in range(10)))
    stopped = (await upload(rig, "volunteers", content)).json()
    clock.advance(timedelta(minutes=1))
    async with importing(rig) as importer:
        importer.wake()
        done = await ended(rig, stopped["import_id"])
    assert done["counts"]["created"] == 10


async def test_who_may_bring_files(rig: ServiceRig) -> None:
    async with rig.client(AccountRole.STATION_LEAD) as client:
        answer = await client.post("/registry/imports", params={"kind": "stations"}, content=b"a",
                                   headers={"Content-Type": "text/csv"})  # fmt: skip
    assert answer.status_code == 403
