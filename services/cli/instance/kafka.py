"""One Apache Kafka node in KRaft mode: its settings, its format step and the command the supervisor runs."""

from __future__ import annotations

import base64
import os
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.cli.instance.errors import InstanceError
from services.cli.instance.record import replace_file

HEAP_MIB: Final = 320
FORMAT_TIMEOUT_S: Final = 120
SMALL_JVM: Final = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    # Java 24 and later warn in four lines at each start about what Kafka does on purpose.
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)

PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={log_dir}
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
message.max.bytes=1048576
# After a kill -9 the node must wait for its own old registration to lapse.
broker.session.timeout.ms=5000
broker.heartbeat.interval.ms=1000
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=33554432
"""

# YAML needs jackson-dataformat-yaml; the properties form needs nothing.
LOGGING: Final = """\
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %p %m (%c)%n
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=INFO
"""


@dataclass(frozen=True)
class KafkaNode:
    """A node's folder, ports and the Java it runs on. Loopback only: it asks nobody who they are."""

    folder: Path
    java: Path
    jars: Sequence[Path]
    port: int
    controller_port: int

    @property
    def properties(self) -> Path:
        """The generated server.properties."""
        return self.folder / "server.properties"

    @property
    def data(self) -> Path:
        """Where the log segments lie."""
        return self.folder / "data"

    def command(self) -> list[str]:
        """Run the broker in the foreground."""
        return [*self._java(f"-Xmx{HEAP_MIB}m", "-Xms128m"), "kafka.Kafka", str(self.properties)]

    def prepare(self) -> None:
        """Write the settings; format the data folder if it is new. Safe to repeat, also after a kill in between."""
        text = PROPERTIES.format(
            port=self.port,
            controller_port=self.controller_port,
            log_dir=_escaped(self.data),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self.properties, text)
        replace_file(self.folder / "log4j2.properties", LOGGING)
        if not (self.data / "meta.properties").exists():
            self._format()

    def _format(self) -> None:
        # Kafka's own form of a UUID: 16 bytes, base64 for URLs, no padding. (Its random-uuid costs another JVM start.)
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "A")
        self._run(
            "kafka.tools.StorageTool",
            *("format", "--standalone", "--ignore-formatted", "-t", cluster_id, "-c", str(self.properties)),
        )

    def _run(self, main: str, *arguments: str) -> str:
        done = subprocess.run(
            [*self._java("-Xmx128m"), main, *arguments],
            capture_output=True,
            text=True,
            timeout=FORMAT_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise InstanceError(f"Kafka could not prepare {self.data}: {said[-1] if said else 'it said nothing'}")
        return done.stdout

    def _java(self, *options: str) -> list[str]:
        return [
            str(self.java),
            *SMALL_JVM,
            *options,
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            f"-Dkafka.logs.dir={self.folder}",
            "-cp",
            # Java expands the star itself; forty paths would only bury the command in `ps`.
            os.pathsep.join(f"{folder}/*" for folder in dict.fromkeys(jar.parent for jar in self.jars)),
        ]


def _escaped(path: Path) -> str:
    r"""A path as a .properties value: the backslash is the only character special there."""
    return str(path).replace("\\", "\\\\")
