"""Puts coverage together: router, stream processor, view, API."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.coverage.api import create_router
from services.coverage.handlers import Router, subscriptions
from services.coverage.processor import Processor
from services.coverage.settings import CoverageSettings
from services.coverage.view import View
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.settings import load

FOLDER: Final = Path(__file__).parent


def create(runtime: Runtime) -> Service:
    """The service, ready to be run."""
    settings = load(CoverageSettings)
    settings.tables_dir()  # a missing state folder is said at once
    processor = Processor(runtime.bus, runtime.clock, settings)
    view = View()

    async def follow() -> None:
        await view.follow(settings.kafka_required())

    async def is_caught_up() -> bool:
        return view.caught_up

    return Service(
        name="coverage",
        folder=FOLDER,
        router=create_router(view),
        subscriptions=subscriptions(Router(runtime.bus)),
        loops=(processor.run, follow),
        gather_s=0.2,
        checks={"tables-recovered": processor.is_recovered, "view-caught-up": is_caught_up},
    )
