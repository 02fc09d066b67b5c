"""Where everything of one instance lies. Paths only: nothing here touches the disk but `Layout.create`."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[3]
TOOLS: Final = PROJECT / ".tools"

# A unix socket's path must fit in sockaddr_un.sun_path: 108 bytes with the closing zero.
SOCKET_PATH_MAX_BYTES: Final = 107


def default_home() -> Path:
    """The folder beside the wrapper script."""
    return PROJECT / ".thirdrescue"


@dataclass(frozen=True)
class Layout:
    """The folder of one instance and the places in it."""

    home: Path

    @property
    def kafka(self) -> Path:
        """Kafka's log, its settings and its start-up archive."""
        return self.home / "kafka"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data folder, owned by the user that runs it."""
        return self.home / "postgres"

    @property
    def state(self) -> Path:
        """What services keep on disk and can rebuild (RocksDB)."""
        return self.home / "state"

    @property
    def logs(self) -> Path:
        """One log per process, rotated by the supervisor."""
        return self.home / "logs"

    @property
    def secrets(self) -> Path:
        """Keys and passwords, readable by the owner only."""
        return self.home / "secrets"

    @property
    def record(self) -> Path:
        """What is running, with which ports (JSON)."""
        return self.home / "instance.json"

    @property
    def lock(self) -> Path:
        """Held while the instance changes: one `up`, `down` or `reset` at a time."""
        return self.home / "instance.lock"

    @property
    def supervisor_config(self) -> Path:
        """The generated configuration; holds passwords, so it is readable by the owner only."""
        return self.home / "supervisord.conf"

    @property
    def socket(self) -> Path:
        """The supervisor's control socket: in the home, or in the temp folder when the home's path is too long."""
        inside = self.home / "supervisor.sock"
        # supervisord binds `<socket>.<pid>` first, hence the spare bytes.
        if len(os.fsencode(inside)) + 12 <= SOCKET_PATH_MAX_BYTES:
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"thirdrescue-{os.getuid()}-{digest}" / "s.sock"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Make the folders that are missing. `postgres` is made by initdb's step, which also gives it away."""
        self.home.mkdir(parents=True, exist_ok=True)
        for folder in (self.kafka, self.state, self.logs):
            folder.mkdir(exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)
        if self.socket.parent != self.home:
            self.socket.parent.mkdir(mode=0o700, exist_ok=True)
