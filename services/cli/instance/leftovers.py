"""Processes of this instance that nobody supervises any more: found by the mark in their environment, and ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from services.cli.instance.layout import Layout
from services.cli.instance.programs import INSTANCE_VARIABLE

GENTLE_S: Final = 10


def clear_leftovers(layout: Layout, instance_id: str) -> list[str]:
    """End what a killed supervisor left behind, and name it (name and process number)."""
    found = _marked(instance_id)
    postmaster = _postmaster(layout.postgres)
    if postmaster is not None and postmaster not in found:
        found.append(postmaster)
    names = [f"{_name(process)} ({process.pid})" for process in found]
    _end(found)
    layout.socket.unlink(missing_ok=True)
    return names


def _marked(instance_id: str) -> list[psutil.Process]:
    """Every process that carries the instance's mark, but not this one and those it descends from."""
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = [process for process in psutil.process_iter() if process.pid not in mine and _carries(process, instance_id)]
    return sorted(found, key=lambda process: "supervisord" not in " ".join(_command(process)))  # it would restart them


def _carries(process: psutil.Process, instance_id: str) -> bool:
    try:
        return bool(process.environ().get(INSTANCE_VARIABLE) == instance_id)
    except (psutil.Error, OSError):
        return False  # ended meanwhile, or of another user


def _postmaster(data: Path) -> psutil.Process | None:
    """PostgreSQL overwrites its environment, but says in postmaster.pid who runs on this folder and since when."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
        process = psutil.Process(int(lines[0]))
        same = process.name() == "postgres" and abs(process.create_time() - int(lines[2])) < 60
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if same else None


def _end(processes: Sequence[psutil.Process]) -> None:
    """Kill the supervisor and the services, which lose nothing by it; end Kafka and PostgreSQL gently.

    The other way round the services would wait for servers that are gone.
    """
    gentle = []
    for process in processes:
        try:
            if process.name() == "postgres":
                process.send_signal(signal.SIGINT)  # end now and cleanly, do not wait for clients
                gentle.append(process)
            elif process.name() == "java":
                process.terminate()
                gentle.append(process)
            else:
                process.kill()
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(gentle, timeout=GENTLE_S)
    for process in alive:
        process.kill()
    psutil.wait_procs(processes, timeout=GENTLE_S)


def _name(process: psutil.Process) -> str:
    words = _command(process)
    if words[-3:-1] == ["services.cli", "run"]:
        return words[-1]
    return Path(words[0]).name if words else "process"


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
