"""Settings from the environment, checked once at start.

Every variable begins with `THIRDRESCUE_`. A service with settings of its own subclasses `KitSettings` in its
`settings.py` and loads them with `load`. A wrong value ends the start with one sentence that names the variable;
values are not repeated in the message, because some are secret.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "THIRDRESCUE_"
S = TypeVar("S", bound="KitSettings")


class SettingsError(Exception):
    """The environment does not describe a runnable service."""


class KitSettings(BaseSettings):
    """What every service process needs to know. Sizes in bytes, times with their unit in the name."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    kafka: str | None = None
    """Bootstrap servers, `host:port[,host:port...]`; needed by every service that reads or writes events."""
    member: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = "1"
    """Names this process among those that run the same services; keeps its partitions over a short restart."""
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    secrets_dir: Path | None = None
    """Folder with `jwks.json` (public keys) and the private keys of the services that issue tokens."""
    state_dir: Path | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    niceness: Annotated[int, Field(ge=0, le=19)] = 0
    """How far this process stands back behind others of the same machine (`nice`)."""

    pool_connections_max: Annotated[int, Field(ge=1, le=100)] = 8
    pool_acquire_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    statement_timeout_ms: Annotated[int, Field(ge=100, le=600_000)] = 15_000
    lock_timeout_ms: Annotated[int, Field(ge=50, le=600_000)] = 5_000
    idle_in_transaction_timeout_ms: Annotated[int, Field(ge=1_000, le=600_000)] = 30_000

    trusted_proxies: str = "127.0.0.1,::1"
    """Addresses and networks, comma separated, whose word is taken for who asks (X-Forwarded-For, -Proto)."""
    metrics_from_anywhere: bool = False
    """Serve /metrics to other hosts too; for containers, whose Prometheus is never on loopback."""
    request_body_bytes_max: Annotated[int, Field(ge=1024, le=64 * 2**20)] = 2 * 2**20
    stop_deadline_s: Annotated[float, Field(gt=0, le=120)] = 12.0
    kafka_start_grace_s: Annotated[float, Field(ge=0, le=3600)] = 45.0
    """A process is not ready in this time after its start until Kafka is seen; afterwards it is ready without it."""

    stream_readers_max: Annotated[int, Field(ge=1, le=15_000)] = 2_000
    stream_buffer_events: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Events waiting for one reader; a reader that falls further behind is cut and resumes by Last-Event-ID."""

    @field_validator("kafka")
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        for part in (value or "").split(",") if value else ():
            host, colon, port = part.strip().rpartition(":")
            if not (host and colon and port.isdigit() and 0 < int(port) < 65536):
                raise ValueError("must be host:port or a comma separated list of them")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses_and_networks(cls, value: str) -> str:
        for part in value.split(","):
            try:
                network = ipaddress.ip_network(part.strip())
            except ValueError:
                raise ValueError("must be addresses or networks, such as 10.0.0.5,172.16.0.0/24") from None
            if network.prefixlen == 0:
                raise ValueError("must not trust everybody")
        return value

    def kafka_required(self) -> str:
        """Bootstrap servers, or a `SettingsError` when none are set."""
        if self.kafka is None:
            raise SettingsError(f"{PREFIX}KAFKA is not set: give the bootstrap servers as host:port.")
        return self.kafka

    def secrets_required(self) -> Path:
        """The folder with the keys, or a `SettingsError` when it is not set or not there."""
        if self.secrets_dir is None:
            raise SettingsError(f"{PREFIX}SECRETS_DIR is not set: give the folder that holds jwks.json.")
        if not self.secrets_dir.is_dir():
            raise SettingsError(f"{PREFIX}SECRETS_DIR does not name a folder that can be read.")
        return self.secrets_dir


def postgres_dsn(service: str) -> SecretStr:
    """The address of the service's database, from THIRDRESCUE_POSTGRES_<SERVICE>. It holds a password."""
    variable = f"{PREFIX}POSTGRES_{service.upper()}"
    dsn = os.environ.get(variable, "")
    if not dsn:
        raise SettingsError(f"{variable} is not set: give it as postgresql://role:password@host:port/database.")
    if not dsn.startswith(("postgresql://", "postgres://")):
        raise SettingsError(f"{variable} must begin with postgresql://")
    return SecretStr(dsn)


def load(settings_class: type[S]) -> S:
    """Read the environment into the class, or raise one `SettingsError` sentence naming each wrong variable."""
    try:
        return settings_class()
    except ValidationError as error:
        wrong = (
            f"{PREFIX}{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise SettingsError("; ".join(wrong) + ".") from None
