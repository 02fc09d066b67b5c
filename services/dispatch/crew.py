"""Forming teams and keeping them whole, inside a unit: what `decide` decides is stored and told.

The incident's row must be locked by the caller. Events inherit exercise and jurisdiction from the incident.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from schemas.events.mission import (
    Member,
    MissionCancelled,
    MissionCompleted,
    MissionDeclined,
    MissionDispatched,
    MissionPlanned,
)
from schemas.ids import derived_id
from schemas.values import IncidentClock, Position
from services.dispatch import decide, store
from services.dispatch.contact import tell_of_newcomers
from services.dispatch.model import (
    Destination,
    Helper,
    MissionState,
    NewTeam,
    Refill,
    Rules,
    SeatLine,
    Team,
    ZonePicture,
)
from services.dispatch.store import SQL, Held, IncidentRow, MissionRow
from services.kit.unit import Unit

CHECK_IN: Final = "check-in"
"""Kind of the timer that watches for a team's sign of life; its key is the mission's id."""
ZONE_LIFTED: Final = "the zone was lifted before the team was sent"
AUTO_DISPATCH: Final = "auto-dispatch"
"""Who approved, when the incident says that a complete team leaves without a person's approval."""


async def form(unit: Unit, row: IncidentRow, rules: Rules) -> None:
    """Look at every zone of the incident and form what can be formed now."""
    if row.clock is None or row.is_closed:
        return
    connection = unit.connection
    held = await store.members_of(connection, row.incident_id)
    zones = await store.zones_of(connection, row.incident_id)
    if not zones or all(someone.mission_id is not None for someone in held):
        return
    lines = decide.seat_lines(row.needs, zones, await store.quotas_of(connection, row.incident_id))
    exhausted = await store.exhausted_of(connection, row.incident_id)
    teams = await store.teams_of(connection, row.incident_id, held)
    served = {}
    if any(line.is_moved for of_zone in lines.values() for line in of_zone):
        served = await store.served_needs(connection, row.incident_id)
    for zone in zones:
        picture = _picture(zone, lines.get(zone.zone_id, ()), teams.get(zone.zone_id, ()), held, exhausted, served)
        formation = decide.form_teams(picture, rules)
        for refill in formation.refills:
            await _refill(unit, row, refill, rules)
        for team in formation.teams:
            await _plan(unit, row, zone, team, rules)


def _picture(
    zone: Destination,
    lines: Sequence[SeatLine],
    teams: Sequence[Team],
    held: Sequence[Held],
    exhausted: frozenset[str],
    served: Mapping[UUID, frozenset[str]],
) -> ZonePicture:
    wanted = {line.need_id: line for line in lines}
    waiting = tuple(
        someone.as_helper(wanted[someone.need_id].role, wanted[someone.need_id].language)
        for someone in held
        if someone.mission_id is None and someone.zone_id == zone.zone_id and someone.need_id in wanted
    )
    return ZonePicture(
        zone_id=zone.zone_id,
        zone_kind=zone.kind,
        lines=tuple(lines),
        teams=tuple(teams),
        waiting=waiting,
        exhausted=exhausted,
        served=served,
    )


def declared_clock(row: IncidentRow) -> IncidentClock:
    """The incident's clock. A mission exists only for a declared incident."""
    if row.clock is None:
        raise RuntimeError("a mission of an incident that was never declared")
    return row.clock


async def _plan(unit: Unit, row: IncidentRow, zone: Destination, team: NewTeam, rules: Rules) -> None:
    clock = declared_clock(row)
    again = await unit.connection.fetchval(SQL.withdrawn_before.sql, zone.zone_id, team.team_no)
    ordinal = f"{team.team_no}/{again}" if again else team.team_no
    mission_id = derived_id(row.incident_id, f"mission/{zone.zone_id}", ordinal)
    await unit.connection.execute(
        SQL.plan_mission.sql, mission_id, row.incident_id, zone.zone_id, team.team_no, team.is_short,
        team.lead_volunteer_id, team.explanation.model_dump(mode="json"), clock.incident_time(unit.now),
    )  # fmt: skip
    await store.seat(unit.connection, row.incident_id, mission_id, team.members)
    unit.emit(
        MissionPlanned(
            mission_id=mission_id,
            incident_id=row.incident_id,
            zone_id=zone.zone_id,
            zone_kind=zone.kind,
            team_no=team.team_no,
            members=as_members(team.members),
            lead_volunteer_id=team.lead_volunteer_id,
            destination=Position(lat_deg=zone.lat_deg, lon_deg=zone.lon_deg),
            explanation=team.explanation,
            clock=clock,
        ),
        key=mission_id,
    )
    if row.auto_dispatch:
        planned = await store.mission(unit.connection, mission_id)
        assert planned is not None
        await send(unit, row, planned, team.members, AUTO_DISPATCH, rules)


async def withdraw(unit: Unit, row: IncidentRow) -> None:
    """Give up plans for lifted zones that nobody approved. Their members wait, each at the zone of their need."""
    if row.clock is None:
        return
    now = row.clock.incident_time(unit.now)
    plans = await unit.connection.fetch(SQL.withdraw_plans.sql, row.incident_id, now, ZONE_LIFTED)
    for plan in plans:
        mission_id = plan["mission_id"]
        unit.emit(
            MissionCancelled(mission_id=mission_id, incident_id=row.incident_id, reason=ZONE_LIFTED, members_wait=True),
            key=mission_id,
        )
    if plans:
        quotas = await store.quotas_of(unit.connection, row.incident_id)
        await store.put_quotas(unit.connection, row.incident_id, quotas)


async def _refill(unit: Unit, row: IncidentRow, refill: Refill, rules: Rules) -> None:
    """Seat the newcomers; a team that was sent already is told again, whole, so that the newcomers are paged."""
    await store.seat(unit.connection, row.incident_id, refill.mission_id, refill.joined)
    await unit.connection.execute(SQL.set_lead.sql, refill.mission_id, refill.lead_volunteer_id)
    mission = await store.mission(unit.connection, refill.mission_id)
    if mission is None or mission.state is not MissionState.DISPATCHED:
        return
    if mission.approved_by is None or mission.relieve_by_at is None:
        raise RuntimeError("a dispatched mission that nobody approved")
    members = (await store.crews_of(unit.connection, [refill.mission_id]))[refill.mission_id]
    _tell_dispatched(
        unit, mission, members, refill.lead_volunteer_id, mission.approved_by, mission.relieve_by_at, rules
    )
    await tell_of_newcomers(unit, row, [who.volunteer_id for who in refill.joined])


async def send(
    unit: Unit, row: IncidentRow, mission: MissionRow, crew: Sequence[Helper], approved_by: str, rules: Rules
) -> None:
    """Dispatch a planned mission."""
    now = declared_clock(row).incident_time(unit.now)
    relieve_by_at, due_at = decide.relieve_by(now, rules), decide.next_check_in(now, rules)
    await unit.connection.execute(SQL.dispatch_mission.sql, mission.mission_id, approved_by, now, relieve_by_at, due_at)
    watch(unit, row, mission.mission_id, due_at)
    lead = decide.lead_of(crew)
    if lead is None:
        raise RuntimeError("an empty team is never sent")
    _tell_dispatched(unit, mission, crew, lead.volunteer_id, approved_by, relieve_by_at, rules)
    await tell_of_newcomers(unit, row, [who.volunteer_id for who in crew])


def _tell_dispatched(
    unit: Unit, mission: MissionRow, crew: Sequence[Helper], lead: UUID, approved_by: str,
    relieve_by_at: datetime, rules: Rules,
) -> None:  # fmt: skip
    unit.emit(
        MissionDispatched(
            mission_id=mission.mission_id,
            incident_id=mission.incident_id,
            zone_id=mission.zone_id,
            members=as_members(crew),
            lead_volunteer_id=lead,
            destination=mission.destination,
            approved_by=approved_by,
            check_in_every_minutes=rules.check_in_every_minutes,
            relieve_by_at=relieve_by_at,
        ),
        key=mission.mission_id,
    )


def watch(unit: Unit, row: IncidentRow, mission_id: UUID, due_at: datetime) -> None:
    """Look for the team's sign of life when it is due; replaces the watch before."""
    real_at = declared_clock(row).real_time(due_at)
    unit.schedule(CHECK_IN, mission_id, real_at, {"due_at": due_at.isoformat()})


def decline_unseated(unit: Unit, row: IncidentRow, volunteer_id: UUID, need_id: str, reason: str) -> None:
    """Say that somebody who was counted cannot come, before they had a seat.

    No mission is concerned, so these events share a key of their own per incident.
    """
    unit.emit(
        MissionDeclined(
            mission_id=None, incident_id=row.incident_id, volunteer_id=volunteer_id, need_id=need_id, reason=reason
        ),
        key=derived_id(row.incident_id, "mission/none"),
    )


async def leave(unit: Unit, row: IncidentRow, volunteer_id: UUID, reason: str, rules: Rules) -> None:
    """Somebody leaves: from a team, whose seat is open again and whose lead may change, or from those who wait."""
    held = await store.members_of(unit.connection, row.incident_id)
    gone = next((someone for someone in held if someone.volunteer_id == volunteer_id), None)
    if gone is None:
        return
    await unit.connection.execute(SQL.release_member.sql, row.incident_id, volunteer_id, reason)
    if gone.mission_id is None:
        return  # the alert that counted them knows: it is the one who said so
    unit.emit(
        MissionDeclined(
            mission_id=gone.mission_id,
            incident_id=row.incident_id,
            volunteer_id=volunteer_id,
            need_id=gone.need_id,
            reason=reason,
        ),
        key=gone.mission_id,
    )
    left = [someone.seated() for someone in held if someone.mission_id == gone.mission_id and someone is not gone]
    lead = decide.lead_of(left)
    await unit.connection.execute(SQL.set_lead.sql, gone.mission_id, lead.volunteer_id if lead else None)
    mission = await store.mission(unit.connection, gone.mission_id)
    assert mission is not None
    if decide.is_abandoned(mission.state, len(left)):
        await end(unit, row, mission, MissionState.CANCELLED, "every member left before the team arrived")
    await form(unit, row, rules)


async def end(unit: Unit, row: IncidentRow, mission: MissionRow, state: MissionState, reason: str) -> None:
    """End a mission as completed or cancelled and release all its members at once."""
    now = declared_clock(row).incident_time(unit.now)
    await unit.connection.execute(SQL.end_mission.sql, mission.mission_id, state.value, now, reason)
    await unit.connection.execute(SQL.release_crew.sql, mission.mission_id)
    unit.cancel(CHECK_IN, mission.mission_id)
    if state is MissionState.COMPLETED:
        completed = MissionCompleted(
            mission_id=mission.mission_id, incident_id=mission.incident_id, completed_at=now, reason=reason
        )
        unit.emit(completed, key=mission.mission_id)
    else:
        cancelled = MissionCancelled(mission_id=mission.mission_id, incident_id=mission.incident_id, reason=reason)
        unit.emit(cancelled, key=mission.mission_id)


def as_members(crew: Sequence[Helper]) -> tuple[Member, ...]:
    """The team as events tell it."""
    return tuple(
        Member(volunteer_id=who.volunteer_id, need_id=who.need_id, role=who.role, language=who.language) for who in crew
    )
