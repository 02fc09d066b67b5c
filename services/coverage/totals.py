"""The totals of each partition per area, in memory: sums over the contributors' rows, never stored themselves.

They are rebuilt from the rows after every recovery, so they cannot drift from them. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from services.coverage.model import Cells, ContributorRow, Partial, add_cells


@dataclass(slots=True)
class _Area:
    cells: Cells = field(default_factory=dict)
    facts: dict[str, Any] | None = None


class Totals:
    """Totals by partition and area, and which of them changed since they were last taken."""

    def __init__(self) -> None:
        self._areas: dict[tuple[int, str], _Area] = {}
        self._versions: dict[int, int] = {}
        self._changed: dict[tuple[int, str], None] = {}

    def replace(self, partition: int, old: ContributorRow | None, new: ContributorRow) -> None:
        """Count a contributor's new row instead of its old one."""
        self._versions[partition] = max(self._versions.get(partition, -1), new.at)
        if old is not None:
            for area, cells in old.contribution.cells.items():
                add_cells(self._area(partition, area).cells, cells, sign=-1)
        for area, cells in new.contribution.cells.items():
            add_cells(self._area(partition, area).cells, cells)
        for area, facts in new.contribution.facts.items():
            self._area(partition, area).facts = facts

    def take_changed(self) -> list[Partial]:
        """The totals that changed since the last call, as they are now."""
        changed, self._changed = self._changed, {}
        return [
            Partial(
                area=area,
                partition=partition,
                version=self._versions[partition],
                cells=dict(self._areas[partition, area].cells),
                facts=self._areas[partition, area].facts,
            )
            for partition, area in changed
        ]

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._changed)

    def _area(self, partition: int, name: str) -> _Area:
        self._changed[partition, name] = None
        return self._areas.setdefault((partition, name), _Area())
