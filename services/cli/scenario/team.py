"""Simulated teams: the lead's phone reports departure, arrival and signs of life, and opens cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, Final
from uuid import UUID

from schemas.ids import derived_id
from services.cli.scenario.api import Api, Reply
from services.cli.scenario.gateway import GatewayPage
from services.cli.scenario.phones import scope_of
from services.cli.scenario.simulated import SimulatedWorld
from services.cli.scenario.world.people import PersonMet, people_met
from services.cli.scenario.world.travel import travel_for

BETWEEN_PEOPLE_S: Final = 10 * 60.0
"""Incident time from one person met to the next (assumed)."""
CHECK_IN_EVERY_S: Final = 6 * 3600.0
"""Incident time between two signs of life: twice as often as asked for."""
NOT_ARRIVED_YET: Final = (404, 409)
"""What care answers until it has heard of the team's arrival."""


class TeamFault(RuntimeError):
    """The API refused what a team's phone reported."""


@dataclass(slots=True)
class TeamLog:
    """What a team's phone did. `cases` maps the id of each case to the person it was opened for."""

    mission_id: str
    lead_id: str
    name: str
    distance_km: float
    eta_minutes: int
    state: str = "called"
    cases: dict[str, PersonMet] | None = None

    @property
    def is_done(self) -> bool:
        """Whether the first day's work is done."""
        return self.state == "settled"


class Teams:
    """All simulated teams of one incident."""

    def __init__(self, api: Api, world: SimulatedWorld, incident_id: Callable[[], str]) -> None:
        self._api = api
        self._world = world
        self._incident_id = incident_id
        self.logs: dict[str, TeamLog] = {}

    async def on_page(self, page: GatewayPage) -> None:
        """A mission page came: the lead's phone takes it up, the others' show it."""
        kind, mission_id = scope_of(page.token)
        if kind != "mission" or mission_id in self.logs:
            return
        mission = await self._get(mission_id, page.token)
        if mission is None or mission["incident_id"] != self._incident_id():
            return
        if mission["lead_volunteer_id"] != page.recipient or mission_id in self.logs:
            return
        log = self._plan(mission)
        self.logs[mission_id] = log
        await self._go(log, page)

    def _plan(self, mission: dict[str, Any]) -> TeamLog:
        """The team gathers on the way: its journey is as long as that of the member who lives farthest."""
        place = (mission["destination"]["lat_deg"], mission["destination"]["lon_deg"])
        members = [member["volunteer_id"] for member in mission["members"]]
        return TeamLog(
            mission_id=mission["mission_id"],
            lead_id=mission["lead_volunteer_id"],
            name=f"{mission['zone_kind']}/{mission['team_no']}",
            distance_km=max(self._world.distance_km(member, place) for member in members),
            eta_minutes=0,
        )

    async def _go(self, log: TeamLog, page: GatewayPage) -> None:
        world, token = self._world, page.token
        journey = travel_for(world.seed, world.incident_seed, log.name, log.distance_km)
        await world.wait(journey.preparation_s, since=page.received_at)
        log.eta_minutes = ceil(journey.travel_s / 60)
        await self._report(log, "departures", token, {"eta_minutes": log.eta_minutes})
        log.state = "departed"
        await world.wait(journey.travel_s)
        await self._report(log, "arrivals", token)
        log.state = "arrived"
        await self._report(log, "check-ins", token)
        await self._meet(log, token)
        log.state = "settled"
        await self._keep_in_touch(log, token)

    async def _meet(self, log: TeamLog, token: str) -> None:
        """Open a case for each person met on the first day."""
        world = self._world
        log.cases = {}
        for person in people_met(world.seed, world.incident_seed, log.name, 0):
            await world.wait(BETWEEN_PEOPLE_S)
            reply = await self._api.call(
                "POST",
                "/care/cases",
                case_body(log.mission_id, person),
                token=token,
                key=self._key(log, f"case/{person.ref}"),
                not_yet=NOT_ARRIVED_YET,
                patience_s=world.patience_s,
            )
            _require(reply, "open a case")
            log.cases[str(reply.document["case_id"])] = person

    async def _keep_in_touch(self, log: TeamLog, token: str) -> None:
        """Signs of life until the mission is over."""
        number = 1
        while True:
            await self._world.wait(CHECK_IN_EVERY_S)
            reply = await self._step(log, "check-ins", token, None, f"check-ins/{number}")
            if not reply.ok:
                log.state = "over"
                return
            number += 1

    async def _report(self, log: TeamLog, step: str, token: str, body: dict[str, Any] | None = None) -> None:
        _require(await self._step(log, step, token, body, step), f"report {step}")

    async def _step(self, log: TeamLog, step: str, token: str, body: dict[str, Any] | None, name: str) -> Reply:
        path = f"/dispatch/missions/{log.mission_id}/{step}"
        return await self._api.call("POST", path, body, token=token, key=self._key(log, name))

    async def _get(self, mission_id: str, token: str) -> dict[str, Any] | None:
        reply = await self._api.call("GET", f"/dispatch/missions/{mission_id}", token=token)
        if reply.status in (403, 404):  # somebody who has left the team again
            return None
        _require(reply, "look at the mission")
        document: dict[str, Any] = reply.document
        return document

    def _key(self, log: TeamLog, name: str) -> str:
        return str(derived_id(UUID(log.mission_id), f"simulated/{name}"))


def case_body(mission_id: str, person: PersonMet) -> dict[str, Any]:
    """What the team's app sends for a person met: no name, no place."""
    return {
        "mission_id": mission_id,
        "population_group": person.population_group,
        "triage_level": person.triage_level,
        "age_band": person.age_band,
        "consent_follow_up": person.consents_to_follow_up,
    }


def _require(reply: Reply, what: str) -> None:
    if not reply.ok:
        raise TeamFault(f"a team could not {what}: {reply.explain()}")
