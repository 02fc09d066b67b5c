"""A consumer in a process of its own, to be killed: `python -m tests.integration.kit.consumer_process ADDRESSES`.

Its handler writes one row per event and now and then takes its time, so that a kill falls into the middle of a batch.
"""

from __future__ import annotations

import asyncio
import json
import sys

from schemas.envelope import Envelope
from services.kit.unit import Unit
from tests.integration.kit.rig import open_consumer_only, record_effect


async def slow_effect(unit: Unit, envelope: Envelope) -> None:
    """One row, and sometimes a pause before the transaction ends."""
    await record_effect(unit, envelope)
    if envelope.sequence % 10 == 0:
        await asyncio.sleep(0.01)


async def main() -> None:
    """Consume until killed."""
    addresses = json.loads(sys.argv[1])
    await open_consumer_only(addresses, slow_effect)


if __name__ == "__main__":
    asyncio.run(main())
