"""One instance as a whole: its programs derived from its record, and the steps that bring it up and take it down."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from services.catalog import SERVICES
from services.cli.instance.errors import InstanceError
from services.cli.instance.java import java_binary, kafka_jars
from services.cli.instance.kafka import KafkaNode
from services.cli.instance.keys import ADMIN_NAME, POSTGRES_SUPERUSER, admin_password_file, database_password
from services.cli.instance.layout import PROJECT, Layout
from services.cli.instance.leftovers import clear_leftovers
from services.cli.instance.postgres import PostgresNode, unprivileged_user
from services.cli.instance.programs import (
    DATABASE,
    INFRASTRUCTURE_PRIORITY,
    INSTANCE_VARIABLE,
    Program,
    ServiceSurroundings,
    service_programs,
)
from services.cli.instance.record import Record, write_record
from services.cli.instance.supervise import Supervisor, render_config, write_config

SERVICE_NAMES: Final = tuple(entry.name for entry in SERVICES)
KAFKA: Final = "kafka"
POSTGRES: Final = "postgres"


class Instance:
    """A record and what follows from it. Holds no state of its own beyond that."""

    def __init__(self, layout: Layout, record: Record, own_postgres: str | None = None) -> None:
        self.layout = layout
        self.record = record
        self.supervisor = Supervisor(layout)
        self._own_postgres = own_postgres

    @property
    def infrastructure(self) -> list[str]:
        """Kafka and PostgreSQL, where they are this instance's own."""
        return [
            *([] if self.record.external_kafka else [KAFKA]),
            *([] if self.record.external_postgres else [POSTGRES]),
        ]

    @property
    def parts(self) -> list[str]:
        """Every supervised process."""
        return [*self.infrastructure, *SERVICE_NAMES]

    @property
    def urls(self) -> dict[str, str]:
        """Where each service answers."""
        return {name: self.record.url(name) for name in SERVICE_NAMES}

    def own_ports(self) -> dict[str, int]:
        """The ports that this instance itself opens."""
        left_out = {
            *(("kafka", "kafka-controller") if self.record.external_kafka else ()),
            *(("postgres",) if self.record.external_postgres else ()),
        }
        return {name: port for name, port in self.record.ports.items() if name not in left_out}

    def programs(self) -> list[Program]:
        """Everything the supervisor runs, with its settings."""
        mark = {INSTANCE_VARIABLE: self.record.instance_id}
        listed = []
        if not self.record.external_kafka:
            command = self._kafka_node().command()
            listed.append(Program(KAFKA, command, mark, INFRASTRUCTURE_PRIORITY, stop_wait_s=30))
        if not self.record.external_postgres:
            user = unprivileged_user()
            listed.append(
                Program(
                    POSTGRES,
                    self._postgres_node().command(),
                    mark,
                    INFRASTRUCTURE_PRIORITY,
                    stop_signal="INT",  # end at once and cleanly, do not wait for clients to leave
                    stop_wait_s=30,
                    user=None if user is None else user.pw_name,
                )
            )
        return [*listed, *service_programs(self._surroundings())]

    def prepare_infrastructure(self) -> None:
        """Format and initialise what is new, both at the same time."""
        nodes: list[KafkaNode | PostgresNode] = []
        if not self.record.external_kafka:
            nodes.append(self._kafka_node())
        if not self.record.external_postgres:
            nodes.append(self._postgres_node())
        with ThreadPoolExecutor(max_workers=2) as pool:
            for done in [pool.submit(node.prepare) for node in nodes]:
                done.result()

    def supervise(self) -> list[str]:
        """A supervisor with the current configuration; what a killed one left running is ended first and named."""
        if self.supervisor.alive():
            self._write_config()
            self.supervisor.reload()
            return []
        cleared = clear_leftovers(self.layout, self.record.instance_id)
        self._write_config()
        self.supervisor.start_daemon(self.record.instance_id)
        return cleared

    def config_is_current(self) -> bool:
        """Does the supervisor run what this code would write?"""
        try:
            return self.layout.supervisor_config.read_text("utf-8") == render_config(self.layout, self.programs())
        except FileNotFoundError:
            return False

    def start_prepare(self) -> subprocess.Popen[str]:
        """Roles and topics, in a process of its own so that `up` stays small. It waits for the servers itself."""
        environment = os.environ | {
            INSTANCE_VARIABLE: self.record.instance_id,
            "THIRDRESCUE_KAFKA": self.record.kafka,
            "THIRDRESCUE_POSTGRES": self.admin_dsn(),
            "THIRDRESCUE_SECRETS_DIR": str(self.layout.secrets),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "services.cli", "prepare"],
            env=environment,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stop(self) -> None:
        """Everything in order: services, Kafka and PostgreSQL, the supervisor; then what nobody supervises."""
        if self.supervisor.alive():
            self.supervisor.stop(SERVICE_NAMES)
            self.supervisor.stop(self.infrastructure)
            self.supervisor.shutdown()
        clear_leftovers(self.layout, self.record.instance_id)

    def attend(self, attended_by: dict[str, float] | None) -> None:
        """Write down which process watches the instance in the foreground."""
        self.record = replace(self.record, attended_by=attended_by)
        write_record(self.layout, self.record)

    def admin_dsn(self) -> str:
        """The way in for making roles: the operator's, or our own superuser."""
        if self.record.external_postgres:
            if self._own_postgres is None:
                raise InstanceError("this instance uses your own PostgreSQL: set THIRDRESCUE_POSTGRES to its address")
            return self._own_postgres
        password = database_password(self.layout.secrets, POSTGRES_SUPERUSER)
        return f"postgresql://{POSTGRES_SUPERUSER}:{password}@127.0.0.1:{self.record.ports['postgres']}/postgres"

    def _write_config(self) -> None:
        write_config(self.layout, self.programs())

    def _kafka_node(self) -> KafkaNode:
        ports = self.record.ports
        return KafkaNode(self.layout.kafka, java_binary(), kafka_jars(), ports["kafka"], ports["kafka-controller"])

    def _postgres_node(self) -> PostgresNode:
        password = database_password(self.layout.secrets, POSTGRES_SUPERUSER)
        return PostgresNode(self.layout.postgres, self.record.ports["postgres"], password)

    def _surroundings(self) -> ServiceSurroundings:
        secrets = self.layout.secrets
        with_database: Sequence[str] = [entry.name for entry in SERVICES if entry.has_database]
        return ServiceSurroundings(
            instance_id=self.record.instance_id,
            kafka=self.record.kafka,
            postgres=self.admin_dsn(),
            database=os.environ.get("THIRDRESCUE_DATABASE", DATABASE),
            listen=self.record.listen,
            ports=self.record.ports,
            state_dir=str(self.layout.state),
            secrets_dir=str(secrets),
            admin_name=ADMIN_NAME,
            admin_password_file=str(admin_password_file(secrets)),
            passwords={name: database_password(secrets, name) for name in with_database},
        )
