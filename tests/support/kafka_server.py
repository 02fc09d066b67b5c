"""A real Kafka for tests, made by the same code as `thirdrescue up`."""

from __future__ import annotations

from pathlib import Path

from services.cli.instance.java import java_binary, kafka_jars
from services.cli.instance.kafka import KafkaNode
from services.cli.instance.ports import free_port
from tests.support.processes import ServerProcess


class KafkaServer(ServerProcess):
    """A single node in `folder`. Not started yet."""

    def __init__(self, folder: Path) -> None:
        node = KafkaNode(folder, java_binary(), kafka_jars(), free_port(), free_port())
        node.prepare()
        super().__init__(node.command(), node.port, folder / "kafka.log")

    @property
    def bootstrap(self) -> str:
        """host:port for clients."""
        return f"127.0.0.1:{self.port}"
