"""What of a declaration must be looked up, and what is told about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from schemas.areas import Resolved
from services.incidents.gazetteer.model import QUERY_CHARS_MAX, Candidate, Findings
from services.incidents.locating.model import ASSUMED_RADIUS_M, Ground, Outlined
from services.incidents.model import AREA_CODES_MAX, DeclareRequest, Note
from services.kit.problems import Finding

_CODE: Final = re.compile(r"\d{6}(\d{6})?")
_CIRCLE: Final = {"lat_deg", "lon_deg", "radius_m"}


def must_look_up(request: DeclareRequest) -> bool:
    """Whether the request says the place or the areas in other words than coordinates and codes."""
    return not request.area_codes or not request.place.keys().isdisjoint({"area_codes", "address", "radius_m"})


def read_circle(request: DeclareRequest) -> DeclareRequest | list[Finding]:
    """A place with a radius of its own as a position and the declaration's radius."""
    place = request.place
    radius_m = place["radius_m"]
    findings = _strangers(place, _CIRCLE)
    if isinstance(radius_m, bool) or not isinstance(radius_m, int | float) or not 0 <= radius_m <= 2_000_000:
        findings.append(Finding(where="/place/radius_m", what="must be a number of metres from 0 to 2000000"))
    elif request.radius_m not in (0, radius_m):
        findings.append(Finding(where="/radius_m", what="is given in place too, with another value"))
    if findings:
        return findings
    position = {name: value for name, value in place.items() if name != "radius_m"}
    return request.model_copy(update={"place": position, "radius_m": float(radius_m)})


def read_codes(place: dict[str, Any]) -> tuple[tuple[str, ...], list[Finding]]:
    """The codes of a place that is stated by areas, each once, and what is wrong with them."""
    where, codes = "/place/area_codes", place["area_codes"]
    findings = _strangers(place, {"area_codes"})
    if not isinstance(codes, list) or not 1 <= len(codes) <= AREA_CODES_MAX:
        return (), [*findings, Finding(where=where, what=f"must be an array of 1 to {AREA_CODES_MAX} area codes")]
    findings += [
        Finding(where=f"{where}/{number}", what="must be six or twelve digits (GB/T 2260, GB/T 10114)")
        for number, code in enumerate(codes)
        if not isinstance(code, str) or not _CODE.fullmatch(code)
    ]
    return (() if findings else tuple(dict.fromkeys(codes))), findings


def read_address(place: dict[str, Any]) -> tuple[str, list[Finding]]:
    """The address of a place that is stated in words, and what is wrong with it."""
    address = place["address"]
    findings = _strangers(place, {"address"})
    if not isinstance(address, str) or not 1 <= len(address.strip()) <= QUERY_CHARS_MAX:
        findings.append(Finding(where="/place/address", what=f"must be text of 1 to {QUERY_CHARS_MAX} characters"))
        return "", findings
    return address.strip(), findings


def doubt_faults(found: Findings) -> list[Finding]:
    """Why an address is not taken: what it may mean, and how to say which."""
    where = "/place/address"
    if not found.candidates:
        return [Finding(where=where, what="nothing that is known here is called so; give coordinates or area codes")]
    sure = [one for one in found.candidates if not one.is_guess]
    first = "several are called so; say which" if sure else "nothing is called exactly so; it may be one of these"
    return [Finding(where=where, what=first), *(Finding(where=where, what=_in_words(one)) for one in found.candidates)]


def _in_words(candidate: Candidate) -> str:
    entry = candidate.entry
    name = entry.name_zh or entry.name_en or entry.key
    above = "".join(parent.name_zh or "" for parent in candidate.parents)
    if entry.code is not None:
        return f'{above}{name}: {{"area_codes": ["{entry.code}"]}} (score {candidate.score:g})'
    if entry.position is None:
        return f"{above}{name} (score {candidate.score:g})"
    position = f'{{"lat_deg": {entry.position.lat_deg}, "lon_deg": {entry.position.lon_deg}}}'
    return f"{above}{name}: {position} (score {candidate.score:g})"


def address_notes(candidate: Candidate) -> list[Note]:
    """What is worth a look in an address that was taken."""
    where, entry = "/place/address", candidate.entry
    notes = []
    if candidate.rest:
        what = f"{candidate.rest!r} is not known here; {entry.name_zh or entry.name_en} was taken as a whole"
        notes.append(
            Note(where=where, what=what, what_zh=f"未识别“{candidate.rest}”，按{entry.name_zh or entry.name_en}处理")
        )
    if candidate.replaced:
        what = f"the named area no longer stood then; {entry.code} took its place"
        notes.append(Note(where=where, what=what, what_zh=f"所写区划当时已撤销，现为 {entry.code}"))
    return notes


def _strangers(place: dict[str, Any], known: set[str]) -> list[Finding]:
    return [Finding(where=f"/place/{name}", what="is not known here") for name in sorted(place.keys() - known)]


def code_faults(codes: Sequence[str], resolved: Sequence[Resolved], found: Sequence[Outlined]) -> list[Finding]:
    """Codes that stand for nothing known, or for an area of which nobody knows where it lies."""
    nowhere = {one.area.code for one in found if one.outline is None and one.area.centre is None}
    known = {one.area.code for one in found}
    findings = []
    for number, (code, meaning) in enumerate(zip(codes, resolved, strict=True)):
        where = f"/place/area_codes/{number}"
        if not meaning.codes or not known.issuperset(meaning.codes):
            what = f"{code} is no area that is known here; give coordinates, or bring in a table with this code"
            findings.append(Finding(where=where, what=what))
        elif not nowhere.isdisjoint(meaning.codes):
            what = f"where {code} lies is not known here; give coordinates, or bring in its boundary"
            findings.append(Finding(where=where, what=what))
    return findings


def succession_notes(where: str, codes: Sequence[str], resolved: Sequence[Resolved]) -> list[Note]:
    """What is worth a look: codes that meanwhile became others."""
    return [
        Note(
            where=where,
            what=f"{code} no longer stood then; it was taken for {', '.join(meaning.codes)}",
            what_zh=f"{code} 当时已撤销，按 {'、'.join(meaning.codes)} 处理",
        )
        for code, meaning in zip(codes, resolved, strict=True)
        if meaning.is_changed
    ]


def ground_notes(ground: Ground, areas: Sequence[Outlined]) -> list[Note]:
    """What is worth a look: radii that are assumed, an outline that was simplified."""
    tiers = {one.area.code: one.area.tier for one in areas}
    notes = [
        Note(
            where="/place",
            what=f"centre only, no boundary: of {code} only an approximate centre is known; a circle of "
            f"{ASSUMED_RADIUS_M[tiers[code]] / 1000:g} km around it was taken (assumed)",
            what_zh=f"仅有中心、无边界：{code} 仅知大致中心，"
            f"按其 {ASSUMED_RADIUS_M[tiers[code]] / 1000:g} 公里半径处理（假定）",
        )
        for code in ground.by_centre
    ]
    if ground.simplified_m:
        what = f"the outline was simplified by up to {ground.simplified_m:g} m"
        notes.append(Note(where="/place", what=what, what_zh=f"边界已简化，误差不超过 {ground.simplified_m:g} 米"))
    return notes


def radius_note(radius_m: float) -> Note:
    """That a radius was assumed."""
    return Note(
        where="/radius_m",
        what=f"not stated; {radius_m / 1000:g} km around the named place was taken (assumed)",
        what_zh=f"未填写半径，按所写地点 {radius_m / 1000:g} 公里半径处理（假定）",
    )


def filled_note(codes: Sequence[str]) -> Note:
    """That the area codes were found and not stated."""
    return Note(
        where="/area_codes",
        what=f"not stated; found from the place: {', '.join(codes)}",
        what_zh=f"未填写区划代码，已按地点查得：{'、'.join(codes)}",
    )


def described(areas: Sequence[Outlined], ground: Ground | None) -> list[dict[str, Any]]:
    """Areas as they are kept beside an incident."""
    by_centre = ground.by_centre if ground is not None else ()
    return [
        {
            "code": one.area.code,
            "name_zh": one.area.name_zh,
            "name_en": one.area.name_en,
            "tier": one.area.tier,
            "by": "centre" if one.area.code in by_centre else "boundary",
        }
        for one in areas
    ]
