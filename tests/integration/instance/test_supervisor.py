"""The real supervisord on small programs: restarts, order, adoption, and what a kill -9 leaves behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from services.cli.instance.layout import Layout
from services.cli.instance.leftovers import clear_leftovers
from services.cli.instance.programs import INSTANCE_VARIABLE, Program
from services.cli.instance.supervise import Supervisor, write_config

pytestmark = pytest.mark.integration

MARK = {INSTANCE_VARIABLE: "test-supervisor"}
# On SIGTERM it says in a file when it ended.
SLEEPER = """
import pathlib, signal, sys, time
def end(*_):
    pathlib.Path(sys.argv[1]).write_text(str(time.monotonic())); sys.exit()
signal.signal(signal.SIGTERM, end)
while True: time.sleep(0.05)
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "home")
    layout.create()
    return layout


@pytest.fixture
def supervisor(layout: Layout) -> Iterator[Supervisor]:
    programs = [_sleeper(layout, "store", 10), _sleeper(layout, "service", 100)]
    programs.append(Program("crasher", [sys.executable, "-c", "raise SystemExit(3)"], MARK, 100))
    write_config(layout, programs)
    supervisor = Supervisor(layout)
    supervisor.start_daemon(MARK[INSTANCE_VARIABLE])
    yield supervisor
    if supervisor.alive():
        supervisor.shutdown()
    clear_leftovers(layout, MARK[INSTANCE_VARIABLE])


def test_nothing_starts_by_itself_and_start_is_idempotent(supervisor: Supervisor) -> None:
    assert not any(process.running for process in supervisor.processes().values())
    supervisor.start(["store"])
    pid = supervisor.processes()["store"].pid
    supervisor.start(["store"])
    assert supervisor.processes()["store"].pid == pid != 0


def test_a_killed_process_is_started_again(supervisor: Supervisor) -> None:
    supervisor.start(["service"])
    _until(lambda: supervisor.processes()["service"].state == "RUNNING")
    pid = supervisor.processes()["service"].pid
    os.kill(pid, signal.SIGKILL)
    _until(lambda: supervisor.processes()["service"].pid not in (0, pid))


def test_one_that_cannot_run_is_retried_with_growing_pauses(supervisor: Supervisor) -> None:
    supervisor.start(["crasher"])
    began: list[float] = []

    def started_thrice() -> bool:
        process = supervisor.processes()["crasher"]
        if process.pid and process.since not in began:
            began.append(process.since)
        return len(began) >= 3

    _until(started_thrice)
    assert supervisor.processes()["crasher"].running
    assert began[2] - began[1] >= began[1] - began[0] >= 1


def test_stop_waits_until_they_have_ended(supervisor: Supervisor, layout: Layout) -> None:
    supervisor.start(["store", "service"])
    _until(lambda: all(supervisor.processes()[name].state == "RUNNING" for name in ("store", "service")))
    supervisor.stop(["service"])
    assert not supervisor.processes()["service"].running
    assert supervisor.processes()["store"].running
    supervisor.stop(["store"])
    ended = [float((layout.home / name).read_text()) for name in ("service", "store")]
    assert ended == sorted(ended)


def test_a_shutdown_ends_the_daemon_itself(supervisor: Supervisor, layout: Layout) -> None:
    pid = int((layout.home / "supervisor.pid").read_text())
    supervisor.shutdown()
    assert not supervisor.alive()
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_another_handle_finds_it_and_takes_up_a_changed_configuration(supervisor: Supervisor, layout: Layout) -> None:
    supervisor.start(["store", "service"])
    kept = supervisor.processes()["store"].pid
    changed = Program("service", _sleeper(layout, "service", 100).command, MARK | {"NEW": "1"}, 100)
    write_config(layout, [_sleeper(layout, "store", 10), changed])
    other = Supervisor(layout)
    assert other.alive()
    other.reload()
    other.start(["store", "service"])
    processes = other.processes()
    assert set(processes) == {"store", "service"}
    assert processes["store"].pid == kept
    deadline = time.monotonic() + 40
    service = psutil.Process(processes["service"].pid)
    while "NEW" not in service.environ():  # between fork and exec it still shows the supervisor's
        assert time.monotonic() < deadline, "the changed environment did not arrive"
        time.sleep(0.05)
    assert service.environ()["NEW"] == "1"


def test_what_a_killed_supervisor_left_is_cleared_and_named(supervisor: Supervisor, layout: Layout) -> None:
    supervisor.start(["store", "service"])
    _until(lambda: all(supervisor.processes()[name].state == "RUNNING" for name in ("store", "service")))
    orphans = [supervisor.processes()[name].pid for name in ("store", "service")]
    daemon = int((layout.home / "supervisor.pid").read_text())
    os.kill(daemon, signal.SIGKILL)
    _until(lambda: not supervisor.alive())
    assert all(psutil.pid_exists(pid) for pid in orphans)
    named = " ".join(clear_leftovers(layout, MARK[INSTANCE_VARIABLE]))
    assert all(str(pid) in named for pid in orphans)
    assert not any(_lives(pid) for pid in orphans)
    assert clear_leftovers(layout, MARK[INSTANCE_VARIABLE]) == []


def test_processes_of_another_instance_are_left_alone(supervisor: Supervisor, layout: Layout) -> None:
    supervisor.start(["store"])
    pid = supervisor.processes()["store"].pid
    assert clear_leftovers(Layout(layout.home.with_name("elsewhere")), "another") == []
    assert _lives(pid)


def _sleeper(layout: Layout, name: str, priority: int) -> Program:
    script = layout.home / "sleeper.py"
    if not script.exists():  # one that is being started may be reading it
        script.write_text(SLEEPER)
    return Program(name, [sys.executable, str(script), str(layout.home / name)], MARK, priority)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(condition: Callable[[], bool], timeout_s: float = 40) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
