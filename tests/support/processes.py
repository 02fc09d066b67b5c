"""A server process of a test run: started, stopped, killed, and never left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


class ServerProcess:
    """One process with a port. Subclasses say how it is made; `port` never changes over restarts."""

    def __init__(self, command: Sequence[str], port: int, log: Path, *, uid: int | None = None, gid: int | None = None):
        self._command = list(command)
        self._log = log
        self._uid, self._gid = uid, gid
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port
        self.stop_signal = signal.SIGTERM

    def start(self) -> None:
        """Start it and wait until it takes connections. Tries again, as a supervisor does, while children of a
        killed predecessor still hold what it needs."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self._try_to_start(deadline):
            time.sleep(0.2)

    def _try_to_start(self, deadline: float) -> bool:
        with self._log.open("ab") as sink:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                user=self._uid,
                group=self._gid,
                extra_groups=None if self._uid is None else [],
            )
        while not self._listens():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self._command[0]} did not start:\n{self._log.read_text()[-3000:]}")
            if self._process.poll() is not None:
                return False
            time.sleep(0.05)
        return True

    def stop(self) -> None:
        """End it in order."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: it hangs, its connections stay open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    @property
    def running(self) -> bool:
        """Is the process there?"""
        return self._process is not None and self._process.poll() is None

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._signal(number)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def _die_with_parent() -> None:
    """The kernel ends the server when the test run is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
