"""Earthquake products that do not say which earthquake they are of: the address they come from does, if anything."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from services.incidents.intake import values
from services.incidents.intake.model import Alert, Area, Info, Notes, Observation, Quake, Reading, Refused

SENDER: Final = "earthquake.usgs.gov"
OBSERVATIONS_MAX: Final = 50_000
_EVENT: Final = re.compile(r"(?:^|[/_])([a-z]{2}p?[0-9][0-9a-z]{5,11})(?:[/_]|$)")
_VERSION: Final = re.compile(r"(?:^|/)([0-9]{13})(?:[_/]|$)")


def event_of(name: str) -> tuple[str | None, datetime | None]:
    """The event id and product time in a USGS product address such as us2000h8ty/us/1536172579675/json/alerts.json."""
    path = name.replace("\\", "/")
    event, version = _EVENT.search(path), _VERSION.search(path)
    sent_at = values.epoch_ms(float(version.group(1)), "name") if version else None
    return (event.group(1) if event else None), sent_at


def product(name: str, notes: Notes, *, areas: tuple[Area, ...] = (), **more: Any) -> Alert:
    """A product that does not say in itself which earthquake it is of."""
    event_id, sent_at = event_of(name)
    if event_id is None:
        notes.add("", "does not say which earthquake it is of")
    else:
        notes.add("", f"does not say which earthquake it is of; {event_id} is taken from its address")
    info = Info(language="en", categories=("Geo",), event="Earthquake", urgency="Past", areas=areas)
    return Alert(
        identifier=event_id,
        sender=SENDER,
        sent_at=sent_at,
        infos=(info,),
        hazard="EQ",
        quake=Quake(event_id=event_id),
        **more,
    )


def observed(form: str, name: str, seen: list[Observation], notes: Notes) -> Reading:
    """A message that has nothing but observations."""
    if len(seen) > OBSERVATIONS_MAX:
        raise Refused("", f"has more than {OBSERVATIONS_MAX} observations")
    if not seen:
        notes.add("", "has no intensity in it")
    return Reading(format=form, alerts=(product(name, notes, observations=tuple(seen)),))


def observation(lat_deg: float, lon_deg: float, intensity: float, where: str) -> Observation:
    if not 1 <= intensity <= 12:
        raise Refused(where, f"{intensity:g} is no intensity: 1 to 12")
    return Observation(lat_deg=lat_deg, lon_deg=lon_deg, intensity=intensity)
