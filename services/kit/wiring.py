"""What the kit adds to a service by what it declares: relay, consumer, timers, quarantine and stream endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from fastapi import APIRouter

from schemas.policy import rows_of
from schemas.topics import MAX_RECORD_BYTES, TOPICS
from services.kit import db
from services.kit.consume import BatchConsumer, ConsumeLimits, consumer_of
from services.kit.db import is_transient
from services.kit.delivery import Delivery
from services.kit.gauges import observe_for_ever
from services.kit.health import OK, Check, CheckResult, degraded, failed
from services.kit.idempotency import sweep
from services.kit.log import describe_error, get_logger
from services.kit.process import Loop, Part
from services.kit.quarantine_api import quarantine_router
from services.kit.quarantine_desk import QuarantineDesk
from services.kit.relay import Relay
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.stream import StreamHub
from services.kit.stream_api import stream_router
from services.kit.timers import TimerLoop

_log = get_logger(__name__)
_SWEEP_EVERY_S: Final = 600.0
_BLOCKED_S: Final = 10.0
"""A partition that waits longer for a fault to pass is worth telling."""


def _nothing() -> None:
    """There are no streams to cut."""


@dataclass(frozen=True)
class Wired:
    """The kit's parts of one service."""

    routers: Sequence[APIRouter] = ()
    parts: Sequence[Part] = ()
    relay: Part | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)
    cut_streams: Callable[[], None] = _nothing


def wire(service: Service, runtime: Runtime, dsn: str) -> Wired:
    """Make the kit's parts for a service. Does no I/O."""
    gauges = partial(observe_for_ever, service.name, runtime.pool, runtime.clock)
    parts: list[Part] = [Loop(_sweeper(runtime)), Loop(gauges)]
    routers: list[APIRouter] = []
    checks: dict[str, Check] = {}
    if service.timers:
        timer_loop = TimerLoop(runtime.units, service.timers)
        runtime.units.on_timers = timer_loop.wake
        parts.append(timer_loop)
    if service.subscriptions:
        delivery = Delivery(runtime.units, service.subscriptions)
        limits = ConsumeLimits(gather_s=service.gather_s)
        consumer = consumer_of(runtime.bus, delivery, member=runtime.settings.member, limits=limits)
        parts.append(consumer)
        routers.append(quarantine_router(service.name, runtime.units, QuarantineDesk(delivery)))
        checks["consumer"] = _consumer_check(consumer, delivery, runtime)
    hub = _streams(service, runtime, routers)
    if hub is not None:
        parts.append(hub)
    return Wired(
        routers=routers, parts=parts, relay=_relay(service, runtime, dsn), checks=checks,
        cut_streams=hub.cut if hub else _nothing,
    )  # fmt: skip


def _streams(service: Service, runtime: Runtime, routers: list[APIRouter]) -> StreamHub | None:
    """The live streams that the policy has rows for."""
    paths = [row.path for row in rows_of(service.name)]
    topics = [topic.name for topic in TOPICS if f"/streams/{topic.name}" in paths]
    if not topics:
        return None
    from services.kit.stream_log import KafkaLog  # processes without events do not pay for the client

    log = KafkaLog(runtime.settings.kafka_required(), client_id=f"thirdrescue-{service.name}-streams")
    hub = StreamHub(log, topics, runtime.settings, runtime.clock)
    routers.append(stream_router(hub, topics))
    return hub


def _consumer_check(consumer: BatchConsumer, delivery: Delivery, runtime: Runtime) -> Check:
    """Like the Kafka check: without partitions a young process is not ready, an older one is degraded."""
    started_at = runtime.clock.now()
    assigned_once = False

    async def check() -> CheckResult:
        nonlocal assigned_once
        assigned_once = assigned_once or consumer.is_assigned
        age_s = (runtime.clock.now() - started_at).total_seconds()
        if not assigned_once and age_s < runtime.settings.kafka_start_grace_s:
            return failed("waits for its partitions")
        if not consumer.is_assigned:
            return degraded("has no partitions now")
        if delivery.is_halted:
            return degraded("halted: too many events in a row failed in their handlers")
        blocked_s = consumer.blocked_s()
        return degraded(f"a partition waits for {blocked_s:.0f} s") if blocked_s > _BLOCKED_S else OK

    return check


def _relay(service: Service, runtime: Runtime, dsn: str) -> Relay | None:
    """The relay, for services that write a topic or can put records of one into quarantine."""
    if not service.subscriptions and not any(topic.producer == service.name for topic in TOPICS):
        return None

    async def connect() -> object:
        return await db.connect(dsn, service.name, runtime.settings, schema=runtime.schema)

    relay = Relay(service.name, connect, runtime.bus, max_record_bytes=MAX_RECORD_BYTES)
    runtime.units.on_events = relay.wake
    return relay


def _sweeper(runtime: Runtime) -> Callable[[], Awaitable[None]]:
    """Forgets old idempotency keys, now and then."""

    async def sweep_idempotency_keys() -> None:
        while True:
            try:
                forgotten = await sweep(runtime.pool, runtime.clock.now())
            except Exception as error:
                if not is_transient(error):
                    raise
                forgotten = 0
                _log.warning("idempotency.sweep-postponed", error=describe_error(error))
            await asyncio.sleep(_SWEEP_EVERY_S if forgotten == 0 else 1)

    return sweep_idempotency_keys
