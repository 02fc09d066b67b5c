"""Decisions about incidents: pure, so that the same request at the same time is always decided the same way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from schemas.events.incident import (
    IncidentClosed,
    IncidentDeclared,
    IncidentLevelLowered,
    IncidentLevelRaised,
    IncidentNeedStated,
)
from schemas.values import Geometry, IncidentClock, NeedLine, PointGeometry
from schemas.vocabulary import Level, Phase
from services.incidents.extent import read_contours
from services.incidents.geometry import POINTER, PlaceRefused, box_of, read_place
from services.incidents.model import (
    Declared,
    DeclareRequest,
    Incident,
    LevelRequest,
    NeedsRequest,
    Note,
    Refusal,
    RefusalKind,
    State,
)
from services.incidents.reference import Reference
from services.kit.problems import Finding

FUTURE_TOLERANCE: Final = timedelta(minutes=5)
"""Clocks of seismographs, phones and this machine may differ by so much."""
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LONG_AGO: Final = timedelta(days=30)
_GRAVITY: Final = {Level.I: 4, Level.II: 3, Level.III: 2, Level.IV: 1}
INVALID_DETAIL: Final = "The declaration cannot be taken as it stands; nothing was changed."


def declare(request: DeclareRequest, *, incident_id: UUID, now: datetime, reference: Reference) -> Declared | Refusal:
    """Whether the incident is declared, with the event and what is worth a second look, or every reason why not."""
    findings = [*_time_faults(request, now), *_title_faults(request), *_drill_faults(request)]
    findings += duplicate_needs(request.needs or ())
    contours, contour_findings = read_contours(request.intensity_contours)
    findings += contour_findings
    try:
        place = read_place(request.place)
    except PlaceRefused as refused:
        return _invalid([*findings, *refused.findings])
    if findings:
        return _invalid(findings)
    by_hand = request.needs is not None
    needs = request.needs or reference.needs[request.kind, request.level, Phase.ACUTE]
    title = request.title_zh or request.title_en or ""
    event = IncidentDeclared(
        incident_id=incident_id,
        kind=request.kind,
        level=request.level,
        title_zh=request.title_zh or title,
        title_en=request.title_en or title,
        occurred_at=request.occurred_at.astimezone(UTC),
        place=place,
        radius_m=request.radius_m,
        magnitude=request.magnitude,
        intensity_observations=request.intensity_observations,
        intensity_contours=contours,
        venues=request.venues,
        area_codes=tuple(dict.fromkeys(request.area_codes)),
        needs=needs,
        clock=clock_of(request, now),
        auto_dispatch=request.auto_dispatch,
        parent_id=request.parent_id,
    )
    return Declared(
        event=event,
        exercise=request.exercise,
        narrative=request.narrative or None,
        needs_by_hand=by_hand,
        notes=tuple(_notes(request, place, now, reference)),
    )


def clock_of(request: DeclareRequest, now: datetime) -> IncidentClock:
    """A real incident's clock is the wall's. An exercise begins now at the moment when the event happened."""
    begins_at = request.occurred_at.astimezone(UTC) if request.exercise else now
    return IncidentClock(anchor_real_at=now, anchor_incident_at=begins_at, factor=request.drill_factor)


def duplicate_needs(needs: Sequence[NeedLine]) -> list[Finding]:
    """Need ids that were used before in the same list."""
    first: dict[str, int] = {}
    findings = []
    for number, need in enumerate(needs):
        if need.need_id in first:
            what = f"{need.need_id!r} is already the need_id of line {first[need.need_id]}"
            findings.append(Finding(where=f"/needs/{number}/need_id", what=what))
        first.setdefault(need.need_id, number)
    return findings


def state_needs(incident: Incident, request: NeedsRequest) -> IncidentNeedStated | Refusal | None:
    """The event that replaces the need lines; None if they already are so."""
    if incident.state is State.CLOSED:
        return is_closed()
    findings = duplicate_needs(request.needs)
    if findings:
        return Refusal(
            kind=RefusalKind.INVALID, detail="The need lines cannot be taken as they stand.", findings=tuple(findings)
        )
    if tuple(incident.needs) == request.needs:
        return None
    return IncidentNeedStated(incident_id=incident.incident_id, needs=request.needs)


def follow_template(incident: Incident, reference: Reference) -> IncidentNeedStated | None:
    """The needs of the template of the incident's level and phase as they now are, unless somebody stated needs."""
    needs = reference.needs[incident.kind, incident.level, incident.phase]
    if incident.needs_by_hand or tuple(incident.needs) == needs:
        return None
    return IncidentNeedStated(incident_id=incident.incident_id, needs=needs)


def change_level(incident: Incident, request: LevelRequest) -> IncidentLevelRaised | IncidentLevelLowered | Refusal:
    """Raising or lowering, told apart because people react to them differently."""
    if incident.state is State.CLOSED:
        return is_closed()
    if request.level is incident.level:
        finding = Finding(where="/level", what=f"the level already is {incident.level}")
        return Refusal(
            kind=RefusalKind.CONFLICT, detail=f"The incident already is at level {incident.level}.", findings=(finding,)
        )
    is_raise = _GRAVITY[request.level] > _GRAVITY[incident.level]
    event = IncidentLevelRaised if is_raise else IncidentLevelLowered
    return event(incident_id=incident.incident_id, level_before=incident.level, level=request.level)


def close(incident: Incident, now: datetime) -> IncidentClosed | Refusal:
    """End the acute response. `closed_at` is real time, as `time` on every event."""
    if incident.state is State.CLOSED:
        return is_closed()
    return IncidentClosed(incident_id=incident.incident_id, closed_at=now)


def is_closed() -> Refusal:
    """The refusal of whatever would change a closed incident."""
    return Refusal(kind=RefusalKind.CONFLICT, detail="The incident is closed; nothing about it changes any more.")


def _invalid(findings: Sequence[Finding]) -> Refusal:
    return Refusal(kind=RefusalKind.INVALID, detail=INVALID_DETAIL, findings=tuple(findings))


def _time_faults(request: DeclareRequest, now: datetime) -> Iterator[Finding]:
    if request.occurred_at > now + FUTURE_TOLERANCE:
        ahead_s = (request.occurred_at - now).total_seconds()
        what = f"lies {ahead_s:.0f} s in the future; at most {FUTURE_TOLERANCE.total_seconds():.0f} s are allowed"
        yield Finding(where="/occurred_at", what=what)
    elif request.occurred_at < EARLIEST:
        yield Finding(where="/occurred_at", what=f"lies before {EARLIEST.date()}")


def _title_faults(request: DeclareRequest) -> Iterator[Finding]:
    if request.title_zh is None and request.title_en is None:
        yield Finding(where="/title_zh", what="is missing: give title_zh or title_en, or better both")


def _drill_faults(request: DeclareRequest) -> Iterator[Finding]:
    if request.drill_factor > 1 and not request.exercise:
        what = "only an exercise may run faster than the wall clock; set exercise to true or leave drill_factor out"
        yield Finding(where="/drill_factor", what=what)


def _notes(request: DeclareRequest, place: Geometry, now: datetime, reference: Reference) -> Iterator[Note]:
    if request.title_zh is None or request.title_en is None:
        missing = "title_zh" if request.title_zh is None else "title_en"
        yield Note(
            where=f"/{missing}", what="not given; the other title is shown instead", what_zh="未填写，暂用另一语言标题"
        )
    if request.needs is None:
        yield Note(
            where="/needs",
            what=f"not stated; the template for {request.kind}, level {request.level} was used (assumed numbers)",
            what_zh="未填写需求，已采用该类型与级别的模板（数字为假定）",
        )
    if not request.exercise and now - request.occurred_at > LONG_AGO:
        yield Note(
            where="/occurred_at",
            what="lies more than 30 days back and this is no exercise",
            what_zh="发生时间在30天以前，且不是演练",
        )
    yield from _extent_notes(request, place)
    yield from _area_notes(request, place, reference)


def _extent_notes(request: DeclareRequest, place: Geometry) -> Iterator[Note]:
    is_felt = request.intensity_observations or request.intensity_contours
    says_extent = request.radius_m > 0 or request.magnitude is not None or is_felt
    if isinstance(place, PointGeometry) and not says_extent:
        yield Note(
            where="/radius_m",
            what="a point without radius_m, magnitude or intensity_observations: how far it reaches is assumed",
            what_zh="仅有一点，无半径、震级或烈度，影响范围为假定值",
        )


def _area_notes(request: DeclareRequest, place: Geometry, reference: Reference) -> Iterator[Note]:
    seen: set[str] = set()
    for number, code in enumerate(request.area_codes):
        if code in seen:
            yield Note(
                where=f"/area_codes/{number}", what="was given before; it counts once", what_zh="区划代码重复，只计一次"
            )
        elif code[:2] not in reference.province_boxes:
            yield Note(
                where=f"/area_codes/{number}",
                what=f"{code[:2]} is no province-level code of GB/T 2260",
                what_zh="前两位不是GB/T 2260省级代码",
            )
        seen.add(code)
    boxes = reference.boxes_of(request.area_codes)
    box = box_of(place)
    if boxes and not any(box.meets(known) for known in boxes):
        swapped = any(box.swapped().meets(known) for known in boxes)
        yield Note(
            where=POINTER,
            what="lies far outside every stated area" + ("; are lon and lat swapped?" if swapped else ""),
            what_zh="地点远在所填区划之外" + ("，经纬度是否颠倒？" if swapped else ""),
        )
