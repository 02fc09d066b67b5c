"""Calls that the tests of the registry make, and what they read afterwards."""

from __future__ import annotations

from typing import Any

from schemas.events.volunteer import VolunteerState
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item

STATIONS = "/registry/stations:batch"
VOLUNTEERS = "/registry/volunteers:batch"


async def send(rig: ServiceRig, path: str, *items: Any, areas: tuple[str, ...] = ("*",)) -> dict[str, Any]:
    async with rig.client(areas=areas) as client:
        response = await client.post(path, json={"items": items})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def fill(rig: ServiceRig, *volunteers: Any) -> None:
    """One station and these volunteers; what was emitted is forgotten."""
    await send(rig, STATIONS, station_item())
    await send(rig, VOLUNTEERS, *volunteers)
    await rig.forget_emitted()


def outcomes(answer: dict[str, Any]) -> list[str]:
    return [item["outcome"] for item in answer["items"]]


async def types(rig: ServiceRig) -> list[str]:
    return [envelope.type for envelope in await rig.emitted()]


async def last_state(rig: ServiceRig) -> VolunteerState:
    state = (await rig.emitted("volunteer-state"))[-1].data
    assert isinstance(state, VolunteerState)
    return state
