"""Folds the whole log, record by record, into what the checks ask of it. Pure; the reading is done elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from services.cli.scenario.check.coverage import CoverageFold
from services.cli.scenario.check.model import LogFacts, Spell, VolunteerAt
from services.cli.scenario.records import RawRecord, Record, UnreadableRecord, read_record
from services.cli.scenario.story import Story

SIMULATED_NAME: Final = "模拟队员"
CANARY: Final = re.compile(
    rb"\+999\d{8}|" + SIMULATED_NAME.encode() + b"|" + re.escape(SIMULATED_NAME.encode("unicode_escape")), re.IGNORECASE
)
"""A simulated member's phone or name, also as JSON escapes it. Neither may ever be on a topic."""
_FAULTS_KEPT: Final = 50


class LogFold:
    """Takes every record of every topic in the order of its partition."""

    def __init__(self, incident_id: str, compacted: frozenset[str], events: frozenset[str]) -> None:
        self.facts = LogFacts()
        self.story = Story(incident_id)
        self._compacted = compacted
        self._events = events
        self._ids: dict[tuple[str, str], dict[int, str]] = {}
        self._last: dict[tuple[str, str], int] = {}
        self._seats: dict[str, dict[str, Spell]] = {}
        self._coverage = CoverageFold()

    def take(self, raw: RawRecord) -> None:
        """One record."""
        self.facts.records += 1
        self._look_for_canaries(raw)
        if raw.topic.endswith("-dlq"):
            self._quarantined(raw)
        elif raw.topic in self._events:
            self._event(raw)

    def finish(self) -> LogFacts:
        """The facts, once all was taken."""
        for seats in self._seats.values():
            self.facts.spells += seats.values()
        self.facts.coverage_wanted = self._coverage.areas()
        return self.facts

    def _event(self, raw: RawRecord) -> None:
        try:
            record = read_record(raw)
            record.data  # noqa: B018  (decodes the value)
        except UnreadableRecord as error:
            _note(self.facts.unreadable, str(error))
            return
        if self._is_new(record):
            self.story.take(record)
            self._page(record)
            self._volunteer(record)
            self._mission(record)
            self._coverage.take(record)
            if record.type == "coverage.observed":
                self.facts.coverage_seen[record.key] = record.data

    def _is_new(self, record: Record) -> bool:
        """False for a record that came before; a wrong sequence is noted."""
        key = (record.topic, record.key)
        last = self._last.get(key, 0)
        known = self._ids.setdefault(key, {})
        where = f"{record.topic} {record.key}"
        if record.sequence <= last:
            self.facts.doubled += 1
            if known.get(record.sequence) not in (record.id, None):
                _note(self.facts.sequence_faults, f"{where}: sequence {record.sequence} was given to two events")
            elif record.sequence not in known and record.topic not in self._compacted:
                _note(self.facts.sequence_faults, f"{where}: {record.sequence} comes after {last}")
            return False
        if record.sequence != last + 1 and record.topic not in self._compacted:
            _note(self.facts.sequence_faults, f"{where}: {record.sequence} follows {last}")
        known[record.sequence] = record.id
        self._last[key] = record.sequence
        return True

    def _look_for_canaries(self, raw: RawRecord) -> None:
        parts = [raw.key or b"", raw.value or b"", *(value or b"" for _, value in raw.headers)]
        if any(CANARY.search(part) for part in parts):
            _note(self.facts.canaries, f"{raw.topic}/{raw.partition}/{raw.offset}")

    def _quarantined(self, raw: RawRecord) -> None:
        key = (raw.key or b"?").decode(errors="replace")
        mine = key in {self.story.incident_id, self.story.alert_id, *self.story.missions, *self.story.cases}
        if mine or self.story.incident_id.encode() in (raw.value or b""):
            _note(self.facts.quarantined, f"{raw.topic}: {key}")

    def _page(self, record: Record) -> None:
        named = {"alert.wave-sent": "asks", "alert.page-sent": "pages", "alert.page-failed": "pages"}.get(record.type)
        if named is not None:
            self.facts.paged.update({page["page_id"]: page["volunteer_id"] for page in record.data[named]})

    def _volunteer(self, record: Record) -> None:
        if record.type == "volunteer.state":
            data = record.data
            self.facts.volunteers.setdefault(record.key, []).append(
                VolunteerAt(
                    recorded_at=record.recorded_at,
                    deployable=data["deployable"],
                    lat_deg=data["position"]["lat_deg"],
                    lon_deg=data["position"]["lon_deg"],
                    roles=frozenset(data["roles"]),
                    languages=frozenset(data["languages"]),
                )
            )

    def _mission(self, record: Record) -> None:
        if record.topic != "mission-events":
            return
        data = record.data
        if record.type in ("mission.planned", "mission.dispatched"):
            self._seat(record, data)
        elif record.type == "mission.declined":
            self._leave(record, [data["volunteer_id"]])
        elif record.type in ("mission.completed", "mission.cancelled"):
            self._leave(record, list(self._seats.get(record.key, ())))

    def _seat(self, record: Record, data: Mapping[str, Any]) -> None:
        seats = self._seats.setdefault(record.key, {})
        for member in data["members"]:
            who = member["volunteer_id"]
            if who not in seats:
                seats[who] = Spell(
                    volunteer_id=who,
                    mission_id=record.key,
                    exercise=record.exercise,
                    began_at=record.recorded_at,
                    ended_at=None,
                )

    def _leave(self, record: Record, volunteers: list[str]) -> None:
        seats = self._seats.get(record.key, {})
        for who in volunteers:
            if who in seats:
                spell = seats.pop(who)
                self.facts.spells.append(
                    Spell(
                        volunteer_id=who,
                        mission_id=spell.mission_id,
                        exercise=spell.exercise,
                        began_at=spell.began_at,
                        ended_at=record.recorded_at,
                    )
                )


def _note(faults: list[str], fault: str) -> None:
    if len(faults) < _FAULTS_KEPT:
        faults.append(fault)
