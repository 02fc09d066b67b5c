"""instance.json: what this instance is and how to reach it. Written whole or not at all; holds no secret."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import Layout


@dataclass(frozen=True)
class Record:
    """The choices an instance was started with, and the process that watches it in the foreground, if any."""

    instance_id: str
    ports: dict[str, int]
    listen: str = "127.0.0.1"
    external_kafka: str | None = None
    external_postgres: bool = False
    attended_by: dict[str, float] | None = None  # {"pid", "create_time"}
    sign_in_told: bool = False

    @property
    def kafka(self) -> str:
        """Kafka's address as clients use it."""
        return self.external_kafka or f"127.0.0.1:{self.ports['kafka']}"

    def url(self, service: str) -> str:
        """Where a service answers on this machine."""
        return f"http://{reachable_host(self.listen)}:{self.ports[service]}"


def reachable_host(listen: str) -> str:
    """The address to call a server that listens on `listen` (a wildcard is reached over loopback)."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(listen, listen)


def new_instance_id() -> str:
    """The mark every process of the instance carries in its environment, to find leftovers by."""
    return secrets.token_hex(8)


def read_record(layout: Layout) -> Record | None:
    """The record, or None where no instance was ever started."""
    try:
        raw: dict[str, Any] = json.loads(layout.record.read_text("utf-8"))
        return Record(**raw)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise InstanceError(f"{layout.record} is damaged ({error}); run `thirdrescue reset` to start anew") from error


def write_record(layout: Layout, record: Record) -> None:
    """Replace the record in one step, so that a kill leaves the old or the new one."""
    replace_file(layout.record, json.dumps(asdict(record), indent=2) + "\n")


def replace_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a small file whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
