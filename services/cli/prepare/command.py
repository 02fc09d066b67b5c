"""`thirdrescue prepare`: makes roles and topics, with addresses and passwords from the environment."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Final

from services.catalog import SERVICES
from services.cli.instance.errors import InstanceError
from services.cli.instance.keys import database_password, ensure_secrets, hand_out
from services.cli.instance.programs import DATABASE
from services.cli.prepare.roles import ensure_roles
from services.cli.prepare.topics import ensure_topics

WAIT_S: Final = 90.0


def prepare() -> None:
    """Roles and topics at the same time; each waits for its server."""
    # aiokafka logs each refused connection while the broker boots; what matters is said by our own errors.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(_prepare(_required("THIRDRESCUE_KAFKA"), _required("THIRDRESCUE_POSTGRES")))


async def _prepare(kafka: str, postgres: str) -> None:
    secrets = Path(_required("THIRDRESCUE_SECRETS_DIR"))
    ensure_secrets(secrets)
    shares = os.environ.get("THIRDRESCUE_SECRET_SHARES")
    if shares:
        hand_out(secrets, Path(shares))
    database = os.environ.get("THIRDRESCUE_DATABASE", DATABASE)
    passwords = {entry.name: _password(secrets, entry.name) for entry in SERVICES if entry.has_database}
    await asyncio.gather(_roles(postgres, database, passwords), _topics(kafka))


async def _roles(postgres: str, database: str, passwords: dict[str, str]) -> None:
    await ensure_roles(postgres, database, passwords, WAIT_S)
    print(f"database {database}: {len(passwords)} roles, each with its own schema", flush=True)


async def _topics(kafka: str) -> None:
    created = await ensure_topics(kafka, WAIT_S)
    print(f"topics: {len(created)} created" if created else "topics: all there", flush=True)


def _password(secrets: Path, service: str) -> str:
    """From the environment (containers) or from the secrets folder (the embedded instance)."""
    return os.environ.get(f"THIRDRESCUE_PASSWORD_{service.upper()}") or database_password(secrets, service)


def _required(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise InstanceError(f"{variable} is not set")
    return value
