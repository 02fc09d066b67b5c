"""Scenario files: what ships is complete and cited, what is wrong is refused with its place."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Point, Polygon

from schemas.vocabulary import IncidentKind, Level, Role, ZoneKind
from services.cli.scenario.model import (
    SCENARIOS_FOLDER,
    Scenario,
    ScenarioError,
    list_scenarios,
    load_scenario,
    parse_scenario,
)

PROJECT = SCENARIOS_FOLDER.parent
DATA = Path(os.environ.get("THIRDRESCUE_DATA", PROJECT.parent / "shared" / "data"))
SHAKEMAP = DATA / "alerts/usgs/shakemap/wenchuan/DERIVED_intensity_points.geojson"


def shipped() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((SCENARIOS_FOLDER / "wenchuan-2008" / "scenario.json").read_bytes())
    return content


def test_every_folder_with_a_scenario_loads() -> None:
    assert "wenchuan-2008" in list_scenarios()
    for name in list_scenarios():
        assert load_scenario(name).name == name


def test_wenchuan_is_the_real_event(wenchuan: Scenario) -> None:
    assert wenchuan.occurred_at == datetime(2008, 5, 12, 6, 28, 1, tzinfo=UTC)
    assert (wenchuan.kind, wenchuan.level) == (IncidentKind.EARTHQUAKE, Level.I)
    origin = wenchuan.origin
    assert (origin.magnitude, origin.lat_deg, origin.lon_deg, origin.depth_km) == (7.9, 30.9858, 103.3639, 19.0)
    assert wenchuan.followup_until_on == date(2028, 5, 12)


def test_rings_of_the_rupture_are_real_areas_near_the_origin(wenchuan: Scenario) -> None:
    for ring in wenchuan.rupture_lon_lat_deg:
        outline = Polygon(ring)
        assert outline.is_valid
        assert outline.distance(Point(103.3639, 30.9858)) < 2


def test_observations_name_the_places_that_make_the_core(wenchuan: Scenario) -> None:
    core = {seen.place for seen in wenchuan.intensity_observations if seen.intensity >= 9}
    assert core == {
        "Beichuan county", "Dujiangyan", "Hanwang", "Hongbai", "Mianzhu", "Wenchuan", "Yingxiu",
    }  # fmt: skip
    assert len(wenchuan.intensity_observations) <= 150


def test_the_contour_of_vi_closes_within_the_observations(wenchuan: Scenario) -> None:
    """On every side of the epicentre somebody saw less than VI, so that the ripple zone has an outer edge."""
    weak = [seen for seen in wenchuan.intensity_observations if seen.intensity < 5.5]
    origin = wenchuan.origin
    assert any(seen.lon_deg < origin.lon_deg - 1 for seen in weak)
    assert any(seen.lon_deg > origin.lon_deg + 5 for seen in weak)
    assert any(seen.lat_deg < origin.lat_deg - 1 for seen in weak)
    assert any(seen.lat_deg > origin.lat_deg + 4 for seen in weak)


def test_observations_are_those_of_the_public_list(wenchuan: Scenario) -> None:
    if not SHAKEMAP.exists():
        pytest.skip(f"the public data folder is not there: {SHAKEMAP}")
    features = json.loads(SHAKEMAP.read_bytes())["features"]
    public = {
        (row["properties"]["network"], row["properties"]["intensity"], round(lon_deg, 4), round(lat_deg, 4))
        for row in features
        for lon_deg, lat_deg in [row["geometry"]["coordinates"]]
    }
    mine = {(seen.network, seen.intensity, seen.lon_deg, seen.lat_deg) for seen in wenchuan.intensity_observations}
    assert mine <= public
    for network in ("INTENSITY", "CEA"):
        assert {row for row in public if row[0] == network} <= mine


def test_needs_ask_for_leaders_clinicians_and_interpreters(wenchuan: Scenario) -> None:
    assert 60 <= wenchuan.people_needed <= 120
    core = [need for need in wenchuan.needs if need.zone_kind is ZoneKind.CORE]
    teams = max(need.teams for need in core)
    leads = next(need for need in core if need.role is Role.TEAM_LEAD)
    assert (leads.per_team, leads.teams) == (1, teams)
    languages = {need.language for need in core if need.role is Role.INTERPRETER}
    assert {"cng", "qxs", "adx"} <= languages


def test_every_listed_source_is_cited(wenchuan: Scenario) -> None:
    cited = {wenchuan.origin.source, wenchuan.intensity_source} | {fact.source for fact in wenchuan.timeline}
    assert cited == set(wenchuan.sources)


def test_assumptions_about_need_and_clock_are_labelled(wenchuan: Scenario) -> None:
    labelled = {assumption.what for assumption in wenchuan.assumptions if assumption.assumed}
    assert {"needs", "drill_factor", "languages", "network"} <= labelled


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario named 'atlantis'.*wenchuan-2008"):
        load_scenario("atlantis")


@pytest.mark.parametrize("name", ["../secrets", "", "wenchuan-2008/"])
def test_a_name_is_not_a_path(name: str) -> None:
    with pytest.raises(ScenarioError, match="no scenario named"):
        load_scenario(name)


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        pytest.param(("occurred_at",), "2008-05-12T14:28:01", "/occurred_at", id="time without zone"),
        pytest.param(("origin", "lat_deg"), 103.36, "/origin/lat_deg", id="coordinates swapped"),
        pytest.param(("intensity_observations", 3, "intensity"), 13, "/intensity_observations/3/intensity", id="XIII"),
        pytest.param(("needs", 0, "role"), "wizard", "/needs/0/role", id="unknown role"),
        pytest.param(("needs", 0, "langauge"), "cmn", "/needs/0/langauge", id="misspelt field"),
        pytest.param(("needs", 1, "need_id"), "core-team-lead", "core-team-lead is given twice", id="need twice"),
        pytest.param(("timeline", 0, "source"), "hearsay", "hearsay", id="source not listed"),
        pytest.param(("rupture_lon_lat_deg", 0, 0), [103.0, 30.0], "must end where it starts", id="open ring"),
        pytest.param(("drill_factor",), 0.5, "/drill_factor", id="slower than real"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(path: tuple[str | int, ...], value: object, place: str) -> None:
    content: Any = shipped()
    target = content
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(ScenarioError) as refused:
        parse_scenario(json.dumps(content), where="trial.json")
    assert str(refused.value).startswith("trial.json: ")
    assert place in str(refused.value)


def test_broken_json_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"trial\.json: /: Invalid JSON"):
        parse_scenario("{", where="trial.json")


def test_a_folder_and_its_scenario_agree_on_the_name(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "scenario.json").write_text(json.dumps(shipped()), encoding="utf-8")
    with pytest.raises(ScenarioError, match="its name is 'wenchuan-2008', its folder's is 'other'"):
        load_scenario("other", folder=tmp_path)
