"""A real PostgreSQL for tests, made by the same code as `thirdrescue up`, and fresh databases in it."""

from __future__ import annotations

import asyncio
import secrets
import signal
import threading
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from services.cli.instance.ports import free_port
from services.cli.instance.postgres import PostgresNode, unprivileged_user
from services.cli.instance.programs import dsn_for
from services.cli.prepare.roles import ensure_roles
from tests.support.processes import ServerProcess

# Roles belong to the whole server, so every database of a run shares them and their password.
TEST_PASSWORD = "test"
CONNECT_WAIT_S = 30


class PostgresServer(ServerProcess):
    """A server in `folder`. Not started yet."""

    def __init__(self, folder: Path) -> None:
        node = PostgresNode(folder / "data", free_port(), TEST_PASSWORD)
        node.prepare()
        user = unprivileged_user()
        super().__init__(
            node.command(),
            node.port,
            folder / "postgres.log",
            uid=None if user is None else user.pw_uid,
            gid=None if user is None else user.pw_gid,
        )
        self.stop_signal = signal.SIGINT

    @property
    def admin_dsn(self) -> str:
        """The superuser's way in."""
        return f"postgresql://postgres:{TEST_PASSWORD}@127.0.0.1:{self.port}/postgres"


@dataclass(frozen=True)
class TestDatabase:
    """A database of one test's own, with the roles and schemas of the services that were asked for."""

    __test__ = False

    name: str
    admin_dsn: str
    """The superuser, signed in to this database."""
    dsns: dict[str, str]
    """Per service: its role, signed in to this database."""

    def dsn(self, service: str) -> str:
        """The address that one service signs in at."""
        return self.dsns[service]


def create_database(admin_dsn: str, services: Iterable[str] = ()) -> TestDatabase:
    """A fresh database; give it back with `drop_database`."""
    name = f"test_{secrets.token_hex(6)}"
    passwords = dict.fromkeys(services, TEST_PASSWORD)
    run_apart(ensure_roles(admin_dsn, name, passwords, CONNECT_WAIT_S))
    inside = urlunsplit(urlsplit(admin_dsn)._replace(path=f"/{name}"))
    return TestDatabase(name, inside, {s: dsn_for(s, TEST_PASSWORD, admin_dsn, name) for s in passwords})


def drop_database(admin_dsn: str, database: TestDatabase) -> None:
    """Remove it, also under open connections."""
    run_apart(_execute(admin_dsn, f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)'))


def run_apart(work: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine to its end in a thread of its own: works inside and outside of a running loop."""
    failure: list[BaseException] = []

    def body() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
