"""A small network of stations and volunteers, and incidents that ask for them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from schemas.events.incident import IncidentDeclared
from schemas.events.station import StationState
from schemas.events.volunteer import VolunteerState
from schemas.values import IncidentClock, NeedLine, PointGeometry, Position
from schemas.vocabulary import IncidentKind, Level, Role, StationKind, Tier, ZoneKind

PLACE = (103.4, 31.0)


def station(lon_deg: float, lat_deg: float) -> StationState:
    """An open station."""
    return StationState(
        station_id=uuid4(),
        kind=StationKind.EMERGENCY_STATION,
        tier=Tier.COUNTY,
        name_zh="测试站",
        name_en="Test station",
        area_code="510000",
        position=Position(lat_deg=lat_deg, lon_deg=lon_deg),
        languages=("cmn",),
        is_open=True,
    )


def volunteer(
    home: StationState, *roles: Role, deployable: bool = True, languages: tuple[str, ...] = ("cmn",)
) -> VolunteerState:
    """Somebody of a station."""
    return VolunteerState(
        volunteer_id=uuid4(),
        home_station_id=home.station_id,
        area_code=home.area_code,
        position=home.position,
        roles=roles,
        languages=languages,
        deployable=deployable,
        reasons=() if deployable else ("unavailable",),
    )


def need(
    role: Role, count: int, *, need_id: str | None = None, zone: ZoneKind = ZoneKind.CORE, language: str | None = None
) -> NeedLine:
    """A need line of one team."""
    return NeedLine(
        need_id=need_id or f"{zone.value}-{role.value}",
        zone_kind=zone,
        role=role,
        language=language,
        per_team=count,
        teams=1,
    )


def clock(factor: float = 1.0) -> IncidentClock:
    """A clock that begins now."""
    now = datetime.now(UTC)
    return IncidentClock(anchor_real_at=now, anchor_incident_at=now, factor=factor)


def incident(
    *needs: NeedLine, factor: float = 1.0, incident_id: UUID | None = None, place: tuple[float, float] = PLACE
) -> IncidentDeclared:
    """A fire around the place."""
    return IncidentDeclared(
        incident_id=incident_id or uuid4(),
        kind=IncidentKind.FIRE,
        level=Level.IV,
        title_zh="测试",
        title_en="Test",
        occurred_at=datetime.now(UTC),
        place=PointGeometry(coordinates=place),
        radius_m=2000,
        area_codes=("510000",),
        needs=needs,
        clock=clock(factor),
    )
