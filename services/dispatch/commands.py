"""What people tell dispatch about a mission: who may say it, and what follows. Raises `ProblemError`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from schemas.events.mission import MissionArrived, MissionCheckedIn, MissionDeparted
from services.dispatch import crew, decide, store
from services.dispatch.model import AlreadyDone, Helper, Mission, MissionState, Refused, Rules, Step
from services.dispatch.store import SQL, IncidentRow, MissionRow
from services.kit.auth import Principal, require_jurisdiction
from services.kit.problems import Finding, conflict, forbidden, invalid, not_found
from services.kit.unit import Unit

HANDED_OVER = "handed over"


class Desk:
    """The commands of one mission, within one unit. Made by `open_desk`, which locks and checks."""

    def __init__(
        self,
        unit: Unit,
        row: IncidentRow,
        mission: MissionRow,
        members: list[Helper],
        principal: Principal,
        rules: Rules,
    ) -> None:
        self._unit = unit
        self._row = row
        self._mission = mission
        self._members = members
        self._principal = principal
        self._rules = rules

    @property
    def _state(self) -> Mission:
        return self._mission.with_crew(self._members)

    async def approve(self) -> bool:
        """Send the team; false if it was sent before."""
        if not self._may(Step.APPROVE):
            return False
        await crew.send(self._unit, self._row, self._mission, self._members, self._principal.subject, self._rules)
        return True

    async def depart(self, eta_minutes: int) -> bool:
        """The team is on its way and expects to arrive after so many minutes of incident time."""
        self._lead_only()
        if not self._may(Step.DEPART):
            return False
        now = crew.declared_clock(self._row).incident_time(self._unit.now)
        eta_at, due_at = now + timedelta(minutes=eta_minutes), decide.next_check_in(now, self._rules)
        await self._unit.connection.execute(SQL.depart_mission.sql, self._mission.mission_id, now, eta_at, due_at)
        crew.watch(self._unit, self._row, self._mission.mission_id, due_at)
        self._unit.emit(
            MissionDeparted(
                mission_id=self._mission.mission_id,
                incident_id=self._row.incident_id,
                departed_at=now,
                eta_at=eta_at,
            ),
            key=self._mission.mission_id,
        )
        return True

    async def arrive(self) -> bool:
        """The team is on scene."""
        self._lead_only()
        if not self._may(Step.ARRIVE):
            return False
        now = crew.declared_clock(self._row).incident_time(self._unit.now)
        due_at = decide.next_check_in(now, self._rules)
        await self._unit.connection.execute(SQL.arrive_mission.sql, self._mission.mission_id, now, due_at)
        crew.watch(self._unit, self._row, self._mission.mission_id, due_at)
        self._unit.emit(
            MissionArrived(mission_id=self._mission.mission_id, incident_id=self._row.incident_id, arrived_at=now),
            key=self._mission.mission_id,
        )
        return True

    async def check_in(self) -> bool:
        """The team is well; any member may say so."""
        self._member_only()
        refused = decide.check_in(self._state)
        if refused is not None:
            raise conflict(refused.detail)
        now = crew.declared_clock(self._row).incident_time(self._unit.now)
        due_at = decide.next_check_in(now, self._rules)
        await self._unit.connection.execute(SQL.check_in_mission.sql, self._mission.mission_id, due_at)
        crew.watch(self._unit, self._row, self._mission.mission_id, due_at)
        self._unit.emit(
            MissionCheckedIn(
                mission_id=self._mission.mission_id,
                incident_id=self._row.incident_id,
                checked_in_at=now,
                next_due_at=due_at,
            ),
            key=self._mission.mission_id,
        )
        return True

    async def complete(self) -> bool:
        """The team handed over; everybody is released."""
        self._lead_only()
        if not self._may(Step.COMPLETE):
            return False
        await crew.end(self._unit, self._row, self._mission, MissionState.COMPLETED, HANDED_OVER)
        return True

    async def decline(self, volunteer_id: UUID | None, reason: str) -> bool:
        """A member leaves: by their own word, or by that of an account that says who."""
        own = self._principal.scope is not None
        if own and volunteer_id is not None and str(volunteer_id) != self._principal.subject:
            raise forbidden("A member declines for themself only; a duty officer can do it for another.")
        if not own and volunteer_id is None:
            raise invalid([Finding(where="/volunteer_id", what="say who cannot come")])
        who = UUID(self._principal.subject) if volunteer_id is None else volunteer_id
        member = next((helper for helper in self._members if helper.volunteer_id == who), None)
        if member is None and await store.has_left(self._unit.connection, self._mission.mission_id, who):
            return False
        refused = decide.decline(self._state, member)
        if refused is not None:
            raise conflict(refused.detail)
        await crew.leave(self._unit, self._row, who, reason, self._rules)
        return True

    def _may(self, step: Step) -> bool:
        outcome = decide.step(self._state, step, self._rules)
        if isinstance(outcome, Refused):
            raise conflict(outcome.detail)
        return not isinstance(outcome, AlreadyDone)

    def _lead_only(self) -> None:
        if self._principal.scope is not None and self._principal.subject != str(self._mission.lead_volunteer_id):
            raise forbidden("Only the team's lead or a duty officer reports for the team.")

    def _member_only(self) -> None:
        require_member(self._principal, self._members)


def require_member(principal: Principal, members: list[Helper]) -> None:
    """403 for a mission token of somebody who is not in the team (any more). Accounts pass."""
    if principal.scope is not None and principal.subject not in {str(helper.volunteer_id) for helper in members}:
        raise forbidden("You are not a member of this team any more.")


async def open_desk(unit: Unit, mission_id: UUID, principal: Principal, rules: Rules) -> Desk:
    """Lock the mission's incident and check that this account may touch it. 404 for a mission nobody knows."""
    incident_id = await store.incident_of(unit.connection, mission_id)
    row = None if incident_id is None else await store.lock_known_incident(unit.connection, incident_id)
    if row is None:
        raise not_found("mission")
    require_jurisdiction(principal, row.jurisdiction)
    unit.inherit(exercise=row.exercise, jurisdiction=row.jurisdiction)
    mission = await store.mission(unit.connection, mission_id)
    assert mission is not None
    members = (await store.crews_of(unit.connection, [mission_id]))[mission_id]
    return Desk(unit, row, mission, members, principal, rules)
