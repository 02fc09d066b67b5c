"""`status`: what runs, what is ready, and what it costs."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass

import psutil
from rich.table import Table

from services.cli.instance.instance import SERVICE_NAMES, Instance
from services.cli.instance.layout import Layout
from services.cli.instance.progress import table_console
from services.cli.instance.ready import Readiness, ask_all
from services.cli.instance.record import read_record
from services.cli.instance.supervise import ProcessState

NOT_RUNNING = 3


@dataclass(frozen=True)
class PartStatus:
    """One process as a row."""

    name: str
    state: str
    ready: bool
    pid: int | None
    uptime_s: float | None
    memory_mib: float | None
    address: str
    waiting_for: str


def show_status(layout: Layout, as_json: bool) -> int:
    """Print it; the exit code says the same in short."""
    record = read_record(layout)
    parts = [] if record is None else _parts(Instance(layout, record))
    running = bool(parts)
    ready = running and all(part.ready for part in parts)
    total = round(sum(part.memory_mib or 0 for part in parts) + _supervisor_mib(layout), 1)
    if as_json:
        rows = [asdict(part) for part in parts]
        whole = {"home": str(layout.home), "running": running, "ready": ready, "memory_mib": total, "processes": rows}
        print(json.dumps(whole, indent=2))
    elif running:
        _print(parts, total)
    else:
        print(f"no instance is running in {layout.home}")
    return 0 if ready else 1 if running else NOT_RUNNING


def _parts(instance: Instance) -> list[PartStatus]:
    if not instance.supervisor.alive():
        return []
    processes = instance.supervisor.processes()
    answers = ask_all(instance.urls)
    return [_part(instance, name, processes.get(name), answers.get(name)) for name in instance.parts]


def _part(instance: Instance, name: str, process: ProcessState | None, answer: Readiness | None) -> PartStatus:
    up = process is not None and process.state in ("RUNNING", "STARTING")
    pid = process.pid if process is not None and process.pid else None
    return PartStatus(
        name=name,
        state="missing" if process is None else process.state.lower(),
        ready=up if answer is None else answer.ready,
        pid=pid,
        uptime_s=round(time.time() - process.since, 1) if process is not None and pid else None,
        memory_mib=_memory_mib(pid),
        address=instance.urls[name] if name in SERVICE_NAMES else f"127.0.0.1:{instance.record.ports[name]}",
        waiting_for="" if answer is None else answer.waiting_for(),
    )


def _memory_mib(pid: int | None) -> float | None:
    """Proportional set size of a process and its children: shared pages are counted once over all of them."""
    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return round(sum(_pss(member) for member in family) / (1 << 20), 1)
    except psutil.Error:
        return None


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        return int(process.memory_info().rss)


def _supervisor_mib(layout: Layout) -> float:
    try:
        pid = int((layout.home / "supervisor.pid").read_text("ascii"))
        return _pss(psutil.Process(pid)) / (1 << 20)
    except (OSError, ValueError, psutil.Error):
        return 0.0


def _print(parts: list[PartStatus], total_mib: float) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "state", "ready", "pid", "up", "MiB", "address", "waiting for"):
        table.add_column(heading, justify="right" if heading in ("pid", "up", "MiB") else "left")
    for part in parts:
        uptime = "" if part.uptime_s is None else f"{part.uptime_s:.0f} s"
        memory = "" if part.memory_mib is None else f"{part.memory_mib:.0f}"
        table.add_row(
            part.name, part.state, "yes" if part.ready else "no", str(part.pid or ""), uptime, memory,
            part.address, part.waiting_for,
        )  # fmt: skip
    console = table_console()
    console.print(table)
    console.print(f"memory of the whole: {total_mib:.0f} MiB")
