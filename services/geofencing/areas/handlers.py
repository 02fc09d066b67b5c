"""What geofencing does with the areas it hears of."""

from __future__ import annotations

from schemas.envelope import Envelope
from schemas.events.area import AreaState
from schemas.topics import BY_NAME
from services.geofencing.areas import store
from services.kit.service import Subscription
from services.kit.unit import Unit


async def on_area(unit: Unit, envelope: Envelope) -> None:
    """Remember the area as it stands."""
    state = envelope.data
    assert isinstance(state, AreaState)
    await store.save_area(unit.connection, state, envelope.sequence)


def subscription() -> Subscription:
    """The areas."""
    return Subscription(topic=BY_NAME["area-state"], handlers={AreaState: on_area})
