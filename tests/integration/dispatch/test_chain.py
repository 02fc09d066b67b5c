"""Dispatch, care and followup on a real Kafka and a real PostgreSQL: from an answer to a follow-up in twenty years.

Events of the services before them are published as those would; everything between the three goes through their own
outboxes, relays and consumers. Every record is published twice, because that is what a crash does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from schemas.policy import AccountRole, rows_of
from schemas.values import IncidentClock
from services.kit import db
from services.kit.auth import TokenSigner, TokenVerifier
from services.kit.bus import Outgoing
from services.kit.clock import SystemClock
from services.kit.consume import consumer_of
from services.kit.delivery import Delivery
from services.kit.health import Health
from services.kit.http import build_app
from services.kit.kafka import KafkaBus
from services.kit.migrate import migrate
from services.kit.quarantine_api import quarantine_router
from services.kit.quarantine_desk import QuarantineDesk
from services.kit.relay import Relay
from services.kit.runtime import Runtime
from services.kit.settings import KitSettings
from services.kit.timers import TimerLoop
from tests.integration.dispatch.field import Field, make_keys
from tests.integration.dispatch.story import OCCURRED_AT, Story
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration
NAMES = ("dispatch", "care", "followup")
FACTOR = 3600.0


class LiveStory(Story):
    """A drill that begins now; a second is an hour."""

    began_at = datetime.now(UTC)

    @property
    def clock(self) -> IncidentClock:
        """The drill's clock."""
        return IncidentClock(anchor_real_at=self.began_at, anchor_incident_at=OCCURRED_AT, factor=FACTOR)


@dataclass
class Live:
    """The three services, running."""

    bus: KafkaBus
    fields: dict[str, Field]

    async def publish(self, field: Field, *, times: int = 2) -> None:
        """Send what a story's field has made ready, in order, each record so many times."""
        for topic, record in field.records:
            partition = await self.bus.partition_of(topic, record.key)
            outgoing = Outgoing(record.key, record.value, [(name, value or b"") for name, value in record.headers])
            await self.bus.send(partition, [outgoing] * times)
        field.records.clear()


@asynccontextmanager
async def running(
    name: str, dsn: str, settings: KitSettings, bus: KafkaBus, signers: dict[str, TokenSigner], verifier: TokenVerifier
) -> AsyncIterator[Field]:
    """One service with its relay, consumer and timers at work."""
    pool = await db.create_pool(dsn, name, settings)
    health, clock = Health(), SystemClock()
    runtime = Runtime(name, settings=settings, clock=clock, pool=pool, verifier=verifier, health=health, bus=bus)
    service = import_module(f"services.{name}.app").create(runtime)
    async with pool.acquire() as connection:
        await migrate(connection, name, service.folder / "sql" / "migrations")
    delivery = Delivery(runtime.units, service.subscriptions)
    relay = Relay(name, lambda: db.connect(dsn, name, settings), bus, max_record_bytes=1_000_000)
    timers = TimerLoop(runtime.units, service.timers)
    runtime.units.on_events, runtime.units.on_timers = relay.wake, timers.wake
    rows = [row for row in rows_of(name) if not row.path.startswith("/streams")]
    routers = [service.router, quarantine_router(name, runtime.units, QuarantineDesk(delivery))]
    app = build_app(routers, rows, settings=settings, verifier=verifier, health=health)
    parts = (relay, consumer_of(bus, delivery), timers)
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield Field(service, runtime, delivery, clock, app, signers)  # type: ignore[arg-type]  # the clock runs here
    finally:
        for part in parts:
            part.stop()
        await asyncio.wait(tasks, timeout=10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await pool.close()


@asynccontextmanager
async def open_live(database: TestDatabase, bootstrap: str, folder: Path) -> AsyncIterator[Live]:
    """All three on one bus."""
    settings = KitSettings(secrets_dir=folder, kafka=bootstrap)
    signers, verifier = make_keys(folder, SystemClock())  # type: ignore[arg-type]
    bus = KafkaBus(bootstrap, client_id="chain")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(bus.stop)
        await bus.start()
        fields = {
            name: await stack.enter_async_context(running(name, database.dsn(name), settings, bus, signers, verifier))
            for name in NAMES
        }
        yield Live(bus, fields)


def begin(field: Field, story: Story) -> None:
    """Make ready everything up to the first answer."""
    for event in (story.declared(), story.fenced()):
        field.record_of(event, story.incident_id, exercise=True)
    field.record_of(story.opened(), story.alert_id, exercise=True)


async def until(ask: Callable[[], Awaitable[bool]], *, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not await ask():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        await asyncio.sleep(0.05)


async def posted(client: httpx.AsyncClient, path: str, body: object, status: int) -> httpx.Response:
    """The answer once the service has caught up: 409 and 503 with Retry-After mean to try again."""
    deadline = time.monotonic() + 30
    while True:
        answer = await client.post(path, json=body)
        if answer.status_code == status:
            return answer
        assert answer.status_code in {409, 503}, answer.text
        assert "Retry-After" in answer.headers, answer.text
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.05)


async def test_from_an_answer_to_a_follow_up_in_twenty_years(
    make_database: Callable[..., TestDatabase], kafka_topics: str, tmp_path: Path
) -> None:
    story = LiveStory()
    crew = [uuid4() for _ in range(3)]
    async with open_live(make_database(*NAMES), kafka_topics, tmp_path) as live:
        dispatch, care, followup = (live.fields[name] for name in NAMES)
        begin(dispatch, story)
        for who, need in zip(crew, ("lead", "counsel", "counsel"), strict=True):
            dispatch.record_of(story.answered(who, need), story.alert_id, exercise=True)
        await live.publish(dispatch)

        mission = f"/dispatch/missions/{story.mission_id()}"
        async with dispatch.account(AccountRole.DUTY_OFFICER) as officer:
            await until(lambda: _is(officer, mission, "dispatched"))
        async with dispatch.phone(crew[0], story.mission_id()) as lead:
            assert (await lead.post(f"{mission}/departures", json={"eta_minutes": 30})).status_code == 200
            assert (await lead.post(f"{mission}/arrivals")).status_code == 200
        met = {
            "mission_id": str(story.mission_id()), "population_group": "bereaved", "age_band": "30-64",
            "triage_level": "L0", "consent_follow_up": True,
        }  # fmt: skip
        async with care.phone(crew[1], story.mission_id()) as phone:
            case_id = UUID((await posted(phone, "/care/cases", met, 201)).json()["case_id"])

        counts = f"/followup/incidents/{story.incident_id}"
        async with followup.account(AccountRole.VIEWER, AccountRole.CLINICIAN) as reader:
            await until(lambda: _planned(reader, counts, 7 + 18))
            await until(lambda: _has_due(reader, story.incident_id))
            (due,) = (await reader.get("/followup/tasks", params={"incident_id": str(story.incident_id)})).json()[
                "tasks"
            ]
            shown = (await reader.get(counts)).json()
        assert (due["case_id"], due["step"]) == (str(case_id), "now")
        assert shown["last_on"] == "2028-05-12"
        for field in live.fields.values():
            held = "SELECT count(*) FROM quarantine WHERE key_text = ANY($1::text[])"
            keys = [str(story.incident_id), str(story.alert_id), str(story.mission_id()), str(case_id)]
            assert await field.runtime.pool.fetchval(held, keys) == 0


async def _is(client: httpx.AsyncClient, mission: str, state: str) -> bool:
    answer = await client.get(mission)
    return answer.status_code == 200 and answer.json()["state"] == state


async def _planned(client: httpx.AsyncClient, path: str, tasks: int) -> bool:
    answer = await client.get(path)
    return answer.status_code == 200 and answer.json()["tasks"] == tasks


async def _has_due(client: httpx.AsyncClient, incident_id: UUID) -> bool:
    answer = await client.get("/followup/tasks", params={"incident_id": str(incident_id)})
    return bool(answer.json()["tasks"])


async def test_two_incidents_on_two_partitions_get_a_volunteer_once(
    make_database: Callable[..., TestDatabase], kafka_topics: str, tmp_path: Path
) -> None:
    """The double-booking race with the real consumer, which works on partitions at the same time."""
    stories = [LiveStory() for _ in range(6)]
    people = [uuid4() for _ in range(9)]
    needs = ("lead", "counsel", "counsel") * 3
    async with open_live(make_database(*NAMES), kafka_topics, tmp_path) as live:
        dispatch = live.fields["dispatch"]
        for story in stories:
            begin(dispatch, story)
        for index, (who, need) in enumerate(zip(people, needs, strict=True)):
            for story in stories[index % 2 :] + stories[: index % 2]:
                dispatch.record_of(story.answered(who, need), story.alert_id, exercise=True)
        await live.publish(dispatch)
        pool = dispatch.runtime.pool
        incidents = [story.incident_id for story in stories]

        async def everybody_is_decided() -> bool:
            sequences = await pool.fetch(
                "SELECT last_sequence FROM inbox_position WHERE topic = 'alert-events' AND key = ANY($1::text[])",
                [str(story.alert_id) for story in stories],
            )
            return [row["last_sequence"] for row in sequences] == [1 + len(people)] * len(stories)

        await until(everybody_is_decided)
        live_rows = await pool.fetch(
            "SELECT volunteer_id FROM members WHERE incident_id = ANY($1::uuid[]) AND state <> 'released'", incidents
        )
        seated = await pool.fetch(
            "SELECT volunteer_id, mission_id FROM members WHERE incident_id = ANY($1::uuid[]) AND state = 'seated'",
            incidents,
        )
    assert sorted(row["volunteer_id"] for row in live_rows) == sorted(people), "everybody once, nobody twice"
    assert len({row["volunteer_id"] for row in seated}) == len(seated)


def test_an_hour_of_the_drill_is_a_second() -> None:
    assert LiveStory().clock.real_delay(timedelta(hours=1)) == timedelta(seconds=1)
