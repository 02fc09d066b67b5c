"""Members of teams who opted out: they keep their seat, and the team and those who watch over it are told.

Nothing here takes anybody out of a team: whether somebody on their way is called back, replaced or goes on is for a
person to decide. Who is not seated yet, or in a team that was not sent, gives the place back by way of the alert.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from schemas.envelope import Envelope
from schemas.events.mission import MissionMemberContactChanged
from schemas.events.volunteer import VolunteerOptedIn, VolunteerOptedOut
from services.dispatch import decide, store
from services.dispatch.model import SENT
from services.dispatch.store import SQL, Held, IncidentRow
from services.kit.unit import Unit


async def opted_out(unit: Unit, envelope: Envelope) -> None:
    """No page may leave to a volunteer any more: tell the team they were sent with."""
    event = envelope.data
    assert isinstance(event, VolunteerOptedOut)
    if await unit.connection.fetchval(SQL.opt_out.sql, event.volunteer_id) is not None:
        await _tell_teams(unit, event.volunteer_id, may_be_contacted=False)


async def opted_in(unit: Unit, envelope: Envelope) -> None:
    """A volunteer may be paged again."""
    event = envelope.data
    assert isinstance(event, VolunteerOptedIn)
    if await unit.connection.fetchval(SQL.opt_in.sql, event.volunteer_id) is not None:
        await _tell_teams(unit, event.volunteer_id, may_be_contacted=True)


async def tell_of_newcomers(unit: Unit, row: IncidentRow, newcomers: Collection[UUID]) -> None:
    """Tell of those among people who have just been sent that opted out before."""
    muted = await store.opted_out_among(unit.connection, newcomers)
    if muted:
        held = await store.members_of(unit.connection, row.incident_id)
        for someone in held:
            if someone.volunteer_id in muted:
                await _tell(unit, row, held, someone, may_be_contacted=False)


async def _tell_teams(unit: Unit, volunteer_id: UUID, *, may_be_contacted: bool) -> None:
    """Tell the team of each world that was sent with the volunteer in it."""
    for record in await unit.connection.fetch(SQL.incidents_holding.sql, volunteer_id):
        row = await store.lock_known_incident(unit.connection, record["incident_id"])
        assert row is not None
        held = await store.members_of(unit.connection, row.incident_id)
        for someone in held:
            if someone.volunteer_id == volunteer_id:
                await _tell(unit, row, held, someone, may_be_contacted=may_be_contacted)


async def _tell(unit: Unit, row: IncidentRow, held: Collection[Held], member: Held, *, may_be_contacted: bool) -> None:
    mission = None if member.mission_id is None else await store.mission(unit.connection, member.mission_id)
    if mission is None or mission.state not in SENT:
        return
    others = [one for one in held if one.mission_id == mission.mission_id and one is not member]
    muted = await store.opted_out_among(unit.connection, [one.volunteer_id for one in others])
    told = decide.lead_of(one.seated() for one in others if one.volunteer_id not in muted)
    unit.emit(
        MissionMemberContactChanged(
            mission_id=mission.mission_id,
            incident_id=row.incident_id,
            volunteer_id=member.volunteer_id,
            need_id=member.need_id,
            may_be_contacted=may_be_contacted,
            tell_volunteer_id=None if told is None else told.volunteer_id,
        ),
        key=mission.mission_id,
        exercise=row.exercise,
        jurisdiction=row.jurisdiction,
    )
