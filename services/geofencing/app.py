"""Puts geofencing together."""

from __future__ import annotations

from functools import partial

from services.geofencing import api
from services.geofencing.areas.handlers import subscription as areas
from services.geofencing.handlers import Handlers
from services.geofencing.settings import GeofencingSettings
from services.geofencing.standing.follow import LOOK_TIMER, Following
from services.geofencing.standing.warming import keep_warm
from services.geofencing.store import FOLDER
from services.geofencing.whereabouts import duty
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.settings import load


def create(runtime: Runtime) -> Service:
    """The service, ready to be run."""
    rules = load(GeofencingSettings).rules()
    following = Following(rules)
    return Service(
        name="geofencing",
        folder=FOLDER,
        router=api.router(runtime, rules),
        subscriptions=(*Handlers(rules).subscriptions(), areas(), *duty.subscriptions()),
        timers={LOOK_TIMER: following.look, duty.FORGET_TIMER: duty.forget, duty.END_TIMER: duty.roster_ended},
        loops=(partial(keep_warm, runtime.pool),),
    )
