"""The whole embedded instance as a person runs it: up, again, killed in parts, taken down; nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.catalog import SERVICES
from services.cli.instance.layout import PROJECT
from services.cli.instance.programs import INSTANCE_VARIABLE

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

MEMORY_AT_REST_MIB = 1536
PORTS_FROM = 24_092


class Cli:
    """The command line on one home."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *arguments: str, timeout_s: float = 180) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(arguments), cwd=PROJECT, capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command(arguments), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def status(self) -> Any:
        return json.loads(self.run("status", "--json").stdout)

    def pids(self) -> dict[str, int]:
        return {process["name"]: process["pid"] for process in self.status()["processes"]}

    def left_running(self) -> list[str]:
        """Every process that still carries this instance's mark, and a PostgreSQL on its folder."""
        mark = json.loads((self.home / "instance.json").read_text())["instance_id"]
        return [p.name() for p in psutil.process_iter() if _marked(p, mark) or str(self.home / "postgres") in _words(p)]

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "services.cli", arguments[0], "--home", str(self.home), *arguments[1:]]


@pytest.fixture(scope="module")
def cli(server_folder: Path) -> Iterator[Cli]:
    """One instance for this module; the tests below follow its life in order."""
    cli = Cli(server_folder / "an instance")
    yield cli
    cli.run("reset", "--yes")


def test_a_taken_port_is_one_sentence_and_leaves_nothing_running(cli: Cli) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", PORTS_FROM))
        holder.listen()
        done = cli.run("up", "--detach", "--ports-from", str(PORTS_FROM))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"port {PORTS_FROM}" in done.stderr
    assert str(os.getpid()) in done.stderr
    assert cli.run("status").returncode == 3


def test_up_makes_everything_ready_within_its_memory(cli: Cli) -> None:
    done = cli.run("up", "--detach", "--ports-from", str(PORTS_FROM))
    assert done.returncode == 0, done.stdout + done.stderr
    password = (cli.home / "secrets" / "admin.password").read_text().strip()
    assert password in done.stdout
    status = cli.status()
    assert status["ready"] is True
    assert {process["name"] for process in status["processes"]} == {"kafka", "postgres", *(e.name for e in SERVICES)}
    assert status["memory_mib"] <= MEMORY_AT_REST_MIB


def test_everything_listens_on_loopback_only(cli: Cli) -> None:
    family = set()
    for pid in cli.pids().values():
        family |= {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.pid in family]
    assert len(listening) >= len(SERVICES) + 3
    assert {c.laddr.ip.removeprefix("::ffff:") for c in listening if c.laddr} == {"127.0.0.1"}


def test_the_first_account_signs_in_with_what_was_printed(cli: Cli) -> None:
    address = next(p["address"] for p in cli.status()["processes"] if p["name"] == "identity")
    password = (cli.home / "secrets" / "admin.password").read_text().strip()
    body = json.dumps({"grant_type": "password", "name": "admin", "password": password}).encode()
    request = urllib.request.Request(f"{address}/identity/tokens", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer)["access_token"]


def test_a_second_up_is_quick_and_tells_the_password_no_more(cli: Cli) -> None:
    before = cli.pids()
    began = time.monotonic()
    done = cli.run("up")
    assert done.returncode == 0
    assert time.monotonic() - began < 20
    assert (cli.home / "secrets" / "admin.password").read_text().strip() not in done.stdout
    assert cli.pids() == before


def test_no_secret_is_on_a_command_line_or_in_a_log(cli: Cli) -> None:
    secrets = [
        path.read_text().strip() for path in (cli.home / "secrets").iterdir() if path.suffix in (".password", ".key")
    ]
    told = " ".join(_words(process) for process in psutil.process_iter())
    told += "".join(path.read_text(errors="replace") for path in (cli.home / "logs").iterdir())
    assert not [secret for secret in secrets if secret in told]


def test_logs_prints_the_last_lines(cli: Cli) -> None:
    done = cli.run("logs", "kafka", "-n", "1000")
    assert "Kafka Server started" in done.stdout
    assert cli.run("logs", "kafka", "-n", "1").stdout.count("\n") == 1


def test_up_repairs_killed_processes(cli: Cli) -> None:
    before = cli.pids()
    for name in ("registry", "kafka", "postgres"):
        os.kill(before[name], signal.SIGKILL)
    done = cli.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    after = cli.pids()
    assert cli.status()["ready"] is True
    assert all(after[name] != before[name] for name in ("registry", "kafka", "postgres"))


def test_up_clears_up_after_a_killed_supervisor(cli: Cli) -> None:
    os.kill(int((cli.home / "supervisor.pid").read_text()), signal.SIGKILL)
    done = cli.run("up", "--detach")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "leftover" in done.stdout
    assert cli.status()["ready"] is True


def test_down_stops_everything_and_may_be_repeated(cli: Cli) -> None:
    assert cli.run("down").stdout == "stopped\n"
    assert cli.left_running() == []
    assert cli.run("down").stdout == "was not running\n"
    assert cli.run("status").returncode == 3


def test_a_foreground_up_that_is_killed_is_followed_by_one_that_adopts_and_stops_in_order(cli: Cli) -> None:
    first = cli.start("up")
    _read_until(first, "roles and topics: ready")
    first.kill()
    first.wait()
    second = cli.start("up")
    _read_until(second, "Ctrl-C")
    assert cli.status()["ready"] is True
    second.terminate()
    rest = second.communicate(timeout=60)[0]
    assert rest.splitlines()[-1] == "stopped"
    assert second.returncode != 0
    assert cli.left_running() == []


def test_reset_removes_the_instance(cli: Cli) -> None:
    assert cli.run("reset", "--yes").returncode == 0
    assert not cli.home.exists()


def _read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if words in line:
            return
    raise AssertionError(f"it ended with {process.wait()}: {''.join(said)}")


def _marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(INSTANCE_VARIABLE) == mark
    except (psutil.Error, OSError):
        return False


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
