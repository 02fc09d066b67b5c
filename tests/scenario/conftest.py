"""One instance for all stories, started and stopped as an operator does it, in a folder and on ports of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenario.stage import Stage

PROJECT = Path(__file__).resolve().parents[2]
PORTS = 18
"""An instance's ports follow one another from the lowest."""


def _free_range() -> int:
    """The lowest of as many free ports in a row as an instance takes."""
    for lowest in range(21_000, 32_000, PORTS + 2):
        probes = [socket.socket() for _ in range(PORTS)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", lowest + offset))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return lowest
    raise RuntimeError("no free ports")


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """A running instance. THIRDRESCUE_TEST_HOME names one that runs already and is left running."""
    given = os.environ.get("THIRDRESCUE_TEST_HOME")
    if given:
        yield Stage(Path(given))
        return
    home = Path(tempfile.mkdtemp(prefix="thirdrescue-scenario-"))
    home.chmod(0o755)  # PostgreSQL runs as another user when we are root
    command = [sys.executable, "-m", "services.cli"]
    subprocess.run(
        [*command, "up", "--detach", "--home", str(home), "--ports-from", str(_free_range())],
        cwd=PROJECT, check=True, timeout=180,
    )  # fmt: skip
    try:
        yield Stage(home)
    finally:
        subprocess.run([*command, "down", "--home", str(home)], cwd=PROJECT, check=False, timeout=120)
        shutil.rmtree(home, ignore_errors=True)
