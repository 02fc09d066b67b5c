"""Waves: whom to ask next, for what, and why. Pure and deterministic.

For every open quota, the scarcest first, a wave asks `ceil(missing * oversample)` people, less those whose answer is
still awaited. It looks in the quota's present ring around the gravest zone, and in the next ones only if this one holds
fewer people than places are missing. Whoever speaks a language that a scarcer open quota needs is kept for that one,
as long as anybody else can be asked in any ring. Nobody is asked twice in one alert.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nsmallest
from math import ceil
from typing import Final
from uuid import UUID

from schemas.events.alert import Ask, Quota, Shortfall
from schemas.ids import derived_id
from schemas.values import Explanation
from schemas.vocabulary import ZoneKind
from services.alerts.model import NO_CHANNEL, Exclusions, Person, QuotaState, Reach, Roster, Wave, WaveRules

_ACTIVATION_MINUTES: Final = 60
"""Of people who did not say how long they need until they are on their way (assumed)."""
_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_REASON_WORDS: Final = {
    "in-core-zone": ("本人所在站点位于核心区", "home station inside the core zone"),
    "in-affected-zone": (
        "本人所在站点位于受影响区，不派往核心区",
        "home station inside the affected zone, not sent to the core",
    ),
    "committed": ("已承诺其他任务", "committed elsewhere"),
    "asked-elsewhere": ("正被其他求助询问", "being asked for another request"),
    "asked-here": ("本次已询问过", "already asked here"),
    "retired": ("已退出", "retired"),
    "opted-out": ("本人要求不再联系", "opted out"),
    "minor": ("未成年", "minor"),
    "not-vetted": ("背景审查未通过或未完成", "not vetted"),
    "vetting-lapsed": ("背景审查已过期", "vetting lapsed"),
    "unavailable": ("暂不可联系", "unavailable"),
    "off-duty": ("不在值班时间", "off duty"),
    "on-leave": ("请假", "on leave"),
    "no-valid-credential": ("无有效资质", "no valid credential"),
    "station-closed": ("所在站点已关闭", "home station closed"),
    "station-suspended": ("所在站点暂停服务", "home station suspended"),
    NO_CHANNEL: ("没有任何联系渠道", "no channel reaches them"),
}


@dataclass(frozen=True, slots=True)
class _Candidate:
    person: Person
    reach: Reach
    band: int


def decide_wave(
    alert_id: UUID,
    quotas: Sequence[QuotaState],
    reach: Sequence[Reach],
    roster: Roster,
    exclusions: Exclusions,
    rules: WaveRules,
) -> Wave:
    """The next wave. `reach` lists stations nearest first. Without open quotas nobody is asked."""
    speakers = _speakers([state.quota for state in quotas if state.missing], reach, roster, exclusions)
    opened = _scarcest_first([state for state in quotas if state.missing], speakers, roster)
    kept: set[UUID] = set()
    taken: set[UUID] = set()
    asks: list[Ask] = []
    shortfalls: list[Shortfall] = []
    rings: dict[str, int] = {}
    for state in opened:
        wanted = max(ceil(state.missing * rules.oversample) - state.waiting, 0)
        ring, found = _find(state, wanted, reach, roster, exclusions, rules, taken, kept)
        rings[state.quota.need_id] = ring
        chosen = found[:wanted]
        taken.update(candidate.person.volunteer_id for candidate in chosen)
        kept |= speakers.get(state.quota.need_id, set())
        asks.extend(_ask(alert_id, state.quota, candidate, exclusions, rules) for candidate in chosen)
        if len(chosen) + state.waiting < state.missing:
            missing = state.missing - state.waiting - len(chosen)
            shortfalls.append(_shortfall(state, missing, reach, roster, exclusions, taken))
    widest = max((rings[ask.need_id] for ask in asks), default=len(rules.rings_km) - 1)
    return Wave(
        asks=tuple(asks),
        shortfalls=tuple(shortfalls),
        rings=rings,
        ring_km=rules.rings_km[widest],
        exhausted=bool(opened) and not asks and not any(state.waiting for state in opened),
        explanation=_explain(opened, asks, shortfalls, rules),
    )


def nearby(
    quotas: Sequence[QuotaState], reach: Sequence[Reach], roster: Roster, rules: WaveRules
) -> frozenset[UUID] | None:
    """The people whom a wave considers if it need not look beyond the rings that its quotas have reached; None if it
    considers everybody from the start, because the speakers of a language are counted over the whole reach."""
    opened = [state for state in quotas if state.missing]
    if not opened or any(state.quota.language is not None for state in opened):
        return None
    widest_km = rules.rings_km[max(_ring_of(state, rules) for state in opened)]
    roles = {state.quota.role for state in opened}
    stations = [station.station_id for station in reach if station.distance_km <= widest_km]
    people = (roster.with_role(role, station) for station in stations for role in roles)
    return frozenset(person.volunteer_id for group in people for person in group)


def looked_farther(wave: Wave, quotas: Sequence[QuotaState], rules: WaveRules) -> bool:
    """Whether a wave considered people who are not `nearby`; it must then be decided knowing of all exclusions."""
    reached = max((_ring_of(state, rules) for state in quotas if state.missing), default=0)
    return bool(wave.shortfalls) or max(wave.rings.values(), default=0) > reached


def _ring_of(state: QuotaState, rules: WaveRules) -> int:
    return min(state.ring, len(rules.rings_km) - 1)


def _speakers(
    quotas: Sequence[Quota], reach: Sequence[Reach], roster: Roster, exclusions: Exclusions
) -> dict[str, set[UUID]]:
    """Who can still be asked for each need that wants a language."""
    return {
        quota.need_id: {
            person.volunteer_id
            for station in reach
            for person in roster.with_role(quota.role, station.station_id)
            if quota.language in person.languages and _obstacle(person, station, quota, exclusions) is None
        }
        for quota in quotas
        if quota.language is not None
    }


def _scarcest_first(
    opened: Sequence[QuotaState], speakers: Mapping[str, set[UUID]], roster: Roster
) -> list[QuotaState]:
    """Those that need a language first, by how few can be asked who have it; then the role that fewest have."""

    def key(state: QuotaState) -> tuple[bool, int, str]:
        quota = state.quota
        few = len(speakers[quota.need_id]) if quota.language is not None else roster.holders.get(quota.role, 0)
        return (quota.language is None, few, quota.need_id)

    return sorted(opened, key=key)


def _find(
    state: QuotaState,
    wanted: int,
    reach: Sequence[Reach],
    roster: Roster,
    exclusions: Exclusions,
    rules: WaveRules,
    taken: set[UUID],
    kept: Set[UUID],
) -> tuple[int, list[_Candidate]]:
    """The ring to ask in and its candidates, best first; those kept for scarcer quotas only when all else is used."""
    last = len(rules.rings_km) - 1
    enough = min(wanted, max(state.missing - state.waiting, 0))
    found: list[_Candidate] = []
    spare: list[_Candidate] = []
    position = 0
    for ring in range(min(state.ring, last), last + 1):
        while position < len(reach) and reach[position].distance_km <= rules.rings_km[ring]:
            for candidate in _eligible_at(reach[position], state.quota, roster, exclusions, rules, taken):
                (spare if candidate.person.volunteer_id in kept else found).append(candidate)
            position += 1
        if len(found) >= enough or ring == last:
            best = _best(found, wanted, state.quota, roster, exclusions)
            return ring, best if len(found) >= enough else best + _best(spare, wanted, state.quota, roster, exclusions)
    raise AssertionError("there is always a last ring")


def _eligible_at(
    station: Reach, quota: Quota, roster: Roster, exclusions: Exclusions, rules: WaveRules, taken: set[UUID]
) -> Iterator[_Candidate]:
    band = next((i for i, km in enumerate(rules.rings_km) if station.distance_km <= km), len(rules.rings_km))
    for person in roster.with_role(quota.role, station.station_id):
        if (
            (quota.language is None or quota.language in person.languages)
            and person.volunteer_id not in taken
            and not _obstacle(person, station, quota, exclusions)
        ):
            yield _Candidate(person, station, band)


def _best(
    candidates: Sequence[_Candidate], count: int, quota: Quota, roster: Roster, exclusions: Exclusions
) -> list[_Candidate]:
    """The first so many in the order in which they are asked."""
    return nsmallest(count, candidates, key=lambda candidate: _rank(candidate, quota, roster, exclusions))


def _obstacle(person: Person, station: Reach, quota: Quota, exclusions: Exclusions) -> str | None:
    """Why somebody who has the role must not be asked now; None if they may be.

    People who live in the core zone have their own families to look after. Those in the affected zone are not sent
    into the core; in their own zone they are welcome when nobody from outside is left (`_rank`). Reasons come in the
    order of the preview's (`services/geofencing/audience`).
    """
    if not person.deployable and person.reasons != (NO_CHANNEL,):
        return person.reasons[0] if person.reasons else "not-deployable"
    if station.inside is ZoneKind.CORE:
        return "in-core-zone"
    if not person.deployable:
        return NO_CHANNEL
    if station.inside is ZoneKind.AFFECTED and quota.zone_kind is ZoneKind.CORE:
        return "in-affected-zone"
    for reason, people in (
        ("committed", exclusions.committed),
        ("asked-here", exclusions.asked_here),
        ("asked-elsewhere", exclusions.asked_elsewhere),
    ):
        if person.volunteer_id in people:
            return reason
    return None


def _rank(
    candidate: _Candidate, quota: Quota, roster: Roster, exclusions: Exclusions
) -> tuple[bool, bool, int, datetime, int, float, bytes]:
    """Sort key of candidates, best first."""
    person = candidate.person
    rarest = min((roster.holders.get(role, 0) for role in person.roles), default=0)
    return (
        candidate.reach.inside is ZoneKind.AFFECTED,  # people of the affected area only when nobody else is left
        rarest < roster.holders.get(quota.role, 0),  # keep scarce roles for the places that only they can fill
        candidate.band,  # near before far
        exclusions.last_asked_at.get(person.volunteer_id, _NEVER),  # share the load
        _ACTIVATION_MINUTES if person.activation_minutes is None else person.activation_minutes,  # sooner on the way
        candidate.reach.distance_km,
        person.volunteer_id.bytes,
    )


def _ask(alert_id: UUID, quota: Quota, candidate: _Candidate, exclusions: Exclusions, rules: WaveRules) -> Ask:
    person, km = candidate.person, candidate.reach.distance_km
    asked = exclusions.last_asked_at.get(person.volunteer_id)
    language = f" {quota.language}" if quota.language else ""
    last = "never asked before" if asked is None else f"last asked {asked:%Y-%m-%d %H:%M}Z"
    ready = "" if person.activation_minutes is None else f"; on the way in {person.activation_minutes} min"
    band = rules.rings_km[min(candidate.band, len(rules.rings_km) - 1)]
    return Ask.model_construct(
        page_id=derived_id(alert_id, "page.ask", str(person.volunteer_id)),
        volunteer_id=person.volunteer_id,
        need_id=quota.need_id,
        distance_km=km,
        why=f"{quota.role.value}{language}; {km:.0f} km, ring {band:.0f} km; {last}{ready}",
    )


def _shortfall(
    state: QuotaState, missing: int, reach: Sequence[Reach], roster: Roster, exclusions: Exclusions, taken: set[UUID]
) -> Shortfall:
    """How many are missing, and what became of everybody in reach who has the role."""
    quota = state.quota
    counts: Counter[str] = Counter()
    holders = 0
    for station in reach:
        for person in roster.with_role(quota.role, station.station_id):
            if quota.language is not None and quota.language not in person.languages:
                continue
            holders += 1
            asked_now = "asked-here" if person.volunteer_id in taken else None
            counts[asked_now or _obstacle(person, station, quota, exclusions) or "asked-here"] += 1
    what = f"{quota.role.value}" + (f" ({quota.language})" if quota.language else "")
    zh = "；".join(f"{_REASON_WORDS.get(r, (r, r))[0]} {n}人" for r, n in sorted(counts.items()))
    en = "; ".join(f"{_REASON_WORDS.get(r, (r, r))[1]}: {n}" for r, n in sorted(counts.items()))
    return Shortfall(
        need_id=quota.need_id,
        missing=missing,
        why=Explanation(
            zh=f"范围内具备{what}的共{holders}人" + (f"：{zh}。" if zh else "。"),
            en=f"{holders} in reach can serve as {what}" + (f": {en}." if en else "."),
        ),
    )


def _explain(
    opened: Sequence[QuotaState], asks: Sequence[Ask], shortfalls: Sequence[Shortfall], rules: WaveRules
) -> Explanation:
    missing = sum(state.missing for state in opened)
    short = len(shortfalls)
    return Explanation(
        zh=f"{len(opened)}项名额尚缺{missing}人；按缺额的{rules.oversample:g}倍询问{len(asks)}人，近者、久未被询问者优先，"
        "稀缺角色留给只有他们能担任的名额" + (f"；{short}项人手不足。" if short else "。"),
        en=f"People lacking: {missing} (open quotas: {len(opened)}). Asked: {len(asks)}, {rules.oversample:g} per "
        "place; near and long unasked people first, scarce roles kept for the places only they can fill."
        + (f" Quotas that find too few: {short}." if short else ""),
    )
