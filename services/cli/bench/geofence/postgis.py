"""PostGIS on a server of the benchmark's own, set up as a user would at best."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
import numpy as np
import shapely
from numpy.typing import NDArray

from services.cli.bench.geofence.engines import Integers, Query
from services.cli.bench.parts import start_server, stop_server
from services.cli.instance.ports import free_port
from services.cli.instance.postgres import unprivileged_user

Floats = NDArray[np.float64]
Answer = TypeVar("Answer")
NAME: Final = "PostGIS"
HOW: Final = "apt-get install postgresql-15 postgresql-15-postgis-3"
PIECE_CORNERS: Final = 128
START_S: Final = 30.0
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "512MB", "work_mem": "64MB",
    "maintenance_work_mem": "256MB", "jit": "off", "fsync": "off", "synchronous_commit": "off",
    "full_page_writes": "off", "max_wal_size": "4GB", "random_page_cost": "1.1",
}  # fmt: skip
"""In memory, and nothing waits for a disk: this engine keeps nothing on one either."""
_SETUP: Final = (
    "CREATE EXTENSION postgis",
    "CREATE TABLE positions (id bigint, place geometry(Point))",
    "INSERT INTO positions SELECT id, ST_MakePoint(lon, lat) FROM given",
    "CREATE INDEX positions_by_place ON positions USING gist (place)",
    "CLUSTER positions USING positions_by_place",
    "ALTER TABLE positions ADD PRIMARY KEY (id)",
    "VACUUM (ANALYZE, FREEZE) positions",
)
_WHOLE: Final = "SELECT id FROM positions WHERE ST_Intersects(place, '{}'::geometry)"
_PIECES: Final = (
    "SELECT DISTINCT id FROM ST_Subdivide('{}'::geometry, {size}) piece JOIN positions ON ST_Intersects(place, piece)"
)
_MOVE: Final = (
    "UPDATE positions SET place = ST_MakePoint(lon, lat)"
    " FROM unnest($1::bigint[], $2::float8[], $3::float8[]) AS given (who, lon, lat) WHERE id = who"
)
_HELD: Final = (
    "SELECT number FROM unnest($2::float8[], $3::float8[]) WITH ORDINALITY AS given (lon, lat, number)"
    " WHERE ST_Intersects(ST_GeomFromWKB($1), ST_MakePoint(lon, lat))"
)
_HEADER_BYTES, _TRAILER_BYTES = 19, 2
_ROW: Final = np.dtype([("fields", ">i2"), ("length", ">i4"), ("id", ">i8")])


class PostGIS:
    """A connection, and the event loop that it lives on."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._connection: Any = self.run(asyncpg.connect(dsn))

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Wait for something to be done on the connection."""
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        """Leave."""
        self.run(self._connection.close())
        self._loop.close()

    def fill(self, lon_lat: Floats) -> None:
        """Make the table, its index, and order it on disk by that."""
        self.run(self._connection.execute("CREATE TABLE given (id bigint, lon float8, lat float8)"))
        rows = zip(range(len(lon_lat)), lon_lat[:, 0].tolist(), lon_lat[:, 1].tolist(), strict=True)
        self.run(self._connection.copy_records_to_table("given", records=rows))
        for statement in _SETUP:
            self.run(self._connection.execute(statement))

    def prepared(self, shape: shapely.Geometry) -> Query:
        """The polygon whole, written into the statement as it is the fastest way to bring it."""
        return self._copied(_WHOLE.replace("{}", shapely.to_wkb(shape, hex=True)))

    def in_pieces(self, shape: shapely.Geometry) -> Query:
        """The polygon cut into small ones within the query."""
        text = shapely.to_wkb(shape, hex=True)
        return self._copied(_PIECES.replace("{size}", str(PIECE_CORNERS)).replace("{}", text))

    def _copied(self, statement: str) -> Query:
        """Ids as binary columns, which costs the client next to nothing."""

        def query() -> Integers:
            sink = BytesIO()
            self.run(self._connection.copy_from_query(statement, output=sink, format="binary"))
            return np.frombuffer(sink.getbuffer()[_HEADER_BYTES:-_TRAILER_BYTES], dtype=_ROW)["id"].astype(np.int64)

        return query

    def move(self, ids: Integers, lon_lat: Floats) -> None:
        """Set positions in one transaction."""
        self.run(self._connection.execute(_MOVE, ids.tolist(), lon_lat[:, 0].tolist(), lon_lat[:, 1].tolist()))

    def held(self, shape: shapely.Geometry, lon_lat: Floats) -> Integers:
        """Which of some positions a polygon holds, without a table."""
        rows = self.run(
            self._connection.fetch(_HELD, shapely.to_wkb(shape), lon_lat[:, 0].tolist(), lon_lat[:, 1].tolist())
        )
        return np.array([row["number"] - 1 for row in rows], dtype=np.int64)


def programs() -> Path | None:
    """The folder of the newest PostgreSQL that has PostGIS, where Debian and its kin put it."""
    found = [
        folder
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if (Path("/usr/share/postgresql") / folder.parent.name / "extension" / "postgis.control").exists()
    ]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


@contextmanager
def own_server(folder_of_programs: Path) -> Iterator[str]:
    """Start one in a temporary folder, as an account without rights if we are root; yields its address."""
    folder = Path(tempfile.mkdtemp(prefix="thirdrescue-bench-"))
    folder.chmod(0o755)
    user, port, data = unprivileged_user(), free_port(), folder / "data"
    data.mkdir(mode=0o700)
    if user is not None:
        os.chown(data, user.pw_uid, user.pw_gid)
    settings = [f"--{name.replace('_', '-')}={value}" for name, value in {**_SETTINGS, "port": str(port)}.items()]
    try:
        subprocess.run(
            [str(folder_of_programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"],
            check=True, capture_output=True, user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid, extra_groups=None if user is None else [],
        )  # fmt: skip
        server = start_server(
            [str(folder_of_programs / "postgres"), "-D", str(data), *settings], folder / "postgres.log", user
        )
        try:
            address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            _wait(address)
            yield address
        finally:
            stop_server(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            PostGIS(address).close()
        except (OSError, asyncpg.CannotConnectNowError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
