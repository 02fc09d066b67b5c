"""Puts the simulated network into the register through its public API. Doing it again changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.cli.instance.errors import InstanceError
from services.cli.scenario.api import Api, Bearer
from services.cli.scenario.network_model import Network, Offer, Station, Volunteer

BATCH_ITEMS: Final = 500
Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


@dataclass(slots=True)
class Registered:
    """What the register answered: ids by reference and how many were created, unchanged or changed."""

    ids: dict[str, str] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    fresh: set[str] = field(default_factory=set)
    """Ids of volunteers and stations whose state was published anew."""


async def register(api: Api, bearer: Bearer, network: Network, progress: Progress) -> Registered:
    """Detachments, then stations, then volunteers. Raises InstanceError if anything is refused."""
    done = Registered()
    total = len(network.detachments) + len(network.stations) + len(network.volunteers)
    stations = [station_item(station) for station in (*network.detachments, *network.stations)]
    volunteers = [volunteer_item(volunteer) for volunteer in network.volunteers]
    for path, items in (("/registry/stations:batch", stations), ("/registry/volunteers:batch", volunteers)):
        for batch in _batches(items):
            await _send(api, bearer, path, batch, done)
            progress(len(done.ids), total)
    return done


async def _send(api: Api, bearer: Bearer, path: str, batch: Sequence[Mapping[str, Any]], done: Registered) -> None:
    reply = await api.call("POST", path, {"items": batch}, bearer=bearer)
    if not reply.ok:
        raise InstanceError(f"the register refused a batch: {reply.explain()}")
    for item in reply.document["items"]:
        if item["outcome"] == "refused":
            raise InstanceError(f"the register refused {item['ref']}: {item['problems'][:2]}")
        done.ids[item["ref"]] = item["id"]
        done.outcomes[item["outcome"]] += 1
        if item["outcome"] != "unchanged":
            done.fresh.add(item["id"])


def station_item(station: Station) -> dict[str, Any]:
    """A station as the register takes it."""
    return {
        "ref": station.external_ref,
        "kind": station.kind,
        "tier": station.tier,
        "name_zh": station.name_zh,
        "name_en": station.name_en,
        "area_code": station.area_code,
        "lat_deg": station.lat_deg,
        "lon_deg": station.lon_deg,
        "languages": list(station.languages),
        "detachment_ref": station.detachment_ref,
        "parent_ref": station.parent_ref,
        **({} if station.offer is None else _offered(station.offer)),
    }


def _offered(offer: Offer) -> dict[str, Any]:
    hours = {"days": list(offer.open_days), "opens": offer.opens, "closes": offer.closes}
    return {
        "room_count": offer.room_count,
        "seat_count": offer.seat_count,
        "services": list(offer.services),
        "opening_hours": {"weekly": [hours]},
    }


def volunteer_item(volunteer: Volunteer) -> dict[str, Any]:
    """A volunteer as the register takes them."""
    return {
        "ref": volunteer.external_ref,
        "home_station_ref": volunteer.home_station_ref,
        "name": volunteer.name,
        "phone": volunteer.phone,
        "roles": list(volunteer.roles),
        "languages": list(volunteer.languages),
        "credentials": [
            {
                "kind": credential.kind,
                "issuer": credential.issuer,
                "number": credential.number,
                "roles": list(credential.roles),
                "expires_on": credential.expires_on.isoformat(),
            }
            for credential in volunteer.credentials
        ],
        "channels": list(volunteer.channels),
        "available": volunteer.available,
        "is_adult": volunteer.is_adult,
    }


def _batches(items: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    for start in range(0, len(items), BATCH_ITEMS):
        yield items[start : start + BATCH_ITEMS]
