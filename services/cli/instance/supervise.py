"""supervisord as the instance's supervisor: its configuration, its start, and its XML-RPC interface."""

from __future__ import annotations

import http.client
import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import PROJECT, Layout
from services.cli.instance.programs import INSTANCE_VARIABLE, Program
from services.cli.instance.record import replace_file

START_TIMEOUT_S: Final = 15
RUNNING_STATES: Final = frozenset({"STARTING", "RUNNING", "BACKOFF"})
# A process that stays up this long is taken as started; one that dies sooner is retried after 1, 2, 3... seconds.
STARTED_AFTER_S: Final = 3
START_RETRIES: Final = 60
LOG_BYTES: Final = "10MB"
LOG_BACKUPS: Final = 3


@dataclass(frozen=True)
class ProcessState:
    """What the supervisor says of one process."""

    name: str
    state: str
    pid: int
    since: float

    @property
    def running(self) -> bool:
        """Running, or being started."""
        return self.state in RUNNING_STATES


class Supervisor:
    """A handle on the supervisor of one instance."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def alive(self) -> bool:
        """Does it answer?"""
        try:
            self._call("getState")
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False
        return True

    def start_daemon(self, instance_id: str) -> None:
        """Start supervisord in a session of its own, so that Ctrl-C in the terminal reaches only `up`."""
        # The services must not see the operator's own way into PostgreSQL.
        environment = {k: v for k, v in os.environ.items() if k != "THIRDRESCUE_POSTGRES"}
        environment[INSTANCE_VARIABLE] = instance_id
        with (self._layout.logs / "supervisor.err").open("ab") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self._layout.supervisor_config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=sink,
                start_new_session=True,
                cwd=PROJECT,
                env=environment,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.alive():
            if process.poll() is not None or time.monotonic() > deadline:
                raise InstanceError(f"the supervisor did not start: see {self._layout.logs / 'supervisor.err'}")
            time.sleep(0.05)

    def reload(self) -> None:
        """Take up changes of the configuration: programs that changed are stopped and known anew."""
        added, changed, removed = self._rpc("reloadConfig")[0]
        for name in (*changed, *removed):
            self._rpc("stopProcessGroup", name)
            self._rpc("removeProcessGroup", name)
        for name in (*added, *changed):
            self._rpc("addProcessGroup", name)

    def processes(self) -> dict[str, ProcessState]:
        """The state of every process by name."""
        return {
            info["name"]: ProcessState(info["name"], info["statename"], info["pid"], float(info["start"]))
            for info in self._rpc("getAllProcessInfo")
        }

    def start(self, names: Sequence[str]) -> None:
        """Start those that are not running; returns at once."""
        now = self.processes()
        for name in names:
            if name not in now:
                raise InstanceError(f"there is no process {name!r} in this instance")
            if not now[name].running:
                self._rpc("startProcess", name, False)

    def stop(self, names: Sequence[str]) -> None:
        """Stop these together and wait until they have ended."""
        now = self.processes()
        for name in names:
            if name in now and now[name].running:
                self._rpc("stopProcess", name, False)
        while any(p.running or p.state == "STOPPING" for n, p in self.processes().items() if n in names):
            time.sleep(0.05)

    def shutdown(self) -> None:
        """End the supervisor itself (whatever still runs is stopped in order first)."""
        pid = self._rpc("getPID")
        self._rpc("shutdown")
        while _exists(pid):
            time.sleep(0.05)

    def _rpc(self, method: str, *arguments: object) -> Any:
        try:
            return self._call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            raise InstanceError(f"the supervisor refused {method}: {fault.faultString}") from fault
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise InstanceError(f"the supervisor went away during {method}; run `up` again") from error

    def _call(self, method: str, *arguments: object) -> Any:
        """One call on a connection of its own: the transport does not recover one that broke."""
        if not self._layout.socket.exists():
            raise ConnectionRefusedError(f"there is no {self._layout.socket}")
        from supervisor.xmlrpc import SupervisorTransport  # loads slowly; what needs no supervisor skips it

        transport = SupervisorTransport(None, None, f"unix://{self._layout.socket}")
        try:
            proxy: Any = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()


def write_config(layout: Layout, programs: Sequence[Program]) -> None:
    """Write the configuration. It holds the services' settings, so only the owner may read it."""
    replace_file(layout.supervisor_config, render_config(layout, programs))


def render_config(layout: Layout, programs: Sequence[Program]) -> str:
    """The whole configuration as text. Nothing starts by itself: `up` starts things in their order."""
    lines = [
        "[unix_http_server]",
        f"file={_plain(str(layout.socket))}",
        "chmod=0700",
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"logfile={_plain(str(layout.log('supervisor')))}",
        "logfile_maxbytes=5MB",
        "logfile_backups=2",
        f"pidfile={_plain(str(layout.home / 'supervisor.pid'))}",
        f"childlogdir={_plain(str(layout.logs))}",
        *(["user=root"] if os.geteuid() == 0 else []),
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for program in programs:
        lines += _program_lines(layout, program)
    return "\n".join(lines) + "\n"


def _program_lines(layout: Layout, program: Program) -> list[str]:
    return [
        f"[program:{program.name}]",
        f"command={_plain(shlex.join(program.command))}",
        f"directory={_plain(str(PROJECT))}",
        f"environment={_environment(program.environment)}",
        f"priority={program.priority}",
        "autostart=false",
        "autorestart=true",
        f"startsecs={STARTED_AFTER_S}",
        f"startretries={START_RETRIES}",
        f"stopsignal={program.stop_signal}",
        f"stopwaitsecs={program.stop_wait_s}",
        "redirect_stderr=true",
        f"stdout_logfile={_plain(str(layout.log(program.name)))}",
        f"stdout_logfile_maxbytes={LOG_BYTES}",
        f"stdout_logfile_backups={LOG_BACKUPS}",
        *([f"user={program.user}"] if program.user else []),
    ]


def _environment(values: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_quoted(value)}"' for name, value in sorted(values.items()))


def _quoted(value: str) -> str:
    if '"' in value or "\n" in value:
        raise InstanceError("a quotation mark or a line break in a path or a setting cannot be given to the supervisor")
    return _plain(value)


def _plain(value: str) -> str:
    """The supervisor expands %(...)s, and takes ` ;` for the start of a comment."""
    if "\n" in value or " ;" in value:
        raise InstanceError(f"the path {value!r} has a character that the supervisor's configuration cannot carry")
    return value.replace("%", "%%")


def _exists(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
