"""An account of another area reads and changes nothing here, by whatever route."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from services.registry.stations.decide import station_id_of
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.registry.calls import STATIONS, VOLUNTEERS, fill
from tests.integration.registry.imports.harness import csv_file, register, station, upload
from tests.integration.registry.stations.test_changes import propose
from tests.integration.registry.volunteers.test_training import COURSE, enter
from tests.support.elsewhere import answers, let_in
from tests.support.service_rig import ServiceRig
from tests.unit.registry.areas.builders import SOURCE, area_item
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item

pytestmark = pytest.mark.integration

ABOUT_A_VOLUNTEER: Final[dict[str, dict[str, Any]]] = {
    "/availability": {"available": False},
    "/calendar/exceptions": {
        "kind": "leave", "begins_at": "2026-06-01T00:00:00Z", "ends_at": "2026-06-02T00:00:00Z",
    },
    "/channels": {"channels": ["sms"]},
    "/place": {"lat_deg": 31, "lon_deg": 104, "until": "2026-06-01T00:00:00Z"},
    "/memberships": {"station_ref": "S-001"},
    "/trainings": COURSE,
    "/trainings/{training_id}/withdrawal": {"reason": "r"},
    "/credentials": credential_item(number="P-2"),
    "/vetting": {"status": "pending"},
}  # fmt: skip
BODIES: Final[dict[str, dict[str, Any]]] = {
    **{f"POST /registry/volunteers/{{volunteer_id}}{path}": {"json": body} for path, body in ABOUT_A_VOLUNTEER.items()},
    "POST /registry/volunteers/{volunteer_id}/calendar.ics": {
        "content": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:t\r\nEND:VCALENDAR\r\n",
        "headers": {"Content-Type": "text/calendar"},
    },
    f"POST {STATIONS}": {"json": {"items": [station_item(ref="S-2")]}},
    f"POST {VOLUNTEERS}": {"json": {"items": [volunteer_item(ref="V-2")]}},
    "POST /registry/areas:batch": {"json": {"source": SOURCE, "items": [area_item()]}},
    "POST /registry/norm-totals": {
        "json": {"items": [{"area_code": "510100", "what": "communities", "source": "x", "count": 1,
                            "as_of_on": "2025-12-31"}]},
    },
    "POST /registry/station-proposals": {"json": {"ref": "S-001", "changes": {"room_count": 9}, "reason": "r"}},
    "POST /registry/station-proposals/{proposal_id}/decisions": {"json": {"verdict": "accept", "reason": "r"}},
    "POST /registry/stations/{station_id}/suspension": {"json": {"is_suspended": True, "reason": "r"}},
    "GET /registry/station-proposals": {"params": {"area_code": "510181"}},
    "GET /registry/credentials/expiring": {"params": {"area_code": "510181"}},
    "GET /registry/trainings/totals": {"params": {"area_code": "510181"}},
}  # fmt: skip
LISTS: Final = {
    "GET /registry/station-proposals/waiting-for-me", "GET /registry/imports", "GET /registry/exports/stations",
    "GET /registry/exports/volunteers",
}  # fmt: skip
"""They show everybody what lies in their own areas."""
ROW_BY_ROW: Final = "POST /registry/imports"
"""It takes any file, and refuses the rows about other areas (test_imports)."""


async def populated(rig: ServiceRig) -> dict[str, UUID | str]:
    """Somebody with a training at a station, a proposal about it and an import, by the names of the paths."""
    await fill(rig, volunteer_item(credentials=[credential_item(expires_on="2026-06-01")]))
    imported = await upload(rig, "stations", csv_file(station(ref="S-001")), areas=["510000"])
    (training_id,) = await enter(rig, COURSE)
    return {
        "volunteer_id": volunteer_id_of("V-001"),
        "station_id": station_id_of("S-001"),
        "training_id": training_id,
        "proposal_id": await propose(rig, room_count=3),
        "import_id": imported.json()["import_id"],
        "exception_id": UUID(int=1),
    }


def shown(found: dict[str, httpx.Response], names: dict[str, UUID | str]) -> set[str]:
    """The lists that show something of what is here."""
    here = ("S-001", str(names["import_id"]))
    return {route for route in LISTS if any(word in found[route].text for word in here)}


async def test_an_account_of_another_area_is_refused_everywhere_and_changes_nothing(rig: ServiceRig) -> None:
    names = await populated(rig)
    before = await register(rig), len(await rig.emitted())
    found = await answers("registry", rig.client, ["610000"], names, BODIES)
    assert let_in(found).keys() == LISTS | {ROW_BY_ROW}, let_in(found)
    assert (await register(rig), len(await rig.emitted())) == before
    assert shown(found, names) == set()


async def test_an_account_of_the_area_is_let_in_everywhere(rig: ServiceRig) -> None:
    names = await populated(rig)
    found = await answers("registry", rig.client, ["510000"], names, BODIES)
    assert let_in(found).keys() == found.keys()
    assert shown(found, names) == LISTS
