"""What the transactions of the registry share: telling what was decided."""

from __future__ import annotations

from collections.abc import Iterable

from services.kit.unit import Unit
from services.registry.model import Fact


def tell(unit: Unit, facts: Iterable[Fact]) -> None:
    """The register is real in drills too, so its events are never exercises."""
    for fact in facts:
        unit.emit(fact.event, key=fact.key, exercise=False, jurisdiction=(fact.area_code,))
