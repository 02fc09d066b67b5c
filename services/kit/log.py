"""JSON lines on standard output, with an allow-list of fields.

The message is a constant dotted event name (`outbox.relayed`); facts are fields. A field that is not allowed is
dropped and only its name is kept, so that a body, a name or a phone number cannot slip into a log by a careless call.
The correlation id and the service come from context variables that the HTTP layer and the consume loop set.
Messages of database and validation errors are replaced by their kind and place, because they quote values.
The standard library does the work: structlog imports rich, which costs each process 6 MB and 0.2 s of its start.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from pydantic import ValidationError

CORRELATION: Final[ContextVar[UUID | None]] = ContextVar("correlation_id", default=None)
SERVICE: Final[ContextVar[str | None]] = ContextVar("service", default=None)

ALLOWED_FIELDS: Final = frozenset({
    "event", "level", "logger", "timestamp", "service", "correlation_id", "error", "frames", "attempt", "attempts",
    "topic", "topics", "partition", "partitions", "offset", "sequence", "group", "kind", "state", "reason", "outcome",
    "check", "checks", "method", "route", "status", "count", "port", "host", "version", "schema", "applied", "loop",
    "where", "exercise", "services", "type", "bytes", "signal", "client", "limit", "role", "name_of_setting",
})  # fmt: skip
"""Besides these, names that end in `_id`, `_ids`, `_count`, `_at`, `_s`, `_ms`, `_m`, `_km` or `_bytes` pass."""

_ALLOWED_ENDINGS: Final = ("_id", "_ids", "_count", "_at", "_s", "_ms", "_m", "_km", "_bytes")
_TEXT_MAX: Final = 500
_FRAMES_MAX: Final = 12

_FIELDS: Final = "kit_fields"


class Logger:
    """A module's logger: `log.info("outbox.relayed", topic=..., count=...)`."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        """For the people who work on the code."""
        self._log(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """A fact of the trade."""
        self._log(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Something that heals by itself."""
        self._log(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Something a human must act on."""
        self._log(logging.ERROR, event, fields)

    def exception(self, event: str, **fields: object) -> None:
        """An error with the frames of the exception that is being handled."""
        self._log(logging.ERROR, event, fields, exc_info=True)

    def _log(self, level: int, event: str, fields: dict[str, object], *, exc_info: bool = False) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, exc_info=exc_info, extra={_FIELDS: fields})


def get_logger(name: str) -> Logger:
    """The logger of a module; cheap, safe at import."""
    return Logger(name)


def describe_error(error: BaseException) -> str:
    """An error in words that quote no data: its class, and its message unless that may repeat what was stored."""
    name = type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        parts = (error.sqlstate, error.constraint_name, error.table_name)
        return f"{name} {' '.join(str(part) for part in parts if part)}".strip()
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        return name
    if isinstance(error, ValidationError):
        places = [".".join(str(p) for p in e["loc"]) + " " + e["type"] for e in error.errors(include_input=False)[:5]]
        return f"{name} at {', '.join(places)}"
    return f"{name}: {error}"[:_TEXT_MAX]


def line_of(record: logging.LogRecord) -> dict[str, Any]:
    """A log record as the fields of its line, cleaned."""
    line: dict[str, Any] = {
        "event": record.getMessage(),
        "level": record.levelname.lower(),
        "logger": record.name,
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
    }
    for key, current in (("correlation_id", CORRELATION.get()), ("service", SERVICE.get())):
        if current is not None:
            line[key] = str(current)
    line |= only_allowed(getattr(record, _FIELDS, {}))
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        line["error"] = describe_error(error)
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
        line["frames"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return line


def only_allowed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields on the allow-list; `dropped` names the others."""
    kept = {key: value for key, value in fields.items() if key in ALLOWED_FIELDS or key.endswith(_ALLOWED_ENDINGS)}
    if len(kept) < len(fields):
        kept["dropped"] = sorted(fields.keys() - kept.keys())
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, BaseException):
        return describe_error(value)
    return list(value) if isinstance(value, set | frozenset) else type(value).__name__


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, each text bounded."""
        short = {k: v[:_TEXT_MAX] if isinstance(v, str) else v for k, v in line_of(record).items()}
        return orjson.dumps(short, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def configure(level: str) -> None:
    """Send all logging to standard output as JSON lines. Called once, by `run`."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("aiokafka", "httpx", "httpcore", "uvicorn.error", "faust", "mode", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
