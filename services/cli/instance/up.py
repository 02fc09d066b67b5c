"""`thirdrescue up`: from whatever is there to a whole instance that is ready, or back to nothing with one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Final

import psutil

from services.cli.console.build import is_current
from services.cli.instance import preflight
from services.cli.instance.building import Building
from services.cli.instance.errors import InstanceError
from services.cli.instance.follow import follow, run_scenario
from services.cli.instance.instance import KAFKA, SERVICE_NAMES, Instance
from services.cli.instance.java import installed_kafka_jars, kafka_jars
from services.cli.instance.keys import ensure_secrets
from services.cli.instance.layout import Layout
from services.cli.instance.leftovers import clear_leftovers
from services.cli.instance.options import UpOptions
from services.cli.instance.ports import plan_ports, require_free
from services.cli.instance.programs import INSTANCE_VARIABLE
from services.cli.instance.progress import Progress
from services.cli.instance.ready import ask_all
from services.cli.instance.record import Record, new_instance_id, read_record, write_record
from services.cli.instance.summary import print_summary
from services.cli.instance.turn import turn

READY_TIMEOUT_S: Final = 120
POLL_S: Final = 0.2
# A process that had to be started this often before it was ready will not get better by waiting.
MOST_STARTS: Final = 5


class Stopped(Exception):
    """The person (Ctrl-C) or the system (SIGTERM, SIGHUP) asked us to stop."""


def up(options: UpOptions) -> int:
    """Bring the instance up; returns the exit code. Raises InstanceError with nothing left half-started."""
    preflight.check_python()
    with _signals_raise():
        try:
            return _up(options)
        except (Stopped, KeyboardInterrupt):
            return 130


def _up(options: UpOptions) -> int:
    preflight.check_folder(options.layout)
    with Progress() as progress, turn(options.layout, progress.say):
        instance = _instance(options)
        was_running = instance.supervisor.alive()
        ensure_secrets(options.layout.secrets)
        stays = not options.detach and not (was_running and _left_to_itself(instance.record))
        if stays or not was_running:
            # Before anything starts: whoever comes after a kill -9 of this process knows that it was to stay.
            instance.record = replace(instance.record, attended_by=_me() if stays else None)
        if not (was_running and _all_well(instance)):
            _start_or_undo(instance, progress, was_running)
        first_sign_in = not instance.record.sign_in_told
        instance.record = replace(instance.record, sign_in_told=True)
        write_record(options.layout, instance.record)
        took = progress.elapsed_s
    print_summary(instance, first_sign_in, took)
    code = run_scenario(instance, options.scenario, options.json_file) if options.scenario else 0
    return follow(instance) if stays else code


def _instance(options: UpOptions) -> Instance:
    """The instance as recorded if it runs, else as the options say."""
    layout = options.layout
    known = read_record(layout)
    if known is not None:
        running = Instance(layout, known, options.own_postgres)
        if running.supervisor.alive():
            if options.ports_from is not None and dict(plan_ports(options.ports_from).by_name()) != known.ports:
                raise InstanceError("this instance is running with other ports: stop it first with `down`")
            return running
    ports = plan_ports(options.ports_from).by_name()
    if options.ports_from is None and known is not None:
        # An instance keeps the ports it was first given; a part that is new since then gets its place among them.
        ports = plan_ports(min(known.ports.values())).by_name() | known.ports
    record = Record(
        instance_id=known.instance_id if known else new_instance_id(),
        ports=ports,
        listen=options.listen,
        external_kafka=options.own_kafka,
        external_postgres=options.own_postgres is not None,
        sign_in_told=known is not None and known.sign_in_told,
    )
    return Instance(layout, record, options.own_postgres)


def _start_or_undo(instance: Instance, progress: Progress, was_running: bool) -> None:
    try:
        _start(instance, progress, was_running)
    except BaseException:
        if not was_running:
            if instance.supervisor.alive():
                progress.say("stopping what was started")
            instance.stop()
        raise


def _start(instance: Instance, progress: Progress, was_running: bool) -> None:
    building = Building(progress)
    # Whatever is started from here carries the mark: initdb, format and prepare are found as leftovers too.
    os.environ[INSTANCE_VARIABLE] = instance.record.instance_id
    if KAFKA in instance.infrastructure and installed_kafka_jars() is None:
        progress.part("Apache Kafka (download, about 44 MB)", "working")
        kafka_jars()
        progress.part("Apache Kafka (download, about 44 MB)", "ready")
    if not was_running:
        for name in clear_leftovers(instance.layout, instance.record.instance_id):
            progress.say(f"ended a leftover of an earlier run: {name}")
        require_free(instance.own_ports(), instance.record.listen)
        write_record(instance.layout, instance.record)
    for name in instance.infrastructure:
        progress.part(name, "working")
    if not was_running:
        instance.prepare_infrastructure()
    instance.supervise()
    instance.supervisor.start(instance.infrastructure)
    _roles_and_topics(instance, progress)
    for name in instance.infrastructure:
        progress.part(name, "ready")
    instance.supervisor.start(SERVICE_NAMES)
    _wait_ready(instance, progress)
    building.wait()


def _roles_and_topics(instance: Instance, progress: Progress) -> None:
    progress.part("roles and topics", "working")
    preparing = instance.start_prepare()
    said = []
    try:
        for line in preparing.stdout or ():
            said.append(line.strip())
            progress.part("roles and topics", "working", said[-1])
            _check_infrastructure(instance)
        if preparing.wait() != 0:
            raise InstanceError(said[-1].removeprefix("error: ") if said else "roles and topics could not be prepared")
    finally:
        _end(preparing)
    progress.part("roles and topics", "ready")


def _check_infrastructure(instance: Instance) -> None:
    states = instance.supervisor.processes()
    for name in instance.infrastructure:
        if not states[name].running:
            raise InstanceError(f"{name} does not start: {_last_line(instance.layout, name)}")


def _wait_ready(instance: Instance, progress: Progress) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    starts: dict[str, set[int]] = {name: set() for name in SERVICE_NAMES}
    waiting = set(SERVICE_NAMES)
    for name in SERVICE_NAMES:
        progress.part(name, "working")
    while True:
        answers = ask_all({name: instance.urls[name] for name in SERVICE_NAMES if name in waiting})
        for name, answer in answers.items():
            if answer.ready:
                waiting.discard(name)
                progress.part(name, "ready")
            else:
                progress.part(name, "working", answer.waiting_for() and f"waiting for {answer.waiting_for()}")
        if not waiting:
            return
        for name, process in instance.supervisor.processes().items():
            if name in waiting:
                starts[name].add(process.pid)
                if len(starts[name] - {0}) > MOST_STARTS or process.state == "FATAL":
                    raise InstanceError(f"{name} does not stay up: {_last_line(instance.layout, name)}")
        if time.monotonic() > deadline:
            names = ", ".join(sorted(waiting))
            raise InstanceError(f"not ready after {READY_TIMEOUT_S} s: {names}; see {instance.layout.logs}")
        time.sleep(POLL_S)


def _all_well(instance: Instance) -> bool:
    """Running, as this code would run it, and ready."""
    if not is_current():
        return False
    states = instance.supervisor.processes()
    if any(name not in states or states[name].state != "RUNNING" for name in instance.parts):
        return False
    return instance.config_is_current() and all(answer.ready for answer in ask_all(instance.urls).values())


def _me() -> dict[str, float]:
    return {"pid": os.getpid(), "create_time": psutil.Process().create_time()}


def _left_to_itself(record: Record) -> bool:
    """A running instance needs no watcher if it was started with --detach, or has one: the `up` that started it."""
    if record.attended_by is None:
        return True
    try:
        process = psutil.Process(int(record.attended_by["pid"]))
        return abs(process.create_time() - record.attended_by["create_time"]) < 1
    except psutil.NoSuchProcess:
        return False


@contextmanager
def _signals_raise() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def _last_line(layout: Layout, name: str) -> str:
    try:
        lines = layout.log(name).read_text("utf-8", errors="replace").strip().splitlines()
    except FileNotFoundError:
        lines = []
    said = _in_words(lines[-1])[:300] if lines else "it said nothing"
    return f"{said} (see {layout.log(name)})"


def _in_words(line: str) -> str:
    """Services log JSON objects; what went wrong is in `error`, else in `event`."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    return str(entry.get("error") or entry.get("event") or line) if isinstance(entry, dict) else line
