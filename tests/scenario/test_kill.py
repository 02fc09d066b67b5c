"""Every service is killed in the middle of the drill, Kafka and PostgreSQL go away: the drill ends as if nothing was.

Each run is checked by the scenario's own outside checks: every quota filled, nobody lost, doubled or sent twice.
"""

from __future__ import annotations

import os

import pytest

from services.catalog import SERVICES
from services.cli.scenario.report import Result
from services.cli.scenario.running import Running
from services.cli.scenario.story import Story
from tests.scenario.stage import Stage, happened

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(420)]

KILLED = tuple(entry.name for entry in SERVICES if entry.kind == "product")
LONGER_THAN_REQUEST_TIMEOUT_S = 30.0
EACH_ALONE = "THIRDRESCUE_TEST_EACH_KILL"


def assert_whole(result: Result) -> None:
    broken = [f"{one.what}: {one.detail}" for one in result.invariants if not one.held]
    assert broken == []
    assert result.succeeded


def arrived(story: Story) -> int:
    return sum(mission.arrived is not None for mission in story.missions.values())


MOMENTS = {
    "identity": lambda story: story.fenced is not None,
    "registry": lambda story: story.fenced is not None,
    "alerts": lambda story: len(story.answers) >= 5,
    "dispatch": lambda story: len(story.missions) >= 2,
    "coverage": lambda story: len(story.missions) >= 1,
    "care": lambda story: len(story.cases) >= 3,
    "followup": lambda story: len(story.cases) >= 5,
}
"""When each is killed: in the thick of its work. Incidents and geofencing are down when the incident is declared."""


async def test_every_service_killed_in_one_drill(stage: Stage) -> None:
    killed: list[str] = []

    async def disturb(running: Running) -> None:
        for name in ("incidents", "geofencing"):
            stage.kill(name)
            killed.append(name)
        for name, moment in MOMENTS.items():
            await happened(running, moment)
            stage.kill(name)
            killed.append(name)
        await stage.back()
        stage.up_again()

    result = await stage.play(timeout_s=240.0, disturb=disturb)
    assert sorted(killed) == sorted(KILLED)
    assert_whole(result)


@pytest.mark.skipif(EACH_ALONE not in os.environ, reason=f"half an hour; set {EACH_ALONE}=1")
@pytest.mark.parametrize("name", KILLED)
async def test_one_service_killed_again_and_again(stage: Stage, name: str) -> None:
    async def disturb(running: Running) -> None:
        stage.kill(name)
        for moment in (
            lambda story: bool(story.waves),
            lambda story: len(story.answers) >= 10,
            lambda story: len(story.missions) >= 2,
            lambda story: arrived(story) >= 1,
            lambda story: len(story.cases) >= 5,
        ):
            await happened(running, moment, 120)
            await stage.back(name)
            stage.kill(name)
        await stage.back(name)

    assert_whole(await stage.play(timeout_s=300.0, disturb=disturb))


async def test_kafka_away_for_longer_than_a_request_may_take(stage: Stage) -> None:
    async def disturb(running: Running) -> None:
        await happened(running, lambda story: len(story.answers) >= 3)
        await stage.outage("kafka", LONGER_THAN_REQUEST_TIMEOUT_S)

    assert_whole(await stage.play(scale=0.25, timeout_s=240.0, disturb=disturb))


async def test_postgres_restarted_twice(stage: Stage) -> None:
    async def disturb(running: Running) -> None:
        await happened(running, lambda story: len(story.answers) >= 3)
        await stage.outage("postgres", 1.0)
        await happened(running, lambda story: arrived(story) >= 1)
        await stage.outage("postgres", 3.0)
        await stage.back()

    assert_whole(await stage.play(scale=0.25, timeout_s=240.0, disturb=disturb))
