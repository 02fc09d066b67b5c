"""Norms measured from the register through the API on a real database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from schemas.policy import AccountRole
from tests.integration.registry.calls import STATIONS, send
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item

pytestmark = pytest.mark.integration

TOTALS = "/registry/norm-totals"


def room(ref: str, code: str, **changes: Any) -> dict[str, Any]:
    kind = {"kind": "consultation-room", "tier": "community", "setting": "community"}
    return station_item(ref=ref, area_code=code, **{**kind, **changes})


def clinic(ref: str, grade: str, hospital: str, kind: str = "general-hospital") -> dict[str, Any]:
    institution = {"ref": hospital, "kind": kind, "hospital_grade": grade}
    return station_item(ref=ref, kind="hospital-clinic", institution=institution)


def university(ref: str, students: int, teachers: int, **changes: Any) -> dict[str, Any]:
    numbers = {"student_count": students, "psychology_teacher_count": teachers}
    institution = {"ref": ref.partition("/")[0], "kind": "university", **numbers}
    return station_item(ref=ref, kind="university-room", institution=institution, **changes)


REGISTER = (
    room("R-1", "510181001002"), room("R-2", "510181001002"), room("R-3", "510181001003"),
    room("R-CLOSED", "510181001004", is_open=False), room("R-COUNTY", "510181"),
    room("R-OFFICE", "510181001005", setting="department"),
    room("W-1", "510181001006", kind="social-work-centre", setting=None),
    clinic("C-1", "3a", "H-1"), clinic("C-2", "3a", "H-1"), clinic("C-3", "2c", "H-2"), clinic("C-4", "1a", "H-3"),
    clinic("C-5", "ungraded", "H-4"), clinic("C-6", "ungraded", "H-5", "psychiatric-hospital"),
    university("U-1/east", 9_000, 2, verified_on="2026-05-01"),
    university("U-1/west", 8_000, 2, verified_on="2026-05-02"),
    university("U-2", 8_001, 2), university("U-3", 500, 0),
)  # fmt: skip


async def measured(rig: ServiceRig, area_code: str = "510100", **params: Any) -> dict[str, Any]:
    async with rig.client(AccountRole.VIEWER) as client:
        response = await client.get("/registry/norms", params={"area_code": area_code, **params})
    assert response.status_code == 200, response.text
    return {item["norm_id"]: item for item in response.json()["items"]}


async def test_what_is_registered_is_counted_once_and_the_rest_said(rig: ServiceRig) -> None:
    await send(rig, STATIONS, *REGISTER)
    found = await measured(rig)
    assert {norm: item["numerator"]["count"] for norm, item in found.items()} == {
        "community-rooms": 3, "general-hospital-clinics": 2, "psychiatric-hospital-clinics": 1,
        "university-teachers": 1, "school-rooms": 0, "hotline-cities": 0,
    }  # fmt: skip
    assert found["community-rooms"]["numerator"]["details"] == {"rooms": 5, "rooms_without_community_code": 1}
    assert found["university-teachers"]["numerator"]["details"] == {
        "universities_with_a_room": 3, "students": 16_501, "psychology_teachers": 4, "students_per_teacher": 4125.2,
    }  # fmt: skip
    assert {item["verdict"] for item in found.values()} == {"unknown"}
    assert all(item["numerator"]["count"] == 0 for item in (await measured(rig, "610000")).values())


async def test_a_given_total_makes_a_share_and_the_latest_counts(rig: ServiceRig) -> None:
    await send(rig, STATIONS, *REGISTER)
    total = {"area_code": "510100", "what": "communities", "source": "成都统计年鉴"}
    items = [{**total, "count": 30, "as_of_on": "2025-12-31"}, {**total, "count": 60, "as_of_on": "2020-12-31"}]
    async with rig.client() as client:
        assert (await client.post(TOTALS, json={"items": items})).json() == {"stored": 2}
    one = (await measured(rig))["community-rooms"]
    assert (one["share"], one["verdict"], one["denominator"]["source"]) == (0.1, "missed", "成都统计年鉴")
    assert (await measured(rig, on="2018-01-01"))["community-rooms"]["verdict"] == "not-due"
    assert (await measured(rig, "510000"))["community-rooms"]["verdict"] == "unknown"


async def test_communities_that_are_registered_as_areas_are_a_whole(rig: ServiceRig) -> None:
    await send(rig, STATIONS, *REGISTER)
    for number in range(6):
        await rig.runtime.pool.execute(
            "INSERT INTO areas (code, name_zh, aliases, tier, successor_codes, source, registered_at, changed_at,"
            " valid_to) VALUES ($1, '社区', '{}', 'community', '{}', '{}', now(), now(), $2)",
            f"51018100100{number}", None if number < 5 else date(2020, 1, 1),
        )  # fmt: skip
    one = (await measured(rig))["community-rooms"]
    assert (one["denominator"]["count"], one["share"]) == (5, 0.6)
    assert "administrative areas" in one["denominator"]["source"]


async def test_totals_are_given_within_ones_areas_and_make_sense(rig: ServiceRig) -> None:
    total = {"area_code": "510100", "what": "communities", "source": "x", "count": 1, "as_of_on": "2025-12-31"}
    async with rig.client(areas=["610000"]) as client:
        assert (await client.post(TOTALS, json={"items": [total]})).status_code == 403
    async with rig.client() as client:
        wrong = await client.post(TOTALS, json={"items": [{**total, "count": 0}]})
    assert (wrong.status_code, wrong.json()["problems"][0]["where"]) == (422, "/items/0/count")
    assert await rig.count("area_totals") == 0
