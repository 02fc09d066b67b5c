"""An area as it stands: sums partial totals, decides what to publish, opens and closes voids. Pure.

A void opens when a standing zone has had fewer accepted answers for a skill than it needs for longer than the
hold-off, and closes at once when the need is covered or gone. The hold-off is the hysteresis: a quota that fills
within it, or one seat that is answered again within it, raises nothing; a new lack waits the whole hold-off again.
What is published is kept in the row before it is sent, so that a restart sends the same again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from schemas.envelope import Envelope, Event
from schemas.events.coverage import CoverageObserved, CoverageRow, CoverageVoidClosed, CoverageVoidOpened
from schemas.ids import derived_id, referenced_id
from schemas.topics import topic_of
from schemas.values import Explanation
from schemas.vocabulary import ZoneKind
from services.coverage.model import FOLLOWUP, MEASURES, Cells, Partial, Skill, add_cells

SOURCE = "/thirdrescue/coverage"
Lacks = dict[str, dict[str, Any]]
"""Skill name -> {"since": RFC 3339 time, "open": whether the void was published}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRow:
    """An area as it is kept: the partials it is made of, what was published last and what of it may not have arrived.

    `sequences` counts what was published per topic; `latest` holds the records of the last change, as sent, and before
    them those that may not have been sent (`carried`).
    """

    partials: dict[str, tuple[int, Cells]] = field(default_factory=dict)
    facts: dict[str, Any] | None = None
    facts_version: int = -1
    sequences: dict[str, int] = field(default_factory=dict)
    published: dict[str, Any] | None = None
    lacks: Lacks = field(default_factory=dict)
    latest: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is kept in the table."""
        return {
            "partials": {partition: list(partial) for partition, partial in self.partials.items()},
            "facts": self.facts,
            "facts_version": self.facts_version,
            "sequences": self.sequences,
            "published": self.published,
            "lacks": self.lacks,
            "latest": list(self.latest),
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> AreaRow:
        """Read a table's row."""
        return cls(
            partials={partition: (version, cells) for partition, (version, cells) in value["partials"].items()},
            facts=value["facts"],
            facts_version=value["facts_version"],
            sequences=value["sequences"],
            published=value["published"],
            lacks=value["lacks"],
            latest=tuple(value["latest"]),
        )


def take_in(row: AreaRow, partial: Partial) -> AreaRow:
    """The row with newer totals of one partition; an older version changes nothing."""
    held = row.partials.get(str(partial.partition))
    if held is not None and partial.version < held[0]:
        return row
    taken = replace(row, partials=row.partials | {str(partial.partition): (partial.version, partial.cells)})
    if partial.facts is not None and partial.version >= row.facts_version:
        return replace(taken, facts=partial.facts, facts_version=partial.version)
    return taken


def observe(area: str, row: AreaRow, now: datetime, hold_off: timedelta) -> tuple[AreaRow, datetime | None]:
    """The row with whatever is to be published now in `latest`, and when it must be looked at again, if ever.

    The same row comes back if nothing is to be published and no lack began or ended.
    """
    observed = picture(area, row)
    if observed is None:
        return row, None
    facts: list[Event] = []
    data = observed.model_dump(mode="json")
    if data != row.published:
        facts.append(observed)
    lacks, voids = _voids(observed, row.lacks, now, hold_off, lifted=bool(row.facts and row.facts["lifted"]))
    facts.extend(voids)
    due = min((_since(lack) + hold_off for lack in lacks.values() if not lack["open"]), default=None)
    if facts:
        row = _with_published(area, replace(row, published=data), facts, now)
    return (replace(row, lacks=lacks) if lacks != row.lacks else row), due


def carried(kept: AreaRow, row: AreaRow) -> AreaRow:
    """The row that follows one of which it is not known that all it holds was sent: that goes before what is new.

    Else a stop between keeping and sending would lose it as soon as the area changes again.
    """
    return row if row.latest is kept.latest else replace(row, latest=kept.latest + row.latest)


def picture(area: str, row: AreaRow) -> CoverageObserved | None:
    """The totals as an event; None for a zone of which it is not known yet that it was fenced."""
    totals: Cells = {}
    for _, cells in row.partials.values():
        add_cells(totals, cells)
    kind: Literal["province", "zone"] = "zone" if area.startswith("zone:") else "province"
    if kind == "zone" and row.facts is None:
        return None
    facts = row.facts or {}
    return CoverageObserved(
        area_id=area,
        kind=kind,
        incident_id=UUID(facts["incident"]) if facts else None,
        zone_kind=ZoneKind(facts["kind"]) if facts else None,
        rows=_rows(totals, lifted=bool(facts.get("lifted"))),
        cases={name.removeprefix("case:"): n for name, n in sorted(totals.items()) if name.startswith("case:")},
        followups_open=totals.get(FOLLOWUP, 0),
    )


def _rows(totals: Cells, *, lifted: bool) -> tuple[CoverageRow, ...]:
    """One row per skill that counts anything, in order. Nothing is needed any more in a zone that was lifted."""
    counts: dict[str, dict[str, int]] = {}
    for name, count in totals.items():
        measure, _, skill = name.partition(":")
        if measure in MEASURES and not (lifted and measure == "needed"):
            counts.setdefault(skill, {})[measure] = count
    rows = []
    for skill, values in sorted(counts.items()):
        role, language = Skill.of_name(skill)
        rows.append(CoverageRow(role=role, language=language, **values))
    return tuple(rows)


def _voids(
    observed: CoverageObserved, held: Lacks, now: datetime, hold_off: timedelta, *, lifted: bool
) -> tuple[Lacks, list[Event]]:
    if observed.incident_id is None:
        return {}, []
    lacks: Lacks = {}
    events: list[Event] = []
    counts = {Skill(row.role, row.language).name: row for row in observed.rows}
    for skill, row in counts.items():
        if row.accepted >= row.needed:
            continue
        lack = held.get(skill) or {"since": now.isoformat(), "open": False}
        if not lack["open"] and now >= _since(lack) + hold_off:
            lack = {**lack, "open": True}
            events.append(_opened(observed, row, _since(lack)))
        lacks[skill] = lack
    for skill in held.keys() - lacks.keys():
        if held[skill]["open"]:
            gone = CoverageRow(role=Skill.of_name(skill).role, language=Skill.of_name(skill).language)
            events.append(_closed(observed, counts.get(skill, gone), lifted))
    return lacks, events


def _since(lack: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(lack["since"])


def _opened(observed: CoverageObserved, row: CoverageRow, since: datetime) -> CoverageVoidOpened:
    assert observed.incident_id is not None
    who = f"{row.role}" + (f" ({row.language})" if row.language else "")
    return CoverageVoidOpened(
        area_id=observed.area_id,
        incident_id=observed.incident_id,
        role=row.role,
        language=row.language,
        needed=row.needed,
        covered=row.accepted,
        since_at=since,
        explanation=Explanation(
            zh=f"需要{who} {row.needed}人，已应答{row.accepted}人，缺{row.needed - row.accepted}人，已超过等待时间。",
            en=f"{row.needed} of {who} are needed and {row.accepted} have accepted: "
            f"{row.needed - row.accepted} missing for longer than the hold-off.",
        ),
    )


def _closed(observed: CoverageObserved, row: CoverageRow, lifted: bool) -> CoverageVoidClosed:
    assert observed.incident_id is not None
    who = f"{row.role}" + (f" ({row.language})" if row.language else "")
    if lifted:
        why = Explanation(zh=f"区域已解除，不再需要{who}。", en=f"The zone was lifted: {who} is no longer needed.")
    elif row.needed == 0:
        why = Explanation(zh=f"不再需要{who}。", en=f"{who} is no longer needed.")
    else:
        why = Explanation(
            zh=f"需要{who} {row.needed}人，已应答{row.accepted}人。",
            en=f"{row.accepted} of {who} have accepted and {row.needed} are needed.",
        )
    return CoverageVoidClosed(
        area_id=observed.area_id,
        incident_id=observed.incident_id,
        role=row.role,
        language=row.language,
        needed=row.needed,
        covered=row.accepted,
        explanation=why,
    )


def _with_published(area: str, row: AreaRow, events: list[Event], now: datetime) -> AreaRow:
    sequences = dict(row.sequences)
    latest = []
    for event in events:
        topic = topic_of(event).name
        sequences[topic] = sequences.get(topic, 0) + 1
        latest.append(
            {
                "type": event.event_type,
                "sequence": sequences[topic],
                "time": now.isoformat(),
                "data": event.model_dump(mode="json"),
            }
        )
    return replace(row, sequences=sequences, latest=tuple(latest))


def envelope_of(area: str, row: AreaRow, record: Mapping[str, Any], model: type[Event]) -> Envelope:
    """The envelope of a record of `row.latest`; the same each time, so that sending twice is a duplicate."""
    facts = row.facts or {}
    subject = referenced_id("area", area)
    time = datetime.fromisoformat(record["time"])
    return Envelope(
        id=derived_id(subject, record["type"], record["sequence"]),
        source=SOURCE,
        key=area,
        time=time,
        recorded_at=time,
        sequence=record["sequence"],
        correlation_id=UUID(facts["incident"]) if facts else subject,
        causation_id=None,
        exercise=facts.get("exercise", False),
        jurisdiction=tuple(facts.get("jurisdiction", ())) if facts else (area.removeprefix("area:"),),
        traceparent=None,
        data=model.model_validate(record["data"]),
    )
