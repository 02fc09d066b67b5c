"""Tables whose writes can be waited for.

Faust sends changelog records one by one in the background, commits the source's offset even if they were not
acknowledged, and only logs those that failed. Here a row counts when Kafka has acknowledged its changelog record: an
agent writes its rows, awaits `confirm`, and only then lets anything follow from them. The records go out as one batch
per partition through the process's one producer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import faust

from schemas.topics import PARTITIONS
from services.coverage.guard import Sender
from services.kit.bus import Outgoing, Partition

STORE: Final = "rocksdb://?driver=rocksdict"
_MIB: Final = 2**20
_STORE_OPTIONS: Final = {
    # The defaults are ceilings of 2 GiB cache and 192 MiB buffers for each partition of each table.
    "block_cache_size": 4 * _MIB,
    "write_buffer_size": 4 * _MIB,
    "max_write_buffer_number": 2,
    "target_file_size_base": 16 * _MIB,
    "max_open_files": 64,
}


class ConfirmedTable(faust.Table[str, Any]):
    """A table that keeps its changelog records until `confirm` sends them."""

    def __init__(self, app: faust.App, *, sender: Sender, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._sender = sender
        self._unsent: dict[int, list[Outgoing]] = {}

    def on_key_set(self, key: str, value: Any) -> None:
        """Called by the table when a row is written."""
        self._remember(key, self.data._encode_value(value))  # type: ignore[attr-defined]

    def on_key_del(self, key: str) -> None:
        """Called by the table when a row is removed."""
        self._remember(key, None)

    def _remember(self, key: str, value: bytes | None) -> None:
        partition = self.partition_for_key(key)
        assert partition is not None
        record = Outgoing(self.data._encode_key(key), value, [])  # type: ignore[attr-defined]
        self._unsent.setdefault(partition, []).append(record)

    async def confirm(self) -> None:
        """Return when all rows written so far are acknowledged, however long the log is away."""
        unsent, self._unsent = self._unsent, {}
        topic = self.changelog_topic_name
        await asyncio.gather(*(self._sender.send(Partition(topic, no), records) for no, records in unsent.items()))

    def rows(self) -> Iterator[tuple[str, Any]]:
        """All rows of the partitions that this instance works on."""
        yield from self.data.items()


def make_table(app: faust.App, sender: Sender, name: str) -> ConfirmedTable:
    """A table of the app with JSON rows, one RocksDB per partition; its changelog must exist."""
    table = ConfirmedTable(
        app,
        sender=sender,
        name=name,
        key_type=str,
        partitions=PARTITIONS,
        options=dict(_STORE_OPTIONS),
    )
    app.tables.add(table)
    return table
