"""Which ports the instance uses, and who holds one that is taken."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psutil

from services.catalog import KAFKA_CONTROLLER_PORT, KAFKA_PORT, POSTGRES_PORT, SERVICES
from services.cli.instance.errors import InstanceError

LOWEST_PORT: Final = 1024
HIGHEST_PORT: Final = 65535


@dataclass(frozen=True)
class Ports:
    """One port per part; all of them on loopback unless `--listen` says otherwise."""

    kafka: int
    kafka_controller: int
    postgres: int
    services: Mapping[str, int]

    def by_name(self) -> dict[str, int]:
        """Every port with the name a person knows its owner by."""
        infrastructure = {"kafka": self.kafka, "kafka-controller": self.kafka_controller, "postgres": self.postgres}
        return infrastructure | dict(self.services)


def plan_ports(ports_from: int | None = None) -> Ports:
    """The catalogue's ports, or the same ones moved so that the lowest is `ports_from`."""
    defaults = {"kafka": KAFKA_PORT, "kafka-controller": KAFKA_CONTROLLER_PORT, "postgres": POSTGRES_PORT}
    defaults |= {entry.name: entry.port for entry in SERVICES}
    shift = 0 if ports_from is None else ports_from - min(defaults.values())
    moved = {name: port + shift for name, port in defaults.items()}
    if min(moved.values()) < LOWEST_PORT or max(moved.values()) > HIGHEST_PORT:
        raise InstanceError(
            f"ports {min(moved.values())}-{max(moved.values())} are outside {LOWEST_PORT}-{HIGHEST_PORT}: "
            "choose another --ports-from"
        )
    return Ports(
        kafka=moved.pop("kafka"),
        kafka_controller=moved.pop("kafka-controller"),
        postgres=moved.pop("postgres"),
        services=moved,
    )


def require_free(wanted: Mapping[str, int], host: str) -> None:
    """Refuse, naming port and holder, if any of these ports cannot be bound."""
    for name, port in wanted.items():
        problem = _bind_problem(host, port)
        if problem is not None:
            raise InstanceError(f"port {port} (for {name}) {problem}; stop that program or use --ports-from N")


def free_port() -> int:
    """A port nobody holds now (trials and tests)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bind_problem(host: str, port: int) -> str | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As servers do: a connection of an earlier run that lingers in TIME_WAIT is no holder.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            return f"may not be opened by this user on {host}"
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"is taken by {_holder(port)}"
            return f"cannot be opened on {host} ({error.strerror})"
    return None


def _holder(port: int) -> str:
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        pids = {c.pid for c in listening if c.laddr and c.laddr.port == port and c.pid}
        names = [f"{psutil.Process(pid).name()} (process {pid})" for pid in sorted(pids)]
    except (psutil.Error, OSError):
        names = []
    return " and ".join(names) or "a program of another user"
