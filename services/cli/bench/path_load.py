"""What the benchmark of the path declares, and the people it registers so that there is always somebody to ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import orjson

from schemas.vocabulary import Role
from services.cli.bench.path_client import post_request
from services.cli.scenario.network_model import Credential, Network, Station, Volunteer

PLACES: Final = 20
MEMBERS_PER_PLACE: Final = 200
"""At 20 places: 4,000 people. Each incident asks three and nobody is asked twice at a time."""
NORTH_OF_STATION_DEG: Final = 0.4
"""About 44 km: outside all zones of the incident, inside the first ring."""
RADIUS_M: Final = 1_500


def bench_stations(network: Network) -> list[Station]:
    """Some stations of the network, far from one another in its order."""
    every = max(1, len(network.stations) // PLACES)
    return list(network.stations[::every][:PLACES])


def with_bench_members(network: Network, today: date) -> Network:
    """The network with many more members at those stations, who can all be asked for PFA."""
    credential = Credential(
        kind="pfa-trained", issuer="bench (simulated)", number="SIM-bench", expires_on=today + timedelta(days=365),
        roles=(Role.PFA_TRAINED,),
    )  # fmt: skip
    extra = [
        Volunteer(
            external_ref=f"bench-volunteer-{place:02d}-{number:03d}", home_station_ref=station.external_ref,
            name="模拟队员 bench", phone="+99900000000", roles=(Role.PFA_TRAINED,), languages=("cmn",),
            credentials=(credential,), available=True,
        )
        for place, station in enumerate(bench_stations(network))
        for number in range(MEMBERS_PER_PLACE)
    ]  # fmt: skip
    return Network(
        seed=network.seed, reference_on=network.reference_on, detachments=network.detachments,
        stations=network.stations, volunteers=(*network.volunteers, *extra),
    )  # fmt: skip


def declaration(station: Station, people: int) -> dict[str, Any]:
    """A small incident near a station, as an exercise on a clock that runs as the wall's does."""
    return {
        "kind": "fire",
        "level": "IV",
        "title_zh": "测量用演练",
        "title_en": "Bench drill",
        "occurred_at": datetime.now(UTC).isoformat(),
        "place": {"type": "Point", "coordinates": [station.lon_deg, station.lat_deg + NORTH_OF_STATION_DEG]},
        "radius_m": RADIUS_M,
        "area_codes": [station.province_code],
        "needs": [{"need_id": "pfa", "zone_kind": "core", "role": "pfa-trained", "per_team": people, "teams": 1}],
        "exercise": True,
        "drill_factor": 1,
        "auto_dispatch": True,
    }


def declare_requests(stations: Sequence[Station], count: int, token: str, people: int = 2) -> list[bytes]:
    """So many declaring requests, ready to be sent, each with an Idempotency-Key of its own."""
    return [
        post_request(
            "/incidents",
            orjson.dumps(declaration(stations[number % len(stations)], people)),
            [("Authorization", f"Bearer {token}"), ("Idempotency-Key", str(uuid4()))],
        )
        for number in range(count)
    ]


def bare_requests(stations: Sequence[Station], count: int) -> list[bytes]:
    """The same bodies for the bare endpoint."""
    return [
        post_request("/declared", orjson.dumps(declaration(stations[number % len(stations)], 1)), [])
        for number in range(count)
    ]
