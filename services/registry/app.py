"""Composition of the registry service."""

from __future__ import annotations

from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.settings import load
from services.registry.api import create_router
from services.registry.areas.commands import REGISTER_AREAS, REGISTER_BUILT_IN, register_built_in
from services.registry.imports.runner import Importer
from services.registry.settings import RegistrySettings
from services.registry.stations.changes.chase import CHASE_CHANGES, chase_changes
from services.registry.stations.stale import CHASE_STALE, StaleChaser
from services.registry.store import FOLDER
from services.registry.volunteers.clock import CLOCK, tick


def create(runtime: Runtime) -> Service:
    """The service. It consumes nothing: the register is filled by people and imports."""
    settings = load(RegistrySettings)
    importer = Importer(runtime)
    return Service(
        name=runtime.service,
        folder=FOLDER,
        router=create_router(runtime, importer),
        timers={
            CLOCK: tick,
            REGISTER_BUILT_IN: register_built_in,
            REGISTER_AREAS: register_built_in,
            CHASE_CHANGES: chase_changes,
            CHASE_STALE: StaleChaser(settings.registry_stale_after_days),
        },
        loops=(importer.run,),
    )
