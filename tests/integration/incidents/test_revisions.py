"""One real earthquake, told in eleven versions over two months: one incident, revised, in whatever order they come."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from schemas.policy import AccountRole
from tests.integration.incidents.test_feeds import take
from tests.integration.incidents.test_lifecycle import post, shown, types
from tests.support.service_rig import ServiceRig

PAGER = Path(__file__).parents[4] / "shared/data/alerts/usgs/libcomcat/pager/us2000h8ty"
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not PAGER.is_dir(), reason="the public data folder is not beside the project"),
]
KINDS = ("alerts", "exposures", "losses")


def origin(magnitude: float, updated_ms: int, lon_deg: float = 141.93) -> bytes:
    """What USGS' event page says of it (Tomakomai, Hokkaido): PAGER itself has neither place nor magnitude."""
    properties = {
        "mag": magnitude, "place": "27 km E of Tomakomai, Japan", "time": 1536170879680, "updated": updated_ms,
        "status": "reviewed", "type": "earthquake", "net": "us", "code": "2000h8ty", "ids": ",us2000h8ty,",
        "title": f"M {magnitude} - 27 km E of Tomakomai, Japan",
    }  # fmt: skip
    geometry = {"type": "Point", "coordinates": [lon_deg, 42.686, 35]}
    return json.dumps({"type": "Feature", "id": "us2000h8ty", "properties": properties, "geometry": geometry}).encode()


def versions() -> list[tuple[str, bytes]]:
    """Name and bytes of every file, the oldest version first, the origin before them."""
    files = sorted(
        PAGER.glob("*.json"), key=lambda path: (int(path.name.split("_")[0]), KINDS.index(path.stem.split("_")[1]))
    )
    found = [(f"us2000h8ty/{path.name}", path.read_bytes()) for path in files]
    assert len(found) == 33
    return [("", origin(6.7, 1536171400000)), *found, ("", origin(6.6, 1541539345000, 141.929))]


async def accept(rig: ServiceRig, proposal_id: str) -> dict[str, Any]:
    return await post(rig, f"proposals/{proposal_id}/accept", area_codes=["000000"])


async def test_successive_versions_revise_one_incident(rig: ServiceRig) -> None:
    ids = set()
    levels = []
    for name, document in versions():
        (one,) = (await take(rig, document, "usgs", name))["proposals"]
        ids.add(one["proposal_id"])
        if one["outcome"] != "unchanged":
            await accept(rig, one["proposal_id"])
            levels.append((await shown(rig, one["proposal_id"]))["level"])
    (incident_id,) = ids
    assert await rig.count("incidents") == 1
    assert [level for n, level in enumerate(levels) if level != levels[n - 1] or not n] == ["II", "IV", "III", "II"]
    told = Counter(await types(rig))
    assert (told["incident.declared"], told["incident.area-revised"]) == (1, 1)
    assert told["incident.need-stated"] == told["incident.level-raised"] + told["incident.level-lowered"] == 3
    found = await shown(rig, incident_id)
    assert (found["magnitude"], found["place"]["coordinates"], found["area_revision"]) == (6.6, [141.929, 42.686], 2)
    picture = (await shown(rig, f"proposals/{incident_id}"))["picture"]
    assert picture["exposure"]["7"] == 1_281_064


async def test_shuffled_and_twice_they_end_the_same(rig: ServiceRig) -> None:
    documents = versions()
    for name, document in documents:
        (one,) = (await take(rig, document, "usgs", name))["proposals"]
    in_order = (await shown(rig, f"proposals/{one['proposal_id']}"))["picture"]
    await rig.runtime.pool.execute("TRUNCATE feed_messages, proposals")
    shuffled = [*documents, *documents]
    random.Random(8).shuffle(shuffled)
    for name, document in shuffled:
        (one,) = (await take(rig, document, "usgs", name))["proposals"]
    assert (await rig.count("proposals"), await rig.count("feed_messages")) == (1, 35)
    assert (await shown(rig, f"proposals/{one['proposal_id']}"))["picture"] == in_order


async def test_a_policy_lets_later_versions_revise_until_somebody_changes_the_area_by_hand(rig: ServiceRig) -> None:
    async with rig.client(AccountRole.ADMINISTRATOR) as client:
        await client.post("/incidents/feeds/usgs/policy", json={"revises": True})
    first, last = origin(6.7, 1536171400000), origin(6.6, 1541539345000)
    (one,) = (await take(rig, first, "usgs"))["proposals"]
    await accept(rig, one["proposal_id"])
    (revised,) = (await take(rig, last, "usgs"))["proposals"]
    assert revised["revised_by_policy"] is True
    await post(rig, f"{one['proposal_id']}/area", radius_m=80_000, reason="现场报告")
    (held,) = (await take(rig, origin(6.5, 1541539399000), "usgs"))["proposals"]
    assert "by hand" in held["not_by_itself"]
    assert (await shown(rig, one["proposal_id"]))["magnitude"] == 6.6
