"""A whole service process: started without its database, healed by itself, stopped in order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.instance.ports import free_port
from tests.support.postgres_server import create_database
from tests.support.signing import PAGE_GATEWAY_KEY, make_signing

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
ROOT = Path(__file__).parents[3]
RUN = "import sys; from services.kit.run import run_services; sys.exit(run_services(sys.argv[1:]))"


@dataclass
class Running:
    """A service process."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=10, trust_env=False, **options)

    def wait_for(self, met: Callable[[httpx.Response], bool], path: str = "/ready", wait_s: float = 30) -> Any:
        end = time.monotonic() + wait_s
        while True:
            try:
                response = self.get(path)
                if met(response):
                    return response
            except httpx.TransportError:
                response = None
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, (response.text if response else "no answer", self.log.read_text())
            time.sleep(0.05)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    make_signing(tmp_path)
    (tmp_path / "admin.password").write_text("a long first password\n")
    started: list[subprocess.Popen[bytes]] = []

    def begin(*names: str, dsn: str, **environment: str) -> Running:
        port = free_port()
        whole = {
            **os.environ, "THIRDRESCUE_HTTP_PORT": str(port), "THIRDRESCUE_SECRETS_DIR": str(tmp_path),
            "THIRDRESCUE_ADMIN_NAME": "admin", "THIRDRESCUE_ADMIN_PASSWORD_FILE": str(tmp_path / "admin.password"),
            **{f"THIRDRESCUE_POSTGRES_{name.upper()}": dsn for name in names}, **environment,
        }  # fmt: skip
        log = tmp_path / f"{port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen([sys.executable, "-c", RUN, *names], cwd=ROOT, env=whole, stdout=out, stderr=out)
        started.append(process)
        return Running(process, f"http://127.0.0.1:{port}", log)

    yield begin
    for process in started:
        process.kill()
        process.wait()


def is_ready(response: httpx.Response) -> bool:
    return response.status_code == 200


def test_a_process_waits_for_its_database_heals_and_stops(start: Start, own_postgres: Any) -> None:
    database = create_database(own_postgres.admin_dsn, ["identity"])
    own_postgres.stop()
    running = start("identity", dsn=database.dsn("identity"))
    waiting = running.wait_for(lambda response: response.status_code == 503)
    assert waiting.json()["checks"]["identity.database"] == "failed: waiting for the database"
    assert running.get("/live").status_code == 200
    own_postgres.start()
    running.wait_for(is_ready)

    body = {"grant_type": "password", "name": "admin", "password": "a long first password"}
    signed_in = httpx.post(running.url + "/identity/tokens", json=body, trust_env=False)
    assert signed_in.status_code == 200
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    assert running.get("/identity/accounts", headers=headers).status_code == 200

    own_postgres.stop()
    away = running.get("/identity/accounts", headers=headers)
    assert away.status_code == 503
    assert away.headers["content-type"] == "application/problem+json"
    assert running.get("/ready").json()["checks"]["identity.database"] == "failed: does not answer"
    own_postgres.start()
    running.wait_for(is_ready)
    assert running.get("/identity/accounts", headers=headers).status_code == 200

    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(40) == 0
    assert "process.stopped" in running.log.read_text()


def test_sigterm_lets_a_running_request_finish(start: Start, make_database: Callable[..., Any]) -> None:
    running = start("pagegateway", dsn=make_database("pagegateway").dsn("pagegateway"))
    running.wait_for(is_ready)
    host, port = running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        head = f"GET /pagegateway/pages?wait_s=2 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PAGE_GATEWAY_KEY}"
        connection.sendall(f"{head}\r\n\r\n".encode())
        time.sleep(0.3)
        running.process.send_signal(signal.SIGTERM)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    assert running.process.wait(40) == 0


def test_two_services_share_one_process(start: Start, make_database: Callable[..., Any]) -> None:
    database = make_database("identity", "pagegateway")
    running = start(
        "identity", "pagegateway", dsn=database.dsn("identity"),
        THIRDRESCUE_POSTGRES_PAGEGATEWAY=database.dsn("pagegateway"),
    )  # fmt: skip
    checks = running.wait_for(is_ready).json()["checks"]
    assert set(checks) == {"identity.database", "identity.first-account", "pagegateway.database"}
    assert running.get("/identity/jwks").status_code == 200


def test_kafka_away_is_named_and_does_not_stop_the_api(start: Start, make_database: Callable[..., Any]) -> None:
    running = start(
        "incidents", dsn=make_database("incidents").dsn("incidents"),
        THIRDRESCUE_KAFKA="127.0.0.1:1", THIRDRESCUE_KAFKA_START_GRACE_S="3",
    )  # fmt: skip
    young = running.wait_for(lambda r: r.status_code == 503 and r.json()["checks"]["incidents.database"] == "ok")
    assert young.json()["checks"]["kafka"] == "failed: not seen since the start"
    assert running.get("/incidents").status_code == 401  # it serves
    later = running.wait_for(is_ready).json()
    assert later["ready"]
    assert later["checks"]["kafka"].startswith("degraded: ")


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"THIRDRESCUE_HTTP_PORT": "70000"}, "THIRDRESCUE_HTTP_PORT: "),
        ({"THIRDRESCUE_SECRETS_DIR": "/nonexistent"}, "THIRDRESCUE_SECRETS_DIR does not name"),
        ({"THIRDRESCUE_POSTGRES_IDENTITY": ""}, "THIRDRESCUE_POSTGRES_IDENTITY is not set"),
    ],
)
def test_wrong_settings_end_the_start_with_one_sentence(start: Start, environment: dict[str, str], says: str) -> None:
    running = start("identity", dsn="postgresql://x@127.0.0.1:1/x", **environment)
    assert running.process.wait(20) == 2
    lines = running.log.read_text().strip().splitlines()
    assert len(lines) == 1
    assert says in lines[0]


def test_a_taken_port_is_one_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = start("identity", dsn="postgresql://x@127.0.0.1:1/x", THIRDRESCUE_HTTP_PORT=str(port))
        assert running.process.wait(20) == 2
        assert f"Cannot listen on 127.0.0.1:{port}" in running.log.read_text()
