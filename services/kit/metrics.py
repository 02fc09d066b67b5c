"""Every Prometheus metric, declared once. Names say their unit; labels are services, topics and fixed words, never ids.

The list is kept in docs/telemetry.md by a test. Objects are made at import, as prometheus-client means it; nothing
is served until the HTTP layer mounts `/metrics`.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

HTTP_REQUESTS = Counter(
    "thirdrescue_http_requests_total", "Answered requests by route template and status.", ("route", "method", "status")
)
HTTP_SECONDS = Histogram(
    "thirdrescue_http_request_seconds", "Time from the request's head to the end of its answer.",
    ("route", "method"), buckets=_FAST,
)  # fmt: skip

EVENTS = Counter(
    "thirdrescue_events_total",
    "Consumed records; outcome is handled, duplicate, parked, quarantined, released or discarded.",
    ("service", "topic", "outcome"),
)
EVENT_RETRIES = Counter(
    "thirdrescue_event_retries_total", "Batches tried again after a passing fault.", ("service", "topic")
)
EVENT_HANDLER_SECONDS = Histogram(
    "thirdrescue_event_handler_seconds", "Time of one event's handler.", ("service", "topic"), buckets=_FAST
)
EVENT_DELAY_SECONDS = Histogram(
    "thirdrescue_event_delay_seconds", "Time from an event's recording to its handling.",
    ("service", "topic"), buckets=(*_FAST, 30.0, 120.0, 600.0),
)  # fmt: skip
CONSUMER_LAG_RECORDS = Gauge(
    "thirdrescue_consumer_lag_records", "Records not yet consumed.", ("service", "topic", "partition")
)
CONSUMER_IN_FLIGHT = Gauge("thirdrescue_consumer_in_flight_records", "Records fetched and not finished.", ("service",))
QUARANTINE_OPEN = Gauge(
    "thirdrescue_quarantine_open", "Entries waiting for a decision or parked behind one.", ("service", "state")
)

OUTBOX_WAITING = Gauge("thirdrescue_outbox_waiting", "Events committed, not yet acknowledged by Kafka.", ("service",))
OUTBOX_OLDEST_SECONDS = Gauge("thirdrescue_outbox_oldest_seconds", "Age of the oldest waiting event.", ("service",))
OUTBOX_RELAYED = Counter("thirdrescue_outbox_relayed_total", "Events acknowledged by Kafka.", ("service", "topic"))
OUTBOX_DEAD = Counter("thirdrescue_outbox_dead_total", "Events that can never be sent.", ("service", "reason"))
PRODUCERS_CREATED = Counter(
    "thirdrescue_producers_created_total", "Kafka producers made; reason is start or failed-send.", ("reason",)
)
PRODUCERS_OPEN = Gauge("thirdrescue_producers_open", "Kafka producers now open; never more than one.")

TIMERS_FIRED = Counter("thirdrescue_timers_fired_total", "Durable timers handled.", ("service", "kind", "outcome"))
TIMER_DELAY_SECONDS = Histogram(
    "thirdrescue_timer_delay_seconds", "How late a timer was handled.", ("service",), buckets=(*_FAST, 60.0, 600.0)
)

STREAM_READERS = Gauge("thirdrescue_stream_readers", "Connected readers of a live stream.", ("topic",))
STREAM_EVENTS = Counter("thirdrescue_stream_events_total", "Events handed to readers.", ("topic",))
STREAM_CUTS = Counter(
    "thirdrescue_stream_cuts_total", "Readers that were cut; reason is slow, expired or stopping.", ("topic", "reason")
)

CHECK_STATE = Gauge(
    "thirdrescue_check_state", "Readiness checks: 1 ok, 0.5 degraded, 0 failed, as last asked.", ("check",)
)
SIGN_INS = Counter("thirdrescue_sign_ins_total", "Sign-ins by grant and outcome.", ("grant", "outcome"))
LOOP_FAILURES = Counter("thirdrescue_loop_failures_total", "Background loops that died.", ("service",))


def exposition() -> tuple[bytes, str]:
    """The text for Prometheus and its media type."""
    return generate_latest(), CONTENT_TYPE_LATEST
