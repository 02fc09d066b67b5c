"""How long each hop took, from the times in the log and the gateway's receipts. Pure; all in real seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.cli.scenario.gateway import GatewayPage
from services.cli.scenario.phones import SentAnswer
from services.cli.scenario.story import Mission, Story

Hops = dict[str, list[float]]


def hops_of(story: Story, pages: Iterable[GatewayPage], answers: Mapping[str, SentAnswer], factor: float) -> Hops:
    """Seconds of each hop by its name; a hop that did not happen is left out."""
    received = {page.page_id: page.received_at for page in pages}
    first_wave = _receipts(story, received, wave=1)
    hops: Hops = defaultdict(list)
    if story.declared is not None and story.fenced is not None:
        hops["declared->fenced"].append(_s(story.declared.recorded_at, story.fenced.recorded_at))
        if first_wave:
            hops["fenced->first page"].append(_s(story.fenced.recorded_at, first_wave[0]))
            hops["declared->first page"].append(_s(story.declared.recorded_at, first_wave[0]))
    for wave in {ask.wave for ask in story.asks.values()}:
        receipts = _receipts(story, received, wave)
        if receipts:
            hops["first page->last page"].append(_s(receipts[0], receipts[-1]))
    for record in story.answers:
        page_id = record.data["page_id"]
        if page_id in received:
            took_s = _s(received[page_id], record.recorded_at)
            hops["page->answered"].append(took_s)
            if page_id in answers:
                hops["answer due->answered"].append(took_s - answers[page_id].delay_s / factor)
    for mission in story.missions.values():
        _mission_hops(story, mission, hops)
    return dict(hops)


def _mission_hops(story: Story, mission: Mission, hops: Hops) -> None:
    if mission.dispatched is None:
        return
    members = {member["volunteer_id"] for member in mission.members}
    accepted = [
        record.recorded_at
        for record in story.answers
        if record.data["counted"] and record.data["volunteer_id"] in members
    ]
    sent_at = mission.dispatched.recorded_at
    if accepted:
        hops["answered->dispatched"].append(_s(max(accepted), sent_at))
    seen_at = _seen_at(story, mission, sent_at)
    if seen_at is not None:
        hops["dispatched->coverage seen"].append(_s(sent_at, seen_at))


def _seen_at(story: Story, mission: Mission, sent_at: datetime) -> datetime | None:
    """When coverage first showed all that was sent to the zone by then. By the broker's time of the record."""
    sent = sum(
        len(other.members)
        for other in story.missions.values()
        if other.zone_id == mission.zone_id and other.dispatched and other.dispatched.recorded_at <= sent_at
    )
    for record in story.coverage:
        if record.key == f"zone:{mission.zone_id}" and sum(row["assigned"] for row in record.data["rows"]) >= sent:
            return record.at
    return None


def _receipts(story: Story, received: Mapping[str, datetime], wave: int) -> list[datetime]:
    return sorted(received[page_id] for page_id, ask in story.asks.items() if ask.wave == wave and page_id in received)


def _s(before: datetime, after: datetime) -> float:
    return (after - before).total_seconds()


def summarise(hops: Mapping[str, Sequence[float]]) -> dict[str, dict[str, Any]]:
    """Median, 95th percentile, greatest and number per hop, in seconds to the millisecond."""
    return {
        hop: {
            "p50": round(quantile(seconds, 0.5), 3),
            "p95": round(quantile(seconds, 0.95), 3),
            "max": round(max(seconds), 3),
            "n": len(seconds),
        }
        for hop, seconds in hops.items()
        if seconds
    }


def quantile(values: Sequence[float], share: float) -> float:
    """The value at that share of the sorted values, between neighbours by straight line."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
