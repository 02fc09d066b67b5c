"""The volunteer network at its real size, with simulated members: the same seed gives the same network.

456 stations with 5 members each, 13 provincial and 8 municipal detachments are published figures; who the members
are, what they can do and where most stations stand is assumed (scenarios/network.md). Reads only data files that
ship with the project: no clock, no network, no global random state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from random import Random
from typing import Final

from schemas.vocabulary import StationKind, Tier
from services.cli.scenario.assumptions import NetworkAssumptions, Province, StationOffer, load_assumptions
from services.cli.scenario.members import Home, simulate_member
from services.cli.scenario.network_model import Credential, Network, Offer, Station, Volunteer
from services.cli.scenario.places import Place, draw_places, named_places, stations_per_province

__all__ = ["Credential", "Network", "Station", "Volunteer", "build_network", "network_from"]

PREFECTURE_POPULATION: Final = 1_000_000
"""A place of at least so many people counts as the seat of a prefecture (assumed: GeoNames' rank is not carried)."""
MUNICIPALITIES: Final = frozenset({"110000", "120000", "310000", "500000"})
DETACHMENT_WORDS: Final = {
    StationKind.PROVINCIAL_DETACHMENT: (Tier.PROVINCE, "心理应急志愿服务省级支队", "provincial detachment"),
    StationKind.MUNICIPAL_DETACHMENT: (Tier.PREFECTURE, "心理应急志愿服务市级支队", "municipal detachment"),
}


def build_network(seed: int | None = None, reference_on: date | None = None) -> Network:
    """The network of that seed (default: the one written down).

    Credentials are valid or expired as of `reference_on` and stay so for 400 days: give the first day of the current
    year, and registering the network again changes nothing within that year.
    """
    assumptions = load_assumptions()
    chosen = assumptions.default_seed if seed is None else seed
    return network_from(assumptions, named_places(), chosen, reference_on or assumptions.reference_on)


def network_from(assumptions: NetworkAssumptions, places: Sequence[Place], seed: int, reference_on: date) -> Network:
    """The network that follows from the assumptions and the places."""
    detachments = tuple(_detachments(assumptions, places))
    sites = list(_sites(assumptions, places, seed))
    stations: list[Station] = []
    volunteers: list[Volunteer] = []
    numbers = count(1)
    for site in sites:
        home = Home(ref=site.ref, language_shares=site.language_shares)
        members = [
            simulate_member(assumptions, home, seat, next(numbers), seed, reference_on)
            for seat in range(1, assumptions.members_per_station + 1)
        ]
        stations.append(_station(assumptions, site, members, detachments, seed))
        volunteers += members
    return Network(
        seed=seed,
        reference_on=reference_on,
        detachments=detachments,
        stations=tuple(stations),
        volunteers=tuple(volunteers),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """Where one station stands. `ordinal` counts the stations of a place from 1."""

    ref: str
    place: Place
    province_code: str
    area_codes: tuple[str, ...]
    language_shares: Mapping[str, float]
    ordinal: int


_Choice = tuple[Place, tuple[str, ...], Mapping[str, float]]
"""A station to be: its place, its area codes, the languages spoken by its members."""


def _sites(assumptions: NetworkAssumptions, places: Sequence[Place], seed: int) -> Iterator[_Site]:
    counts = stations_per_province(assumptions.provinces, assumptions.stations_total)
    for province in assumptions.provinces:
        chosen = [*_hand_placed(assumptions, province), *_at_detachments(assumptions, places, province)]
        left = counts[province.code] - len(chosen)
        if left < 0:
            raise ValueError(
                f"{province.name_en} has {counts[province.code]} stations, {len(chosen)} are given by hand"
            )
        taken = {seat.geonameid for seat in assumptions.seats}
        pool = [p for p in places if p.geonames_admin1 == province.geonames_admin1 and p.geonameid not in taken]
        drawn = draw_places(pool, left, Random(f"{seed}|stations|{province.code}"))
        chosen += [(place, (province.code,), province.language_shares) for place in drawn]
        ordinals: Counter[int] = Counter()
        for number, (place, codes, shares) in enumerate(chosen, start=1):
            ordinals[place.geonameid] += 1
            yield _Site(
                ref=f"station-{province.code}-{number:03d}",
                place=place,
                province_code=province.code,
                area_codes=codes,
                language_shares=shares,
                ordinal=ordinals[place.geonameid],
            )


def _hand_placed(assumptions: NetworkAssumptions, province: Province) -> Iterator[_Choice]:
    for seat in assumptions.seats:
        if seat.province_code != province.code:
            continue
        place = Place(
            geonameid=seat.geonameid,
            name_zh=seat.name_zh,
            name_en=seat.name_en,
            geonames_admin1=province.geonames_admin1,
            population=0,
            lat_deg=seat.lat_deg,
            lon_deg=seat.lon_deg,
        )
        for _ in range(seat.stations):
            yield place, _codes_down_to(seat.area_code), {**province.language_shares, **seat.language_shares}


def _at_detachments(assumptions: NetworkAssumptions, places: Sequence[Place], province: Province) -> Iterator[_Choice]:
    """One station in every city that has a detachment."""
    wanted = {plan.geonameid for plan in assumptions.detachments if plan.province_code == province.code}
    for place in places:
        if place.geonameid in wanted:
            yield place, (province.code,), province.language_shares


def _codes_down_to(code: str) -> tuple[str, ...]:
    """Province, prefecture and county code, as far as `code` goes."""
    codes = (f"{code[:2]}0000", f"{code[:4]}00", code)
    return tuple(dict.fromkeys(codes))


def _detachments(assumptions: NetworkAssumptions, places: Sequence[Place]) -> Iterator[Station]:
    by_id = {place.geonameid: place for place in places}
    for plan in assumptions.detachments:
        place = by_id[plan.geonameid]
        tier, words_zh, words_en = DETACHMENT_WORDS[plan.kind]
        yield Station(
            external_ref=plan.ref,
            kind=plan.kind,
            tier=tier,
            name_zh=plan.name_zh + words_zh,
            name_en=f"{plan.name_en} {words_en}",
            province_code=plan.province_code,
            area_codes=_codes_down_to(plan.area_code),
            lat_deg=place.lat_deg,
            lon_deg=place.lon_deg,
            languages=(assumptions.national_language,),
            detachment_ref=None,
            parent_ref=_province_of(plan.province_code, assumptions) if tier is not Tier.PROVINCE else None,
            geonameid=place.geonameid,
        )


def _station(
    assumptions: NetworkAssumptions,
    site: _Site,
    members: Sequence[Volunteer],
    detachments: Sequence[Station],
    seed: int,
) -> Station:
    place = site.place
    spoken = sorted({language for member in members for language in member.languages})
    another_zh, another_en = ("", "") if site.ordinal == 1 else (f"第{site.ordinal}", f" No. {site.ordinal}")
    home = _detachment_of(site, detachments)
    in_its_city = home is not None and home.geonameid == place.geonameid
    codes = home.area_codes if home is not None and in_its_city else site.area_codes
    return Station(
        external_ref=site.ref,
        kind=StationKind.EMERGENCY_STATION,
        tier=_tier(site),
        name_zh=f"{place.name_zh}{another_zh}心理应急志愿服务站",
        name_en=f"{place.name_en} psychological emergency volunteer station{another_en}",
        province_code=site.province_code,
        area_codes=codes,
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        languages=tuple(spoken),
        detachment_ref=home.external_ref if home is not None else None,
        parent_ref=_parent_of(site, home, assumptions),
        geonameid=place.geonameid,
        offer=_offer(assumptions.station_offer, Random(f"{seed}|offer|{site.ref}")),
    )


def _offer(assumed: StationOffer, random: Random) -> Offer:
    rooms = random.randint(assumed.rooms_min, assumed.rooms_max)
    seats = sum(random.randint(assumed.seats_per_room_min, assumed.seats_per_room_max) for _ in range(rooms))
    return Offer(
        room_count=rooms,
        seat_count=seats,
        services=assumed.services,
        open_days=assumed.open_days,
        opens=assumed.opens,
        closes=assumed.closes,
    )


def _tier(site: _Site) -> Tier:
    if site.province_code in MUNICIPALITIES:
        return Tier.DISTRICT
    return Tier.PREFECTURE if site.place.population >= PREFECTURE_POPULATION else Tier.COUNTY


def _parent_of(site: _Site, home: Station | None, assumptions: NetworkAssumptions) -> str | None:
    """Its detachment, where that is of a higher tier; a large city's station stands beside the city's own detachment,
    below that of the province."""
    if home is None or _tier(site) is not home.tier:
        return None if home is None else home.external_ref
    return _province_of(site.province_code, assumptions)


def _province_of(province_code: str, assumptions: NetworkAssumptions) -> str | None:
    """The province's detachment, if it has one."""
    provincial = StationKind.PROVINCIAL_DETACHMENT
    plans = [
        plan for plan in assumptions.detachments if plan.kind is provincial and plan.province_code == province_code
    ]
    return plans[0].ref if plans else None


def _detachment_of(site: _Site, detachments: Sequence[Station]) -> Station | None:
    """The detachment of the station's own city, else of its province, else none."""
    municipal = [d for d in detachments if d.kind is StationKind.MUNICIPAL_DETACHMENT]
    provincial = [d for d in detachments if d.kind is StationKind.PROVINCIAL_DETACHMENT]
    of_city = [d for d in municipal if d.geonameid == site.place.geonameid]
    of_province = [d for d in provincial if d.province_code == site.province_code]
    return next(iter(of_city + of_province), None)
