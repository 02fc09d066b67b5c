"""Events of one small incident, as the services before dispatch would tell them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from schemas.events.alert import AlertAnswered, AlertExhausted, AlertOpened, Quota, Shortfall
from schemas.events.incident import IncidentClosed, IncidentDeclared, IncidentMerged
from schemas.events.zone import StationInReach, Zone, ZoneFenced
from schemas.ids import derived_id
from schemas.values import (
    Explanation,
    IncidentClock,
    MultiPolygonGeometry,
    NeedLine,
    PointGeometry,
    Position,
)
from schemas.vocabulary import Answer, IncidentKind, Level, Role, ZoneKind
from tests.integration.dispatch.field import REAL_NOW

WORDS = Explanation(zh="测试", en="a test")
OCCURRED_AT = datetime(2008, 5, 12, 6, 28, 1, tzinfo=UTC)
FACTOR = 60.0
SQUARE = MultiPolygonGeometry(
    coordinates=((((103.0, 31.0), (104.0, 31.0), (104.0, 32.0), (103.0, 32.0), (103.0, 31.0)),),)
)
NEEDS = (
    NeedLine(need_id="lead", zone_kind=ZoneKind.CORE, role=Role.TEAM_LEAD, per_team=1, teams=2),
    NeedLine(need_id="counsel", zone_kind=ZoneKind.CORE, role=Role.COUNSELLOR, per_team=2, teams=2),
)


@dataclass
class Story:
    """One incident with a core zone and two teams of three; a drill at sixty times the speed unless told otherwise."""

    exercise: bool = True
    auto_dispatch: bool = True
    needs: tuple[NeedLine, ...] = NEEDS
    incident_id: UUID = field(default_factory=uuid4)
    inside_station: UUID = field(default_factory=uuid4)
    near_station: UUID = field(default_factory=uuid4)
    far_station: UUID = field(default_factory=uuid4)

    @property
    def zone_id(self) -> UUID:
        """The core zone."""
        return derived_id(self.incident_id, "zone/core")

    @property
    def alert_id(self) -> UUID:
        """The incident's alert."""
        return derived_id(self.incident_id, "alert")

    @property
    def clock(self) -> IncidentClock:
        """The incident's clock, begun when the tests' clock begins."""
        if not self.exercise:
            return IncidentClock(anchor_real_at=REAL_NOW, anchor_incident_at=REAL_NOW)
        return IncidentClock(anchor_real_at=REAL_NOW, anchor_incident_at=OCCURRED_AT, factor=FACTOR)

    def mission_id(self, team_no: int = 0) -> UUID:
        """The mission of a team."""
        return derived_id(self.incident_id, f"mission/{self.zone_id}", team_no)

    def declared(self) -> IncidentDeclared:
        """The declaration."""
        return IncidentDeclared(
            incident_id=self.incident_id, kind=IncidentKind.EARTHQUAKE, level=Level.I, title_zh="测试", title_en="test",
            occurred_at=OCCURRED_AT if self.exercise else REAL_NOW, place=PointGeometry(coordinates=(103.4, 31.0)),
            area_codes=("510000",), needs=self.needs, clock=self.clock, auto_dispatch=self.auto_dispatch,
        )  # fmt: skip

    def fenced(self) -> ZoneFenced:
        """The zone and three stations, one of them inside it."""
        zone = Zone(
            zone_id=self.zone_id, kind=ZoneKind.CORE, geometry=SQUARE, area_km2=10_000,
            centre=Position(lat_deg=31.5, lon_deg=103.5), explanation=WORDS,
        )  # fmt: skip
        stations = (
            StationInReach(station_id=self.inside_station, inside=ZoneKind.CORE, distance_km=0, bearing_deg=0),
            StationInReach(station_id=self.near_station, inside=None, distance_km=30, bearing_deg=90),
            StationInReach(station_id=self.far_station, inside=None, distance_km=300, bearing_deg=90),
        )
        return ZoneFenced(
            incident_id=self.incident_id, area_codes=("510000",), zones=(zone,), stations=stations, reach_km=1000,
            clock=self.clock,
        )  # fmt: skip

    def opened(self) -> AlertOpened:
        """The alert with its quotas."""
        quotas = tuple(
            Quota(
                need_id=need.need_id, zone_id=self.zone_id, zone_kind=ZoneKind.CORE, role=need.role,
                language=need.language, count=need.count,
            )
            for need in self.needs
        )  # fmt: skip
        return AlertOpened(
            alert_id=self.alert_id, incident_id=self.incident_id, quotas=quotas, stations_in_reach=3, clock=self.clock
        )

    def answered(
        self, volunteer_id: UUID, need_id: str, answer: Answer = Answer.ACCEPT, *, counted: bool = True
    ) -> AlertAnswered:
        """Somebody answered."""
        return AlertAnswered(
            alert_id=self.alert_id, incident_id=self.incident_id, page_id=uuid4(), volunteer_id=volunteer_id,
            need_id=need_id, zone_id=self.zone_id, answer=answer, counted=counted,
        )  # fmt: skip

    def exhausted(self, *need_ids: str) -> AlertExhausted:
        """Nobody is left to ask."""
        shortfalls = tuple(Shortfall(need_id=need_id, missing=1, why=WORDS) for need_id in need_ids)
        return AlertExhausted(alert_id=self.alert_id, incident_id=self.incident_id, shortfalls=shortfalls)

    def closed(self) -> IncidentClosed:
        """The acute response ended."""
        return IncidentClosed(incident_id=self.incident_id, closed_at=REAL_NOW)

    def merged(self) -> IncidentMerged:
        """It was found to be the same as another."""
        return IncidentMerged(incident_id=self.incident_id, into_incident_id=uuid4(), merged_at=REAL_NOW)
