"""docker-compose.yml from the catalogue: a container per service from one image, with Apache Kafka and PostgreSQL."""

from __future__ import annotations

import secrets
from typing import Any, Final

import yaml

from services.catalog import SERVICES, ServiceEntry
from services.cli.instance.java import KAFKA_VERSION
from services.cli.instance.keys import ADMIN_NAME
from services.cli.instance.programs import DATABASE, behind_the_console, role_of

HEADER: Final = """\
# Made by `./thirdrescue compose > docker-compose.yml` from services/catalog.py; a test holds the two equal.
#
#   ./thirdrescue compose --env > .env     fresh random secrets (there are no default ones)
#   docker compose up --build --wait
#   docker compose exec identity cat /secrets/admin.password      the first sign-in
#
# Services listen on this machine's loopback only; put a TLS proxy of your own in front of the console, and let the
# console take its word for who asks: THIRDRESCUE_CONSOLE_PROXIES={gateway} in .env, this machine as containers see it.
"""
SUBNET: Final = "172.30.99.0/24"
GATEWAY: Final = "172.30.99.1"
CONSOLE_ADDRESS: Final = "172.30.99.10"
"""Fixed, because the services trust its word alone for who asks; outside of what others are given."""
OTHERS: Final = "172.30.99.128/25"
CONTAINER_PORT: Final = 8080
HINT: Final = "run ./thirdrescue compose --env > .env"
KAFKA_ADDRESS: Final = "kafka:9092"
IMAGE: Final = "thirdrescue:${THIRDRESCUE_VERSION:-local}"
POSTGRES_IMAGE: Final = "postgres:18"


class _Dumper(yaml.SafeDumper):
    """Writes equal parts out instead of as aliases, which people find hard to read."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never."""
        return True


def render_compose() -> str:
    """The whole file."""
    document = {
        "name": "thirdrescue",
        "services": {
            "kafka": _kafka(),
            "postgres": _postgres(),
            "prepare": _prepare(),
            **{entry.name: _service(entry) for entry in SERVICES},
        },
        "volumes": dict.fromkeys(_volumes(), None),
        "networks": {"default": {"ipam": {"config": [{"subnet": SUBNET, "ip_range": OTHERS, "gateway": GATEWAY}]}}},
    }
    written = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)
    return HEADER.format(gateway=GATEWAY) + written


def render_env() -> str:
    """A .env with every variable the file requires, made of fresh random secrets."""
    lines = [
        "# Secrets of this installation: keep this file to yourself (chmod 600) and out of version control.",
        f"THIRDRESCUE_POSTGRES_PASSWORD={secrets.token_hex(16)}",
        *(f"{_password_variable(entry)}={secrets.token_hex(16)}" for entry in _with_database()),
        f"THIRDRESCUE_ADMIN_NAME={ADMIN_NAME}",
        "# The simulated page gateway reaches no phone: name your own gateway here and drop the profile for real use.",
        f"THIRDRESCUE_PAGE_GATEWAY=http://pagegateway:{CONTAINER_PORT}",
        "COMPOSE_PROFILES=simulated",
    ]
    return "\n".join(lines) + "\n"


def _with_database() -> list[ServiceEntry]:
    return [entry for entry in SERVICES if entry.has_database]


def _password_variable(entry: ServiceEntry) -> str:
    return f"THIRDRESCUE_PASSWORD_{entry.name.upper()}"


def _required(variable: str) -> str:
    """Compose refuses to start while this is unset or empty."""
    return f"${{{variable}:?{HINT}}}"


def _volumes() -> list[str]:
    per_service = [f"{kind}-{entry.name}" for kind in ("secrets", "state") for entry in SERVICES]
    return ["kafka", "postgres", "secrets", *per_service]


def _kafka() -> dict[str, Any]:
    listeners = "PLAINTEXT://:9092,CONTROLLER://:9093"
    return {
        "image": f"apache/kafka:{KAFKA_VERSION}",
        "restart": "unless-stopped",
        "environment": {
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": listeners,
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{KAFKA_ADDRESS}",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@kafka:9093",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
            "KAFKA_HEAP_OPTS": "-Xms128m -Xmx512m",
        },
        "volumes": ["kafka:/var/lib/kafka/data"],
        "healthcheck": {
            "test": ["CMD-SHELL", "/opt/kafka/bin/kafka-broker-api-versions.sh --bootstrap-server 127.0.0.1:9092"],
            "interval": "10s",
            "timeout": "10s",
            "retries": 12,
            "start_period": "20s",
        },
        "stop_grace_period": "60s",
    }


def _postgres() -> dict[str, Any]:
    return {
        "image": POSTGRES_IMAGE,
        "restart": "unless-stopped",
        "command": ["postgres", "-c", "max_connections=200", "-c", "log_min_error_statement=panic"],
        "environment": {"POSTGRES_PASSWORD": _required("THIRDRESCUE_POSTGRES_PASSWORD")},
        "volumes": ["postgres:/var/lib/postgresql"],
        "healthcheck": {
            "test": ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "postgres"],
            "interval": "5s",
            "timeout": "5s",
            "retries": 12,
        },
        "shm_size": "128mb",
        "stop_grace_period": "60s",
    }


def _hardened() -> dict[str, Any]:
    return {
        "image": IMAGE,
        "build": {"context": ".", "dockerfile": "deploy/Dockerfile"},
        "init": True,
        "read_only": True,
        "tmpfs": ["/tmp"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


def _prepare() -> dict[str, Any]:
    password = _required("THIRDRESCUE_POSTGRES_PASSWORD")
    return _hardened() | {
        "command": ["prepare"],
        "restart": "on-failure:5",
        "environment": {
            "THIRDRESCUE_KAFKA": KAFKA_ADDRESS,
            "THIRDRESCUE_POSTGRES": f"postgresql://postgres:{password}@postgres:5432/postgres",
            "THIRDRESCUE_SECRETS_DIR": "/shares/prepare",
            "THIRDRESCUE_SECRET_SHARES": "/shares",
            **{_password_variable(entry): _required(_password_variable(entry)) for entry in _with_database()},
        },
        "volumes": ["secrets:/shares/prepare", *(f"secrets-{e.name}:/shares/{e.name}" for e in SERVICES)],
        "depends_on": {
            "kafka": {"condition": "service_healthy"},
            "postgres": {"condition": "service_healthy"},
        },
    }


def _service(entry: ServiceEntry) -> dict[str, Any]:
    described = _hardened() | {
        "command": ["run", entry.name],
        "restart": "unless-stopped",
        "environment": _environment(entry),
        "ports": [f"127.0.0.1:{entry.port}:{CONTAINER_PORT}"],
        "volumes": [f"secrets-{entry.name}:/secrets:ro", f"state-{entry.name}:/state"],
        "healthcheck": {
            "test": ["CMD", "python", "/app/deploy/healthy.py"],
            "interval": "10s",
            "timeout": "5s",
            "retries": 12,
            "start_period": "60s",
        },
        "depends_on": {"prepare": {"condition": "service_completed_successfully"}},
        "stop_grace_period": "30s",
    }
    if entry.name == "web":
        described["networks"] = {"default": {"ipv4_address": CONSOLE_ADDRESS}}
    if entry.kind == "simulated":
        described["profiles"] = ["simulated"]
    return described


def _environment(entry: ServiceEntry) -> dict[str, str]:
    """As `service_environment` of the embedded instance gives them; a test compares the names."""
    environment = {
        "THIRDRESCUE_KAFKA": KAFKA_ADDRESS,
        "THIRDRESCUE_HTTP_HOST": "0.0.0.0",
        "THIRDRESCUE_HTTP_PORT": str(CONTAINER_PORT),
        "THIRDRESCUE_STATE_DIR": "/state",
        "THIRDRESCUE_SECRETS_DIR": "/secrets",
        "THIRDRESCUE_TRUSTED_PROXIES": CONSOLE_ADDRESS,
        "THIRDRESCUE_PAGE_GATEWAY": _required("THIRDRESCUE_PAGE_GATEWAY"),
        "THIRDRESCUE_METRICS_FROM_ANYWHERE": "true",
    }
    if entry.has_database:
        password = _required(_password_variable(entry))
        dsn = f"postgresql://{role_of(entry.name)}:{password}@postgres:5432/{DATABASE}"
        environment[f"THIRDRESCUE_POSTGRES_{entry.name.upper()}"] = dsn
    if entry.name == "web":
        environment["THIRDRESCUE_TRUSTED_PROXIES"] = "${THIRDRESCUE_CONSOLE_PROXIES:-127.0.0.1}"
        environment["THIRDRESCUE_WEB_SERVICES"] = ",".join(
            f"{other.name}=http://{other.name}:{CONTAINER_PORT}" for other in behind_the_console()
        )
    if entry.name == "identity":
        environment["THIRDRESCUE_ADMIN_NAME"] = _required("THIRDRESCUE_ADMIN_NAME")
        environment["THIRDRESCUE_ADMIN_PASSWORD_FILE"] = "/secrets/admin.password"
    return environment
