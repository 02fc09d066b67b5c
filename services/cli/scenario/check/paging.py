"""Was everybody asked once, nobody by mistake, and every answer kept and counted right?"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from services.cli.scenario.check.model import Evidence, Invariant, VolunteerAt, judge

LAG: Final = timedelta(seconds=5)
"""A wave may rest on what the register said so long before it: events travel."""
CANCELLED: Final = frozenset({"cancelled"})


def check_effects(evidence: Evidence) -> Invariant:
    """Each page rings once, or is said not to."""

    def broken() -> Iterator[str]:
        effects = {page.page_id: page.effects for page in evidence.pages}
        excused = _cancelled(evidence) | evidence.story.failed.keys()
        for page_id in evidence.story.asks:
            count = effects.get(page_id, 0)
            if count > 1 or (count == 0 and page_id not in excused):
                yield f"page {page_id} took effect {count} times"
        for page_id in evidence.story.sent.keys() - evidence.story.asks.keys():
            count = effects.get(page_id, 0)
            if count != 1:
                yield f"{evidence.story.sent[page_id]['purpose']} page {page_id} took effect {count} times"

    repeated = sum(bool(page.get("repeated")) for page in evidence.story.sent.values())
    return judge(
        "every page of a wave took effect exactly once at the gateway, or is recorded as cancelled",
        broken(),
        f"{len(evidence.story.asks)} asks, {len(_cancelled(evidence))} cancelled before they left, "
        f"{len(evidence.story.sent)} pages sent, {repeated} of them tried again after an unknown outcome",
    )


def check_recipients(evidence: Evidence) -> Invariant:
    """No page without a reason in the log."""
    mine = evidence.story.asks.keys() | evidence.story.sent.keys()
    people = {ask.volunteer_id for ask in evidence.story.asks.values()}

    def broken() -> Iterator[str]:
        for page in evidence.pages:
            if page.purpose == "notice":
                continue  # asks nothing, and belongs to no alert
            named = evidence.log.paged.get(page.page_id)
            if named is None:
                yield f"{page.purpose} page {page.page_id} is in no event of any alert"
            elif named != page.recipient:
                yield f"{page.purpose} page {page.page_id} went to another than the log names"
            elif page.page_id in mine and page.recipient not in people:
                yield f"{page.purpose} page {page.page_id} went to somebody who was never asked"
        logged = Counter(str(page["purpose"]) for page in evidence.story.sent.values())
        on_board = Counter[str]()
        for row in (evidence.board or {}).get("pages", []):
            on_board[row["purpose"]] += row["pages"] if row["state"] == "sent" else 0
        if logged != on_board:
            yield f"the log has {dict(logged)} pages as sent, the board {dict(on_board)}"

    return judge("no page went to anybody who was not asked", broken(), f"{len(evidence.pages)} pages at the gateway")


def check_asked_once(evidence: Evidence) -> Invariant:
    """Each person is asked at most once."""
    times = Counter(ask.volunteer_id for ask in evidence.story.asks.values())
    return judge(
        "nobody was asked twice in this alert",
        [f"{volunteer} was asked {count} times" for volunteer, count in times.items() if count > 1],
        f"{len(times)} people in {len(evidence.story.waves)} waves",
    )


def check_answers(evidence: Evidence) -> Invariant:
    """No answer is lost or doubled."""

    def broken() -> Iterator[str]:
        logged = Counter(record.data["page_id"] for record in evidence.story.answers)
        said = {record.data["page_id"]: record.data for record in evidence.story.answers}
        for page_id, answer in evidence.answers.items():
            if not answer.taken:
                yield f"a phone's answer to {page_id} was refused: {answer.said}"
            elif logged[page_id] != 1:
                yield f"the answer to page {page_id} is in the log {logged[page_id]} times"
            elif said[page_id]["answer"] != answer.answer or said[page_id]["counted"] != answer.counted:
                yield f"the log tells the answer to page {page_id} otherwise than the phone was told"
        for page_id in logged.keys() - evidence.answers.keys():
            yield f"the log has an answer to page {page_id} that no phone sent"

    return judge(
        "every answer that a phone got a 2xx for is in the log once, as the phone was told",
        broken(),
        f"{len(evidence.answers)} answers",
    )


def check_quotas(evidence: Evidence) -> Invariant:
    """Quotas are filled and never overfilled, at any position of the log."""

    def broken() -> Iterator[str]:
        standing: dict[tuple[str, str], set[str]] = {key: set() for key in evidence.story.quotas}
        for record in evidence.story.records:
            data = record.data
            if record.type == "alert.answered" and data["counted"] and data["answer"] == "accept":
                key = (data["need_id"], data["zone_id"])
                standing[key].add(data["volunteer_id"])
                if len(standing[key]) > evidence.story.quotas[key].count:
                    yield f"{data['need_id']}: more counted answers than places"
            elif record.type == "alert.quota-reopened":
                for key, people in standing.items():
                    if key[0] == data["need_id"]:
                        people.discard(data["volunteer_id"])
        for key, people in standing.items():
            quota = evidence.story.quotas[key]
            if len(people) != quota.count:
                yield f"{quota.need_id}: {len(people)} of {quota.count}"

    return judge(
        "every quota is filled: as many counted answers as places, and never more at any position of the log",
        [*broken(), *([] if evidence.story.quotas else ["no quota was opened"])],
        f"{len(evidence.story.quotas)} quotas, {evidence.story.places} places",
    )


def check_deployable(evidence: Evidence) -> Invariant:
    """Nobody is asked who cannot or must not go."""

    def broken() -> Iterator[str]:
        core = _core(evidence)
        when = {int(wave.data["wave"]): wave.recorded_at for wave in evidence.story.waves}
        needs = {quota.need_id: quota for quota in evidence.story.quotas.values()}
        for ask in evidence.story.asks.values():
            states = _states_at(evidence.log.volunteers.get(ask.volunteer_id, []), when[ask.wave])
            need = needs[ask.need_id]
            if not any(state.deployable for state in states):
                yield f"{ask.volunteer_id} was not deployable"
            elif not any(need.role in state.roles and need.language in (None, *state.languages) for state in states):
                yield f"{ask.volunteer_id} is no {need.role} {need.language or ''}".rstrip()
            elif core is not None and core.contains(Point(states[-1].lon_deg, states[-1].lat_deg)):
                yield f"{ask.volunteer_id} is at home inside the core zone"

    return judge(
        "nobody was asked who was not deployable, has not the role or language, or is at home inside the core zone",
        broken(),
        f"{len(evidence.story.asks)} asks against {len(evidence.log.volunteers)} volunteers' states in the log",
    )


def _cancelled(evidence: Evidence) -> set[str]:
    """Asks that the alert's board says were cancelled before they left."""
    return {str(ask["page_id"]) for ask in _board_asks(evidence) if ask["page_state"] in CANCELLED}


def _board_asks(evidence: Evidence) -> list[Mapping[str, Any]]:
    return list((evidence.board or {}).get("asks", []))


def _core(evidence: Evidence) -> BaseGeometry | None:
    features = (evidence.zones or {}).get("features", [])
    return next((shape(one["geometry"]) for one in features if one["properties"]["kind"] == "core"), None)


def _states_at(states: list[VolunteerAt], moment: datetime) -> list[VolunteerAt]:
    """The state that held then, and those that held shortly before, which the wave may have known."""
    last = bisect_right([state.recorded_at for state in states], moment)
    first = bisect_right([state.recorded_at for state in states], moment - LAG)
    return states[max(0, first - 1) : last]
