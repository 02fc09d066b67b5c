"""The list of services: the only source for `up`, docker-compose.yml, the import rules' test and the README.

Adding a service here makes it start, be contained, be checked. Ports are the loopback defaults of the embedded
instance, one per process; a container always listens on its own 8080.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class ServiceEntry:
    """One service process. `kind`: a service of the product, people's way in, or a stand-in for the outside world."""

    name: str
    port: int
    owns: str
    has_database: bool = True
    kind: Literal["product", "simulated", "console"] = "product"


SERVICES: Final[tuple[ServiceEntry, ...]] = (
    ServiceEntry("identity", 8100, "accounts, API keys, sign-in, tokens"),
    ServiceEntry("registry", 8101, "stations, detachments, volunteers"),
    ServiceEntry("incidents", 8102, "incidents, their level, phase and needs"),
    ServiceEntry("geofencing", 8103, "zones and the stations in reach"),
    ServiceEntry("alerts", 8104, "alerts, waves, quotas, pages, answers"),
    ServiceEntry("dispatch", 8105, "missions, teams, check-ins"),
    ServiceEntry("care", 8106, "cases, triage, consent"),
    ServiceEntry("followup", 8107, "follow-up plans and tasks up to twenty years"),
    ServiceEntry("coverage", 8108, "the live picture: capacity, coverage, voids (Faust)"),
    ServiceEntry("pagegateway", 8109, "a recording stand-in for a page provider", kind="simulated"),
    ServiceEntry(
        "web", 8099, "the web console, and every service under its origin", has_database=False, kind="console"
    ),
)

BY_NAME: Final = {entry.name: entry for entry in SERVICES}
KAFKA_PORT: Final = 8092
KAFKA_CONTROLLER_PORT: Final = 8093
POSTGRES_PORT: Final = 8094
