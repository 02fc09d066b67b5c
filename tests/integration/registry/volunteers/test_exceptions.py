"""Single exceptions of a calendar: added and removed without replacing the rest; what is told to the holder."""

from __future__ import annotations

import pytest

from schemas.policy import AccountRole
from tests.integration.registry.calls import fill
from tests.integration.registry.volunteers.test_changes import HER, ICS
from tests.support.service_rig import ServiceRig
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item

pytestmark = pytest.mark.integration
CALENDAR = f"{HER}/calendar"
WEEKLY = {"weekly": [{"days": ["MO", "TU"], "begins": "08:00", "ends": "18:00"}]}
LEAVE = {"kind": "leave", "begins_at": "2026-06-01T00:00:00+08:00", "ends_at": "2026-06-08T00:00:00+08:00"}
EXTRA = {"kind": "extra-duty", "begins_at": "2026-06-10T09:00:00+08:00", "ends_at": "2026-06-10T12:00:00+08:00"}


def lines(ics: bytes) -> list[bytes]:
    return [line for line in ics.splitlines() if not line.startswith(b"DTSTAMP")]


async def test_an_exception_comes_and_goes_and_the_rest_stays(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    async with rig.client(AccountRole.STATION_LEAD, areas=["510000"]) as client:
        await client.post(CALENDAR, json=WEEKLY)
        await client.post(f"{CALENDAR}/exceptions", json=EXTRA)
        before, file_before = (await client.get(CALENDAR)).json(), (await client.get(f"{CALENDAR}.ics")).content
        await client.post(f"{CALENDAR}/exceptions", json=LEAVE)
        both, file = (await client.get(CALENDAR)).json(), (await client.get(f"{CALENDAR}.ics")).content
        again = await client.post(f"{CALENDAR}.ics", content=file, headers=ICS)
        assert again.json()["changed"] is False  # a file says the same as what it was written from

        (leave,) = [one for one in both["exceptions"] if one["kind"] == "leave"]
        removed = await client.delete(f"{CALENDAR}/exceptions/{leave['exception_id']}")
        twice = await client.delete(f"{CALENDAR}/exceptions/{leave['exception_id']}")
        after, file_after = (await client.get(CALENDAR)).json(), (await client.get(f"{CALENDAR}.ics")).content
    assert (removed.status_code, removed.json()["changed"], twice.status_code) == (200, True, 404)
    assert after == before
    assert lines(file_after) == lines(file_before)


async def test_who_has_looked_at_another_calendar_changes_nothing(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    async with rig.client(AccountRole.STATION_LEAD, areas=["510000"]) as client:
        await client.post(CALENDAR, json=WEEKLY)
        old = {"If-Match": (await client.get(CALENDAR)).headers["ETag"]}
        assert (await client.post(f"{CALENDAR}/exceptions", json=LEAVE, headers=old)).status_code == 200
        shown = await client.get(CALENDAR)
        (leave,) = shown.json()["exceptions"]
        refused = [
            await client.post(CALENDAR, json={}, headers=old),
            await client.post(f"{CALENDAR}/exceptions", json=EXTRA, headers=old),
            await client.delete(f"{CALENDAR}/exceptions/{leave['exception_id']}", headers=old),
        ]
        assert [answer.status_code for answer in refused] == [412] * 3
        assert refused[0].json()["problems"][0]["where"] == "header:If-Match"
        assert (await client.get(CALENDAR)).json() == shown.json()
        new = {"If-Match": shown.headers["ETag"]}
        gone = await client.delete(f"{CALENDAR}/exceptions/{leave['exception_id']}", headers=new)
        assert gone.status_code == 200
        assert (await client.get(CALENDAR)).headers["ETag"] == old["If-Match"]


async def test_what_the_holder_is_told_has_no_number_and_stays_within_the_area(rig: ServiceRig) -> None:
    number = "证书-778899"
    await fill(rig, volunteer_item(credentials=[credential_item(number=number, expires_on="2026-06-01")]))
    async with rig.client(AccountRole.STATION_LEAD, areas=["510000"]) as lead:
        seen = (await lead.get(f"{HER}/notices")).json()
    async with rig.client(AccountRole.STATION_LEAD, areas=["610000"]) as stranger:
        assert (await stranger.get(f"{HER}/notices")).status_code == 403
    (item,) = seen["items"]
    assert (item["subject"], item["expires_on"], item["days_left"], item["notice_days"]) == (
        "credential-expiring", "2026-06-01", 20, 30,
    )  # fmt: skip
    assert number not in str(seen)
