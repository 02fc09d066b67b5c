"""What a person may choose when starting an instance."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import Layout, default_home


@dataclass(frozen=True)
class UpOptions:
    """The choices of `up`. An address of an operator's own Kafka or PostgreSQL means: use it, start none."""

    layout: Layout
    ports_from: int | None = None
    listen: str = "127.0.0.1"
    detach: bool = False
    own_kafka: str | None = None
    own_postgres: str | None = None
    scenario: str | None = None
    json_file: Path | None = None


def layout_at(home: Path | None) -> Layout:
    """The instance in this folder, or the default one."""
    return Layout((home or default_home()).expanduser().absolute())


def outside_parts() -> tuple[str | None, str | None]:
    """The operator's own Kafka (host:port) and PostgreSQL (DSN), from the environment."""
    kafka = os.environ.get("THIRDRESCUE_KAFKA") or None
    postgres = os.environ.get("THIRDRESCUE_POSTGRES") or None
    if kafka is not None:
        for address in kafka.split(","):
            host, colon, port = address.strip().rpartition(":")
            if not (host and colon and port.isdigit()):
                raise InstanceError(f"THIRDRESCUE_KAFKA must be host:port (or several with commas), not {kafka!r}")
    if postgres is not None and not postgres.startswith(("postgresql://", "postgres://")):
        raise InstanceError(
            "THIRDRESCUE_POSTGRES must be an address like postgresql://user:password@host:5432/postgres"
        )
    return kafka, postgres
