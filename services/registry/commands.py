"""What the transactions of the registry share: telling what was decided."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Final

from services.kit.unit import Unit
from services.registry.model import Fact

MANY_FACTS: Final = 50
"""From so many on, encoding them is worth a thread."""


def tell(unit: Unit, facts: Iterable[Fact]) -> None:
    """The register is real in drills too, so its events are never exercises."""
    for fact in facts:
        unit.emit(fact.event, key=fact.key, exercise=False, jurisdiction=(fact.area_code,))


async def tell_beside(unit: Unit, facts: Sequence[Fact], work: Awaitable[None]) -> None:
    """Tell while the database does other work of the same unit, which must tell nothing itself.

    Encoding many events takes about as long as storing what they tell of.
    """
    if len(facts) < MANY_FACTS:
        tell(unit, facts)
        await work
    else:
        await asyncio.gather(asyncio.to_thread(tell, unit, facts), work)
