"""Looks up what a declaration leaves to be found, in the service's own copy of the areas.

A declaration with coordinates and codes passes through: no connection, no shapes, no names are loaded for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

from shapely.geometry import shape

from schemas.areas import resolve
from schemas.values import Position
from schemas.vocabulary import Tier
from services.incidents.areas import store
from services.incidents.areas.model import KnownArea
from services.incidents.gazetteer.desk import Desk
from services.incidents.gazetteer.model import Candidate
from services.incidents.geometry import PlaceRefused, read_place
from services.incidents.locating import decide
from services.incidents.locating.geometry import codes_of, ground_of, read, widened
from services.incidents.locating.model import ASSUMED_RADIUS_M, Located, Outlined
from services.incidents.model import DeclareRequest, Note
from services.kit.problems import Finding
from services.kit.runtime import Runtime

CIVIL_TIME: Final = timezone(timedelta(hours=8), "CST")
"""Areas change at midnight in China."""


class NotLocated(Exception):
    """The place or its areas cannot be found; `findings` say why, and what it may have been."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings[0].what)
        self.findings = tuple(findings)


def civil_day(moment: datetime) -> date:
    """The day in China."""
    return moment.astimezone(CIVIL_TIME).date()


async def locate(runtime: Runtime, request: DeclareRequest, desk: Desk | None = None) -> Located:
    """The request with a place in coordinates and with area codes. Raises NotLocated. Without a desk no address is
    taken."""
    if not decide.must_look_up(request):
        return Located(request=request)
    stated = request.place
    if "radius_m" in stated and not stated.keys() & {"area_codes", "address"}:
        circle = decide.read_circle(request)
        if isinstance(circle, list):
            raise NotLocated(circle)
        request = circle
        if request.area_codes:
            return Located(request=request, stated=stated, found={"by": "circle"})
    candidate = await _meant(desk, request) if desk is not None and "address" in stated else None
    async with runtime.pool.acquire(timeout=runtime.settings.pool_acquire_timeout_s) as connection:
        on = civil_day(request.occurred_at)
        if "area_codes" in stated:
            return await _by_codes(connection, request, on)
        if candidate is not None:
            return await _by_address(connection, request, on, candidate)
        return await _by_ground(connection, request, on, stated)


async def _by_codes(connection: Any, request: DeclareRequest, on: date) -> Located:
    """The union of the areas that the codes stand for on the day."""
    codes, findings = decide.read_codes(request.place)
    if findings:
        raise NotLocated(findings)
    return await _by_areas(connection, request, on, codes)


async def _by_areas(
    connection: Any, request: DeclareRequest, on: date, codes: Sequence[str], seat: Position | None = None
) -> Located:
    """The union of what the codes stand for; `seat` is where an area lies of which the copy does not know it."""
    chains = await store.load_chains(connection, codes)
    resolved = [resolve(code, on, chains.get) for code in codes]
    wanted = dict.fromkeys(found for meaning in resolved for found in meaning.codes)
    outlines = await store.load_outlines(connection, wanted)
    areas = [_outlined(chains[code], outlines.get(code), seat) for code in wanted]
    findings = decide.code_faults(codes, resolved, areas)
    if findings:
        raise NotLocated(findings)
    ground = ground_of(areas)
    notes = decide.succession_notes("/place/area_codes", codes, resolved) + decide.ground_notes(ground, areas)
    radius_m = request.radius_m or ground.radius_m
    area_codes = request.area_codes or tuple(wanted)
    changed = request.model_copy(update={"place": ground.place, "radius_m": radius_m, "area_codes": area_codes})
    found = {"by": "area_codes", "on": on, "areas": decide.described(areas, ground)}
    return Located(request=changed, stated=request.place, found=found, notes=tuple(notes))


async def _meant(desk: Desk, request: DeclareRequest) -> Candidate:
    """The one place that an address certainly means."""
    address, findings = decide.read_address(request.place)
    if findings:
        raise NotLocated(findings)
    found = (await desk.index()).find(address, civil_day(request.occurred_at))
    if found.certain is None:
        raise NotLocated(decide.doubt_faults(found))
    return found.certain


async def _by_address(connection: Any, request: DeclareRequest, on: date, candidate: Candidate) -> Located:
    """The area that is meant; or the town, as a circle of assumed radius."""
    entry, notes = candidate.entry, tuple(decide.address_notes(candidate))
    taken = {
        "by": "address",
        "score": candidate.score,
        "not_understood": candidate.rest or None,
        "source": entry.source,
    }
    if entry.code is not None:
        try:
            areas = await _by_areas(connection, request, on, [entry.code], entry.position)
        except NotLocated as error:
            raise NotLocated([Finding(where="/place/address", what=one.what) for one in error.findings]) from None
        return replace(areas, found={**(areas.found or {}), **taken}, notes=(*notes, *areas.notes))
    if entry.position is None:
        raise NotLocated([Finding(where="/place/address", what="where it lies is not known here; give coordinates")])
    place = {"type": "Point", "coordinates": [entry.position.lon_deg, entry.position.lat_deg]}
    radius_m = request.radius_m or ASSUMED_RADIUS_M[Tier.TOWNSHIP]
    changed = request.model_copy(update={"place": place, "radius_m": radius_m})
    found: dict[str, Any] = {"on": on, "town": entry.name_zh or entry.name_en, **taken}
    if not request.radius_m:
        notes = (*notes, decide.radius_note(radius_m))
    if request.area_codes:
        return Located(request=changed, stated=request.place, found=found, notes=notes)
    try:
        ground = await _by_ground(connection, changed, on, request.place)
    except NotLocated:
        if entry.within is None:
            raise
        codes = (entry.within,)
        changed = changed.model_copy(update={"area_codes": codes})
        return Located(
            request=changed, stated=request.place, found=found, notes=(*notes, decide.filled_note(codes))
        )  # fmt: skip
    return replace(ground, found={**(ground.found or {}), **found}, notes=(*notes, *ground.notes))


async def _by_ground(connection: Any, request: DeclareRequest, on: date, stated: dict[str, Any]) -> Located:
    """The area codes of a place that was stated as coordinates."""
    try:
        place = read(read_place(request.place).model_dump())
    except PlaceRefused as refused:
        raise NotLocated(refused.findings) from None
    ground = widened(place, request.radius_m)
    meeting = await store.load_meeting(connection, ground.bounds, on)
    areas = [Outlined(area=area, outline=_shape(outline)) for area, outline in meeting]
    codes = codes_of(ground, areas)
    if not codes:
        what = "is missing, and no boundary that is known here holds the place: state the codes"
        raise NotLocated([Finding(where="/area_codes", what=what)])
    found = {"by": "place", "on": on, "areas": decide.described(_of(areas, codes), None)}
    notes: tuple[Note, ...] = (decide.filled_note(codes),)
    return Located(request=request.model_copy(update={"area_codes": codes}), stated=stated, found=found, notes=notes)


def _of(areas: Iterable[Outlined], codes: Sequence[str]) -> list[Outlined]:
    return [one for one in areas if one.area.code in codes]


def _outlined(area: KnownArea, outline: Any, seat: Position | None) -> Outlined:
    placed = area if area.centre is not None or seat is None else replace(area, centre=seat)
    return Outlined(area=placed, outline=_shape(outline))


def _shape(outline: Any) -> Any:
    return None if outline is None else shape(outline)
