"""Composition of the incidents service."""

from __future__ import annotations

from functools import partial

from services.incidents.api import create_router
from services.incidents.areas.handlers import subscription as areas
from services.incidents.reference import load_reference
from services.incidents.sameness.known import reload_for_ever
from services.incidents.sameness.watch import Watch
from services.incidents.settings import IncidentsSettings
from services.incidents.store import FOLDER
from services.incidents.templates.store import Templates
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.settings import load


def create(runtime: Runtime) -> Service:
    """The service. People and machines declare, everybody else follows the events; it reads only what places are."""
    templates, watch = Templates(load_reference()), Watch()
    return Service(
        name=runtime.service,
        folder=FOLDER,
        router=create_router(runtime, load(IncidentsSettings), templates, watch),
        subscriptions=(areas(),),
        loops=(watch.second_look.run, partial(reload_for_ever, runtime.pool, watch.known, templates)),
    )
