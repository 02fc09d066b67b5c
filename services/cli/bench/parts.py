"""A Kafka and a PostgreSQL of a benchmark's own: it measures without load from elsewhere and disturbs nothing."""

from __future__ import annotations

import ctypes
import logging
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.instance.java import java_binary, kafka_jars
from services.cli.instance.kafka import KafkaNode
from services.cli.instance.ports import free_port
from services.cli.instance.postgres import PostgresNode, unprivileged_user
from services.cli.instance.programs import dsn_for

_PASSWORD = "bench"
DATABASE = "bench"
STOP_TIMEOUT_S = 5
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Parts:
    """Addresses of the servers."""

    kafka: str
    admin_dsn: str

    def dsn(self, service: str) -> str:
        """Where a service signs in."""
        return dsn_for(service, _PASSWORD, self.admin_dsn, DATABASE)


@contextmanager
def own_parts(services: Sequence[str]) -> Iterator[Parts]:
    """Start both, make roles, schemas and topics; everything is gone afterwards."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is still starting makes it talk
    folder = Path(tempfile.mkdtemp(prefix="thirdrescue-bench-"))
    folder.chmod(0o755)
    started: list[subprocess.Popen[bytes]] = []
    try:
        kafka = KafkaNode(folder / "kafka", java_binary(), kafka_jars(), free_port(), free_port())
        postgres = PostgresNode(folder / "postgres", free_port(), _PASSWORD)
        kafka.prepare()
        postgres.prepare()
        user = unprivileged_user()
        started.append(start_server(kafka.command(), folder / "kafka.log", None))
        started.append(start_server(postgres.command(), folder / "postgres.log", user))
        parts = Parts(
            f"127.0.0.1:{kafka.port}", f"postgresql://postgres:{_PASSWORD}@127.0.0.1:{postgres.port}/postgres"
        )
        _make_ready(parts, services)
        yield parts
    finally:
        for process in started:
            stop_server(process)
        shutil.rmtree(folder, ignore_errors=True)


def _make_ready(parts: Parts, services: Sequence[str]) -> None:
    import asyncio

    from services.cli.prepare.roles import ensure_roles
    from services.cli.prepare.topics import ensure_topics

    async def prepare() -> None:
        await ensure_roles(parts.admin_dsn, DATABASE, dict.fromkeys(services, _PASSWORD), wait_s=60)
        await ensure_topics(parts.kafka, wait_s=60)

    asyncio.run(prepare())


def start_server(command: Sequence[str], log: Path, user: Any) -> subprocess.Popen[bytes]:
    """Run a server that goes when we go, as a user other than ours if one is given."""
    with log.open("ab") as sink:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )


def _die_with_parent() -> None:
    """Linux: a benchmark that is killed leaves no server behind (only its folder under the temporary one)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def stop_server(process: subprocess.Popen[bytes]) -> None:
    """Ask, then insist: what they hold is thrown away in any case."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
