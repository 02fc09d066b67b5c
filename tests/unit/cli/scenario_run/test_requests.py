"""What the drill sends fits what the services take."""

from __future__ import annotations

import base64

import orjson
import pytest

from services.care.api import NewCase
from services.cli.scenario.declaring import declaration, scaled_needs
from services.cli.scenario.model import load_scenario
from services.cli.scenario.network import build_network
from services.cli.scenario.phones import scope_of
from services.cli.scenario.registering import station_item, volunteer_item
from services.cli.scenario.team import case_body
from services.cli.scenario.world.people import people_met
from services.incidents.model import DeclareRequest
from services.registry.stations.decide import station_of
from services.registry.stations.kinds import problems_of_kind
from services.registry.stations.model import StationEntry
from services.registry.volunteers.model import VolunteerEntry
from tests.unit.cli.scenario_run.small_log import MISSION


def test_the_declaration_is_one_the_incidents_service_takes() -> None:
    body = orjson.loads(orjson.dumps(declaration(load_scenario("wenchuan-2008"), 1440, 1.0)))
    request = DeclareRequest.model_validate(body)
    assert request.exercise
    assert request.drill_factor == 1440
    assert sum(need.count for need in request.needs or ()) == 110


def test_a_smaller_drill_asks_for_fewer_teams_and_for_every_skill() -> None:
    needs = load_scenario("wenchuan-2008").needs
    small = scaled_needs(needs, 0.25)
    assert [need.need_id for need in small] == [need.need_id for need in needs]
    assert all(1 <= less.teams <= need.teams for less, need in zip(small, needs, strict=True))
    assert sum(need.count for need in small) < sum(need.count for need in needs) / 2


def test_the_network_is_one_the_register_takes() -> None:
    network = build_network()
    for station in (*network.detachments, *network.stations):
        entry = StationEntry.model_validate(station_item(station))
        assert list(problems_of_kind(station_of(entry), "")) == []
        assert (entry.room_count is None) == (station in network.detachments)
    for volunteer in network.volunteers:
        VolunteerEntry.model_validate(volunteer_item(volunteer))


def test_a_case_is_one_that_care_takes() -> None:
    for person in people_met(1, "drill", "core/0", 0):
        NewCase.model_validate(orjson.loads(orjson.dumps(case_body(MISSION, person))))


@pytest.mark.parametrize("padding", [b"{}", b'{"a":1}', b'{"a":12}'])
def test_a_phone_reads_what_its_token_is_for(padding: bytes) -> None:
    claims = orjson.dumps({"scope": f"mission:{MISSION}", "pad": padding.decode()})
    payload = base64.urlsafe_b64encode(claims).rstrip(b"=").decode()
    assert scope_of(f"x.{payload}.y") == ("mission", MISSION)
