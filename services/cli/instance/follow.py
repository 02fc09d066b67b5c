"""The foreground of `up` once all is ready: tells what changes, and stops everything in order when asked to."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from services.cli.instance.errors import InstanceError
from services.cli.instance.instance import Instance
from services.cli.instance.layout import PROJECT
from services.cli.instance.record import read_record
from services.cli.instance.supervise import ProcessState

LOOK_EVERY_S: Final = 1.0


def follow(instance: Instance) -> int:
    """Watch until told to stop (by signal: stops the instance) or until another command stopped it. Exit code."""
    print("Press Ctrl-C to stop.", flush=True)
    try:
        return _watch(instance)
    except BaseException:
        _stop_unhurried(instance)
        raise


def run_scenario(instance: Instance, name: str, json_file: Path | None) -> int:
    """Run a scenario on the instance, in a process of its own; its exit code."""
    command = [sys.executable, "-m", "services.cli", "scenario", "run", name]
    if json_file is not None:
        command += ["--json", str(json_file.absolute())]
    environment = os.environ | {"THIRDRESCUE_HOME": str(instance.layout.home)}
    return subprocess.run(command, env=environment, cwd=PROJECT, check=False).returncode


def _watch(instance: Instance) -> int:
    before = instance.supervisor.processes()
    while True:
        time.sleep(LOOK_EVERY_S)
        try:
            now = instance.supervisor.processes()
        except InstanceError:
            return _supervisor_gone(instance)
        changes = {name: _change(before.get(name), process) for name, process in now.items()}
        if any(changes.values()) and _still_ours(instance):
            for name, change in changes.items():
                if change:
                    print(f"{name}: {change}", flush=True)
        before = now


def _change(before: ProcessState | None, now: ProcessState) -> str | None:
    if before is None or (before.pid == now.pid and before.state == now.state):
        return None
    if now.state == "RUNNING" and before.pid == now.pid:
        return None  # it was starting, as said before
    if now.running and now.pid:
        return f"ended and was started again (process {now.pid})"
    return f"{now.state.lower()}; see `logs {now.name}`"


def _supervisor_gone(instance: Instance) -> int:
    if not _still_ours(instance):
        print("stopped by another command", flush=True)
        return 0
    raise InstanceError("the supervisor ended unexpectedly; everything was stopped, run `up` again")


def _still_ours(instance: Instance) -> bool:
    """False once `down` or `reset` took the instance over."""
    record = read_record(instance.layout)
    return record is not None and record.attended_by is not None and int(record.attended_by["pid"]) == os.getpid()


def _stop_unhurried(instance: Instance) -> None:
    """Stop in order; a second Ctrl-C does not leave half of it running."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    print("stopping: services, then Kafka and PostgreSQL", flush=True)
    instance.attend(None)
    instance.stop()
    print("stopped", flush=True)
