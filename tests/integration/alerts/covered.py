"""What coverage makes of the log about one incident: folded event by event as it does live, and computed anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from schemas.topics import BY_NAME
from schemas.vocabulary import Role
from services.coverage.fold import apply
from services.coverage.model import ContributorRow, Measure, cell
from services.coverage.recompute import Facts, learn, picture, read_all
from services.coverage.translate import MEANINGS, translate

MEASURED: Final[tuple[Measure, ...]] = ("needed", "accepted", "assigned")
_TOPICS: Final = ("zone-events", "alert-events", "mission-events")


@dataclass(frozen=True)
class Covered:
    """Both, of the zones of one incident."""

    computed: Mapping[str, Any]
    rows: Mapping[str, ContributorRow]

    def people(self, zone_id: UUID, role: Role) -> tuple[int, ...]:
        """How many of a role the zone needs, was promised and is sent; both ways must agree."""
        zone = f"zone:{zone_id}"
        found = next(row for row in self.computed[zone].rows if row.role == role)
        counted = tuple(getattr(found, measure) for measure in MEASURED)
        names = [cell(measure, role.value, None) for measure in MEASURED]
        folded = tuple(
            sum(row.contribution.cells.get(zone, {}).get(name, 0) for row in self.rows.values()) for name in names
        )
        assert folded == counted
        return counted

    def lifted(self) -> set[str]:
        """The zones that were lifted."""
        zones = {zone: facts for row in self.rows.values() for zone, facts in row.contribution.facts.items()}
        return {zone.removeprefix("zone:") for zone, facts in zones.items() if facts["lifted"]}


async def covered(kafka: str, incident_id: UUID) -> Covered:
    """As the log stands now."""
    facts, kept, seen = Facts(), dict[str, ContributorRow](), dict[tuple[str, str], int]()
    for topic, envelope in await read_all(kafka, [BY_NAME[name] for name in _TOPICS]):
        mine = getattr(envelope.data, "incident_id", None) == incident_id
        if not mine or envelope.sequence <= seen.get((topic, envelope.key), 0):
            continue
        seen[topic, envelope.key] = envelope.sequence
        learn(facts, envelope)
        change = translate(envelope) if type(envelope.data) in MEANINGS else None
        if change is not None:
            kept[change.contributor] = apply(kept.get(change.contributor), change, 0) or kept[change.contributor]
    return Covered(computed=picture(facts), rows=kept)
