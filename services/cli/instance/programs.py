"""What the supervisor runs, derived from the catalogue: commands, environment and order. Pure."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from services.catalog import SERVICES, ServiceEntry
from services.cli.instance.record import reachable_host

DATABASE: Final = "thirdrescue"
INSTANCE_VARIABLE: Final = "THIRDRESCUE_INSTANCE"

# Lower numbers start first and stop last.
INFRASTRUCTURE_PRIORITY: Final = 10
SERVICE_PRIORITY: Final = 100
NICENESS: Final = {
    "geofencing": 5, "alerts": 5, "pagegateway": 5, "dispatch": 10, "care": 15, "followup": 15, "coverage": 15
}  # fmt: skip
"""All processes hear of an incident at once and share few cores here: who declares goes first,
then what pages people, then all else."""


@dataclass(frozen=True)
class Program:
    """One supervised process."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    priority: int
    stop_signal: str = "TERM"
    stop_wait_s: int = 20
    user: str | None = None


@dataclass(frozen=True)
class ServiceSurroundings:
    """What every service process is told: addresses, folders, never a password but its own role's."""

    instance_id: str
    kafka: str
    postgres: str  # any DSN of the server: its address and options are taken, not its user
    database: str
    listen: str
    ports: Mapping[str, int]
    state_dir: str
    secrets_dir: str
    admin_name: str
    admin_password_file: str
    passwords: Mapping[str, str]


def role_of(service: str) -> str:
    """The PostgreSQL role of a service."""
    return f"svc_{service}"


def dsn_for(service: str, password: str, server: str, database: str) -> str:
    """The address a service signs in at: the server and options of another DSN, with its own role and database."""
    parts = urlsplit(server)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(
        parts._replace(netloc=f"{role_of(service)}:{quote(password, safe='')}@{host}", path=f"/{quote(database)}")
    )


def service_program(entry: ServiceEntry, around: ServiceSurroundings) -> Program:
    """The process of one service."""
    return Program(
        name=entry.name,
        command=[sys.executable, "-m", "services.cli", "run", entry.name],
        environment=service_environment(entry, around) | {"THIRDRESCUE_NICENESS": str(NICENESS.get(entry.name, 0))},
        priority=SERVICE_PRIORITY,
    )


def service_environment(entry: ServiceEntry, around: ServiceSurroundings) -> dict[str, str]:
    """The settings of one service, the same in every form of deployment."""
    environment = {
        INSTANCE_VARIABLE: around.instance_id,
        "THIRDRESCUE_KAFKA": around.kafka,
        "THIRDRESCUE_HTTP_HOST": around.listen,
        "THIRDRESCUE_HTTP_PORT": str(around.ports[entry.name]),
        "THIRDRESCUE_STATE_DIR": f"{around.state_dir}/{entry.name}",
        "THIRDRESCUE_SECRETS_DIR": around.secrets_dir,
        "THIRDRESCUE_TRUSTED_PROXIES": ",".join(("127.0.0.1", "::1", *_own_address(around.listen))),
        "THIRDRESCUE_PAGE_GATEWAY": f"http://127.0.0.1:{around.ports['pagegateway']}",
    }
    if entry.has_database:
        variable = f"THIRDRESCUE_POSTGRES_{entry.name.upper()}"
        environment[variable] = dsn_for(entry.name, around.passwords[entry.name], around.postgres, around.database)
    if entry.name == "web":
        environment["THIRDRESCUE_WEB_SERVICES"] = ",".join(
            f"{other.name}=http://{reachable_host(around.listen)}:{around.ports[other.name]}"
            for other in behind_the_console()
        )
    if entry.name == "identity":
        environment["THIRDRESCUE_ADMIN_NAME"] = around.admin_name
        environment["THIRDRESCUE_ADMIN_PASSWORD_FILE"] = around.admin_password_file
    return environment


def _own_address(listen: str) -> list[str]:
    """Where the console of this machine calls from when the services listen on one address; over loopback else."""
    try:
        address = ip_address(listen)
    except ValueError:
        return []
    return [] if address.is_unspecified or address.is_loopback else [str(address)]


def behind_the_console() -> list[ServiceEntry]:
    """The services that people reach through the console's origin."""
    return [entry for entry in SERVICES if entry.kind == "product"]


def service_programs(around: ServiceSurroundings) -> list[Program]:
    """One process per service of the catalogue."""
    return [service_program(entry, around) for entry in SERVICES]
