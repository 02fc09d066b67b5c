"""The tree of stations: who may stand below whom. Pure.

A parent is of a strictly higher tier, so no chain of parents can close a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from schemas.policy import covers, prefix_of
from schemas.vocabulary import JurisdictionLevel, Tier
from services.kit.problems import Finding
from services.registry.stations.model import Station

LEVEL_OF_TIER: Final = {
    Tier.PROVINCE: JurisdictionLevel.PROVINCE,
    Tier.PREFECTURE: JurisdictionLevel.PREFECTURE,
    Tier.COUNTY: JurisdictionLevel.COUNTY,
    Tier.DISTRICT: JurisdictionLevel.COUNTY,
    Tier.TOWNSHIP: JurisdictionLevel.TOWNSHIP,
    Tier.STREET: JurisdictionLevel.TOWNSHIP,
    Tier.VILLAGE: JurisdictionLevel.VILLAGE,
    Tier.COMMUNITY: JurisdictionLevel.VILLAGE,
}
_RANK: Final = {level: number for number, level in enumerate(JurisdictionLevel)}
_LEVEL_OF_PREFIX: Final = dict(zip((0, 2, 4, 6, 9, 12), JurisdictionLevel, strict=True))


def rank(level: JurisdictionLevel) -> int:
    """0 for the nation, one more for each level below it."""
    return _RANK[level]


def rank_of_tier(tier: Tier) -> int:
    """1 for the provinces, one more for each level below them; district, street and community are as county, township
    and village."""
    return _RANK[LEVEL_OF_TIER[tier]]


def level_of_area(area: str) -> JurisdictionLevel:
    """On which level somebody acts whose jurisdiction is this area (`*` or a code)."""
    return _LEVEL_OF_PREFIX[len(prefix_of(area))]


def level_over(areas: Sequence[str], codes: Sequence[str]) -> JurisdictionLevel:
    """The highest level on which somebody with these areas acts over every one of the codes. Raises ValueError if they
    do not reach over all."""
    levels = [[level_of_area(area) for area in areas if covers((area,), code)] for code in codes]
    if not all(levels):
        raise ValueError("these areas do not cover all of the codes")
    return max((min(found, key=rank) for found in levels), key=rank)


def problems_with_parent(station: Station, parent: Station | None, where: str) -> Iterator[Finding]:
    """What is wrong with the parent the station names; `parent` is None if there is no such station."""
    if station.parent_id is None:
        return
    if parent is None:
        yield Finding(where=f"{where}/parent_ref", what="there is no such station")
    elif parent.station_id == station.station_id:
        yield Finding(where=f"{where}/parent_ref", what="a station cannot stand below itself")
    elif rank_of_tier(parent.tier) >= rank_of_tier(station.tier):
        what = f"a station of tier {parent.tier} cannot stand above one of tier {station.tier}"
        yield Finding(where=f"{where}/parent_ref", what=what)
    elif not _is_nested(station, parent):
        what = (
            f"the area {station.area_code} does not lie in the parent's area {parent.area_code}; "
            "if that is right, say why in parent_explanation"
        )
        yield Finding(where=f"{where}/area_code", what=what)


def problems_with_children(station: Station, children: Iterable[Station], where: str) -> Iterator[Finding]:
    """What would be wrong with the stations below it if it stood as it wants to."""
    for child in children:
        if rank_of_tier(station.tier) >= rank_of_tier(child.tier):
            what = f"station {child.ref} of tier {child.tier} stands below it; move that first"
            yield Finding(where=f"{where}/tier", what=what)
        elif not _is_nested(child, station):
            what = f"station {child.ref} stands below it and does not lie in {station.area_code}; move that first"
            yield Finding(where=f"{where}/area_code", what=what)


def _is_nested(station: Station, parent: Station) -> bool:
    return covers((parent.area_code,), station.area_code) or station.parent_explanation is not None
