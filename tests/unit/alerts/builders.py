"""People, stations and quotas for the tests of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from schemas.events.alert import Quota
from schemas.vocabulary import Role, ZoneKind
from services.alerts.model import Exclusions, Person, QuotaState, Reach, Roster, Wave, WaveRules
from services.alerts.waves import decide_wave

ALERT = UUID(int=1)
RULES = WaveRules()


def person(
    number: int,
    *roles: Role,
    station: int = 1,
    languages: Sequence[str] = ("cmn",),
    deployable: bool = True,
    reasons: tuple[str, ...] = (),
    activation_minutes: int | None = None,
) -> Person:
    """Somebody, a counsellor unless told otherwise."""
    return Person(
        volunteer_id=UUID(int=number),
        home_station_id=UUID(int=station),
        roles=frozenset(roles or (Role.COUNSELLOR,)),
        languages=frozenset(languages),
        deployable=deployable,
        reasons=reasons,
        activation_minutes=activation_minutes,
    )


def quota(
    count: int,
    role: Role = Role.COUNSELLOR,
    *,
    need_id: str = "need",
    zone: ZoneKind = ZoneKind.CORE,
    language: str | None = None,
    accepted: int = 0,
    ring: int = 0,
    waiting: int = 0,
) -> QuotaState:
    """A quota that is not filled yet."""
    wanted = Quota(need_id=need_id, zone_id=UUID(int=7), zone_kind=zone, role=role, language=language, count=count)
    return QuotaState(quota=wanted, accepted=accepted, ring=ring, waiting=waiting)


def near(distance_km: float = 20.0, station: int = 1, inside: ZoneKind | None = None) -> Reach:
    """A station in reach."""
    return Reach(UUID(int=station), distance_km, inside)


def wave(
    quotas: Sequence[QuotaState],
    people: Sequence[Person],
    *,
    reach: Sequence[Reach] = (near(),),
    exclusions: Exclusions | None = None,
    rules: WaveRules = RULES,
) -> Wave:
    """The next wave."""
    return decide_wave(ALERT, quotas, reach, Roster.of(people), exclusions or Exclusions(), rules)


def asked(result: Wave) -> list[int]:
    """The numbers of those who are asked, in order."""
    return [ask.volunteer_id.int for ask in result.asks]
