"""Composition of the incidents service."""

from __future__ import annotations

from services.incidents.api import create_router
from services.incidents.areas.handlers import subscription as areas
from services.incidents.settings import IncidentsSettings
from services.incidents.store import FOLDER
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.settings import load


def create(runtime: Runtime) -> Service:
    """The service. People and machines declare, everybody else follows the events; it reads only what places are."""
    return Service(
        name=runtime.service,
        folder=FOLDER,
        router=create_router(runtime, load(IncidentsSettings)),
        subscriptions=(areas(),),
    )
