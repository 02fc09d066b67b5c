"""The one declaration of a run, as a duty officer's system would send it, and the end of the drill."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from schemas.values import NeedLine
from services.cli.instance.errors import InstanceError
from services.cli.scenario.api import Api, Bearer
from services.cli.scenario.model import Scenario

NARRATIVE = "Drill. Members, phones, journeys and people met are simulated; pages go to the recording gateway only."


def declaration(scenario: Scenario, factor: float, scale: float) -> dict[str, Any]:
    """The body of POST /incidents: always an exercise. With a scale below 1 fewer teams are asked for."""
    return {
        "kind": scenario.kind,
        "level": scenario.level,
        "title_zh": scenario.title.zh,
        "title_en": scenario.title.en,
        "occurred_at": scenario.occurred_at.isoformat(),
        "place": {"lat_deg": scenario.origin.lat_deg, "lon_deg": scenario.origin.lon_deg},
        "magnitude": scenario.origin.magnitude,
        "intensity_observations": [
            {"lat_deg": one.lat_deg, "lon_deg": one.lon_deg, "intensity": one.intensity}
            for one in scenario.intensity_observations
        ],
        "area_codes": list(scenario.area_codes),
        "needs": [need.model_dump(mode="json") for need in scaled_needs(scenario.needs, scale)],
        "narrative": NARRATIVE,
        "exercise": True,
        "drill_factor": factor,
        "auto_dispatch": True,
    }


def scaled_needs(needs: Sequence[NeedLine], scale: float) -> list[NeedLine]:
    """The need lines with that share of their teams, at least one."""
    return [need.model_copy(update={"teams": max(1, ceil(need.teams * scale))}) for need in needs]


async def declare(api: Api, bearer: Bearer, body: dict[str, Any], key: str) -> str:
    """Declare and give the incident's id. Raises InstanceError with the reasons of a refusal."""
    reply = await api.call("POST", "/incidents", body, bearer=bearer, key=key)
    if not reply.ok:
        raise InstanceError(f"the declaration was refused: {reply.explain()}")
    return str(reply.document["incident_id"])


async def close(api: Api, bearer: Bearer, incident_id: str) -> None:
    """End the drill."""
    reply = await api.call(
        "POST", f"/incidents/{incident_id}/close", {"reason": "drill ended"}, bearer=bearer, key=f"close-{incident_id}"
    )
    if not reply.ok:
        raise InstanceError(f"the incident could not be closed: {reply.explain()}")


async def open_drills(api: Api, bearer: Bearer) -> list[str]:
    """Ids of the newest exercises that are open."""
    reply = await api.call("GET", "/incidents", bearer=bearer, params={"state": "open"})
    items = reply.document["items"] if reply.ok else []
    return [str(item["incident_id"]) for item in items if item["exercise"]]
