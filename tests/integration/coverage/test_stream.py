"""The live picture on real parts: equal to the log after kills and outages, and beside records nobody can read."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from faust.transport.consumer import Consumer

from schemas import codec
from schemas.envelope import Envelope
from schemas.topics import BY_NAME, consumed_by
from services.coverage.agents import Stream
from services.coverage.handlers import Router
from services.coverage.processor import Processor
from services.coverage.recompute import published, read_all
from services.coverage.settings import CoverageSettings
from services.coverage.topics import APP_ID, CONTRIBUTORS, INPUTS, PARTIALS, ensure_topics
from services.coverage.translate import MEANINGS, translate
from services.kit.clock import SystemClock
from services.kit.settings import load
from tests.integration.coverage.rig import CoverageProcess, Log
from tests.unit.coverage.world import World, events, interleaved

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


async def test_the_picture_equals_the_log_after_kills_and_stops_in_the_middle_and_after_the_tables_are_lost(
    log: Log, coverage: CoverageProcess
) -> None:
    made = interleaved(events(20080512, volunteers=1_000, incidents=150), random.Random(1), duplicates=0.02)
    assert len(made) > 5_000
    await coverage.ready()
    chunks = [made[start : start + 250] for start in range(0, len(made), 250)]
    for number, chunk in enumerate(chunks):
        await log.write(chunk)
        if number in (5, 13):
            coverage.kill()
            coverage.start()
        if number in (9, 17):
            await coverage.ready()
            assert coverage.stop() == 0
            coverage.start()
        await asyncio.sleep(0.1)
    await log.settle()
    await log.assert_sequences()
    coverage.kill()
    shutil.rmtree(coverage.tables)
    coverage.start()
    await coverage.ready()
    world = World(99)
    await log.write(world.incident())
    await log.settle()
    await log.assert_sequences()
    assert coverage.stop() == 0


async def test_what_is_read_while_a_recovery_ends_is_not_lost(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow seek to the committed offsets and a slow agent: what the consumer reads beside them must be counted."""
    seek, take = Consumer.perform_seek, Stream._take_batch

    async def seek_slowly(self: Any) -> None:
        await seek(self)
        await asyncio.sleep(0.5)

    async def take_slowly(self: Stream, message: Any) -> None:
        await asyncio.sleep(0.1)
        await take(self, message)

    monkeypatch.setattr(Consumer, "perform_seek", seek_slowly)
    monkeypatch.setattr(Stream, "_take_batch", take_slowly)
    monkeypatch.setenv("THIRDRESCUE_KAFKA", log.bootstrap)
    monkeypatch.setenv("THIRDRESCUE_STATE_DIR", str(tmp_path))
    settings = load(CoverageSettings)
    await ensure_topics(log.bootstrap)
    for seed in (1, 2):  # the second run has tables to recover, and records that came while nobody read
        await write_and_route(log, list(events(seed, volunteers=40, incidents=4)))
        shutil.rmtree(settings.tables_dir(), ignore_errors=True)
        running = asyncio.create_task(Processor(log.bus, SystemClock(), settings).run())
        await log.settle()
        running.cancel()
        await asyncio.wait([running])


async def write_and_route(log: Log, made: Sequence[Envelope]) -> None:
    """Write events to the log, and their changes to the stream processor's topic as the router would."""
    await log.write(made)
    changes = [
        (await log.bus.partition_of(INPUTS, envelope.key.encode()), change)
        for envelope in made
        if type(envelope.data) in MEANINGS and (change := translate(envelope)) is not None
    ]
    for start in range(0, len(changes), 10):
        await Router(log.bus).send(changes[start : start + 10])


async def test_what_nobody_can_read_is_held_back_alone_and_the_other_keys_go_on(
    log: Log, coverage: CoverageProcess
) -> None:
    await coverage.ready()
    world = World(7)
    sample = {type(e.data): e for e in events(3, volunteers=20, incidents=20)}
    bad = {"ce_dataschema": b"urn:thirdrescue:schema:%s:999"}
    held = 0
    for topic in consumed_by("coverage"):
        example = next((e for e in sample.values() if type(e.data) in topic.events), None)
        await log.write_raw(topic.name, b"garbage", b"\xff not json", [])
        held += 1
        if example is None:
            continue
        record = codec.encode(example)
        version = [(n, bad["ce_dataschema"] % example.type.encode() if n in bad else v) for n, v in record.headers]
        await log.write_raw(topic.name, record.key, record.value, version)
        held += 1
    await log.write_raw(INPUTS, b"changes", b"[[1]]", [])
    await log.write_raw(INPUTS, b"changes", b'[["x/1", 1, "no-such-change", {}]]', [])
    await log.write_raw(PARTIALS, b"partials", b"\x00", [])
    await log.write(world.incident())
    await log.settle()
    assert coverage.exit_code is None
    wanted = {"inputs": 2, "partials": 1, "quarantined": held}
    deadline = time.monotonic() + 60
    while (letters := await count_dead_letters(log)) != wanted:
        assert time.monotonic() < deadline, letters
        await asyncio.sleep(0.2)


async def count_dead_letters(log: Log) -> dict[str, int]:
    return {
        "inputs": await log.count(f"{INPUTS}-dlq"),
        "partials": await log.count(f"{PARTIALS}-dlq"),
        "quarantined": sum([await log.count(topic.dlq) for topic in consumed_by("coverage")]),
    }


async def test_an_outage_of_the_log_heals_by_itself(log: Log, coverage: CoverageProcess, own_kafka: Any) -> None:
    await coverage.ready()
    await log.write(events(1, volunteers=50, incidents=5))
    await log.settle()
    await log.write(events(2, volunteers=300, incidents=20))
    own_kafka.kill()
    await asyncio.sleep(15)  # longer than the producer's request timeout
    own_kafka.start()
    await log.settle()
    await log.assert_sequences()
    assert coverage.exit_code is None


async def test_tables_recover_from_a_changelog_that_lost_its_beginning(log: Log, coverage: CoverageProcess) -> None:
    """faust-streaming 176: stock Faust waits for ever for records that are gone."""
    await coverage.ready()
    await log.write(events(1, volunteers=50, incidents=5))
    await log.settle()
    assert coverage.stop() == 0
    await log.forget_all_but_the_last(f"{APP_ID}-{CONTRIBUTORS}-changelog")
    shutil.rmtree(coverage.tables)
    coverage.start()
    await coverage.ready()


async def test_an_event_is_seen_in_half_a_second_and_a_void_after_its_hold_off(
    log: Log, coverage: CoverageProcess
) -> None:
    await coverage.ready()
    delays = []
    for seed in range(12):
        world = World(seed)
        first = next(world.incident())
        started = time.monotonic()
        await log.write([first])
        places = {f"zone:{zone.zone_id}" for zone in first.data.zones}  # type: ignore[attr-defined]
        while not places <= (await published(log.bootstrap)).keys():
            assert time.monotonic() - started < 40
        delays.append(time.monotonic() - started)
    assert min(delays) < 0.5, delays  # a busy machine may delay any of them
    fenced, opened, *_ = World(4).incident()
    await log.write([fenced, opened])
    deadline = time.monotonic() + 60
    while not (seen := await coverage.get("/coverage/voids", areas=["510000"]))["items"]:
        assert time.monotonic() < deadline, "no void"
        await asyncio.sleep(0.1)
    assert {void["incident_id"] for void in seen["items"]} == {fenced.key}
    assert await read_all(log.bootstrap, [BY_NAME["coverage-events"]])
    assert (await coverage.get("/coverage/voids", areas=["110000"]))["items"] == []
    shown = await coverage.get("/coverage/areas?kind=zone&limit=1000", areas=["510722"])
    assert len(shown["items"]) == 0  # the incident is the province's, and a county sees its own
    place = seen["items"][0]["area_id"]
    assert (await coverage.get(f"/coverage/areas/{place}", areas=["*"]))["exercise"] is True
    assert (await coverage.get(f"/coverage/areas/{place}", areas=["110000"]))["status"] == 404
