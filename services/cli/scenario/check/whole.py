"""Is the incident known everywhere, is the log whole and silent about people, does the live picture agree with it?"""

from __future__ import annotations

from collections.abc import Iterator

from shapely.geometry import Point, shape

from services.cli.scenario.check.coverage import differing_areas
from services.cli.scenario.check.log_facts import SIMULATED_NAME
from services.cli.scenario.check.model import Evidence, Invariant, judge

ON_THE_BORDER_DEG = 1e-9


def check_declared(evidence: Evidence) -> Invariant:
    """The incident is known everywhere."""

    def broken() -> Iterator[str]:
        if evidence.incident is None:
            yield "the API does not know the incident"
        if evidence.story.declared is None:
            yield "incident.declared is not in the log"
        zones = {f"zone:{zone_id}" for zone_id in evidence.story.zones}
        seen = {area["area_id"] for area in evidence.coverage}
        if not zones or zones - seen:
            yield f"coverage does not show {len(zones - seen)} of {len(zones)} zones"

    return judge(
        "the declared incident is in the API, in the log and in coverage",
        broken(),
        f"incident {evidence.incident_id}, {len(evidence.story.zones)} zones",
    )


def check_sequences(evidence: Evidence) -> Invariant:
    """No gap anywhere in the log."""
    log = evidence.log
    return judge(
        "per topic and key the sequence runs 1, 2, 3 ... without a gap, over the whole log",
        [*log.sequence_faults, *log.unreadable],
        f"{log.records} records, {log.doubled} of them delivered twice and told apart by their sequence",
    )


def check_quarantine(evidence: Evidence) -> Invariant:
    """Nothing of this incident was put aside."""
    return judge("nothing of this incident is in quarantine", evidence.log.quarantined, "every <topic>-dlq was read")


def check_no_identity(evidence: Evidence) -> Invariant:
    """Names and phones stay in the vault."""
    in_pages = [f"page {page.page_id}" for page in evidence.pages if SIMULATED_NAME in page.text_zh + page.text_en]
    return judge(
        "no member's name or phone number is on any topic or in any page",
        [*evidence.log.canaries, *in_pages],
        f"searched key, headers and value of {evidence.log.records} records, and {len(evidence.pages)} pages",
    )


def check_exercise(evidence: Evidence) -> Invariant:
    """A drill can never look real."""
    records = [record for record in evidence.story.records if not record.exercise]
    mine = [page for page in evidence.pages if page.page_id in evidence.story.sent]
    pages = [page for page in mine if not page.exercise or "DRILL" not in page.text_en or "演练" not in page.text_zh]
    return judge(
        "every event and every page of the drill says that it is one",
        [f"{record.type} {record.key}" for record in records] + [f"page {page.page_id}" for page in pages],
        f"{len(evidence.story.records)} events, {len(mine)} pages",
    )


def check_zones(evidence: Evidence) -> Invariant:
    """Places that were hit lie in the zones they belong to."""

    def broken() -> Iterator[str]:
        if evidence.zones is None:
            yield "the API has no zones"
            return
        shapes = {
            feature["properties"]["kind"]: shape(feature["geometry"]).buffer(ON_THE_BORDER_DEG)
            for feature in evidence.zones["features"]
        }
        for expected in evidence.expected_zones:
            point = Point(expected.lon_deg, expected.lat_deg)
            inside = sorted(kind for kind, area in shapes.items() if area.contains(point))
            if inside != [expected.zone_kind]:
                yield f"{expected.place} should be {expected.zone_kind}, is {' and '.join(inside) or 'in no zone'}"

    places = ", ".join(f"{expected.place} {expected.zone_kind}" for expected in evidence.expected_zones)
    return judge("the zones contain the places they must", broken(), places or "no places are given")


def check_coverage(evidence: Evidence) -> Invariant:
    """The live picture is the log, added up."""
    log = evidence.log
    of_topic = differing_areas(log.coverage_wanted, log.coverage_seen)
    zones = {area: wanted for area, wanted in log.coverage_wanted.items() if area in _areas(evidence)}
    of_api = differing_areas(zones, {a["area_id"]: a for a in evidence.coverage if a["area_id"] in zones})
    return judge(
        "coverage equals a recomputation from the log",
        [*of_topic, *(f"API: {one}" for one in of_api)],
        f"{len(log.coverage_wanted)} areas, on the topic and for this incident's zones in the API",
    )


def _areas(evidence: Evidence) -> set[str]:
    return {f"zone:{zone_id}" for zone_id in evidence.story.zones}
