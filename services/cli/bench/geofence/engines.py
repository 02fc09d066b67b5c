"""The engines of the comparison. Each is given the same positions and hands back the ids that a polygon holds."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from services.geofencing.engine import PointIndex

Integers = NDArray[np.int64]
Query = Callable[[], Integers]
OURS: Final = "this engine"
TREE: Final = "shapely STRtree"
GEOINDEX: Final = "geoindex-rs + prepared contains_xy"
DUCKDB: Final = "DuckDB spatial R-tree"


class Engine(Protocol):
    """Holds positions, with their row numbers as ids."""

    def prepared(self, shape: shapely.Geometry) -> Query:
        """A query that is ready to run, with whatever a user may do beforehand for one polygon already done."""
        ...


class Ours:
    """Nothing is prepared: the polygon is taken apart in every query."""

    def __init__(self, lon_lat: NDArray[np.float64]) -> None:
        self.index = PointIndex(np.arange(len(lon_lat)), lon_lat)

    def prepared(self, shape: shapely.Geometry) -> Query:
        """As it is."""
        return lambda: self.index.query(shape)


class Tree:
    """Packed positions; the tree prepares the polygon in every query."""

    def __init__(self, lon_lat: NDArray[np.float64]) -> None:
        self.tree = shapely.STRtree(shapely.points(lon_lat))
        self.tree.query(shapely.Point(0, 0))  # it is built at the first query

    def prepared(self, shape: shapely.Geometry) -> Query:
        """As it is."""
        return lambda: self.tree.query(shape, predicate="intersects")


class GeoIndex:
    """Candidates by the polygon's box from a packed Hilbert R-tree, then shapely's test of many with it prepared."""

    def __init__(self, lon_lat: NDArray[np.float64]) -> None:
        rtree: Any = importlib.import_module("geoindex_rs.rtree")
        self.search = rtree.search
        self.x, self.y = lon_lat[:, 0].copy(), lon_lat[:, 1].copy()
        builder = rtree.RTreeBuilder(len(lon_lat))
        builder.add(self.x, self.y, self.x, self.y)
        self.tree = builder.finish()

    def prepared(self, shape: shapely.Geometry) -> Query:
        """With the polygon prepared."""
        shapely.prepare(shape)
        box = shape.bounds

        def query() -> Integers:
            near: Integers = np.asarray(self.search(self.tree, *box))
            found: Integers = near[shapely.contains_xy(shape, self.x[near], self.y[near])]
            return found

        return query


class Duck:
    """DuckDB in memory with its R-tree, on as many threads as it likes."""

    def __init__(self, lon_lat: NDArray[np.float64]) -> None:
        duckdb: Any = importlib.import_module("duckdb")
        importlib.import_module("duckdb_extensions").extension_importer.import_extension("spatial")
        self.database = duckdb.connect()
        self.database.execute("LOAD spatial")
        columns = {"id": np.arange(len(lon_lat)), "x": lon_lat[:, 0].copy(), "y": lon_lat[:, 1].copy()}
        self.database.register("given", columns)
        self.database.execute(
            "CREATE TABLE positions AS SELECT id, ST_Point(x, y) AS place FROM given"
            " ORDER BY ST_Hilbert(x, y, {min_x: 70, min_y: 0, max_x: 140, max_y: 60}::BOX_2D)"
        )
        self.database.execute("CREATE INDEX of_positions ON positions USING RTREE (place)")

    def prepared(self, shape: shapely.Geometry) -> Query:
        """With the polygon written into the statement, which is what its R-tree needs."""
        statement = "SELECT id FROM positions WHERE ST_Intersects(place, ST_GeomFromHEXWKB('{}'))".replace(
            "{}", shapely.to_wkb(shape, hex=True)
        )

        def query() -> Integers:
            found: Integers = self.database.execute(statement).fetchnumpy()["id"]
            return found

        return query


_INSTALL: Final = "python3 -m pip --python .venv/bin/python install"
"""The environment of `./thirdrescue` has no pip of its own."""

PEERS: Final[dict[str, tuple[Callable[[NDArray[np.float64]], Engine], str, str]]] = {
    TREE: (Tree, "shapely", "it is always there"),
    GEOINDEX: (GeoIndex, "geoindex_rs", f"{_INSTALL} geoindex-rs"),
    DUCKDB: (Duck, "duckdb_extension_spatial",
             f"{_INSTALL} duckdb==1.5.5 duckdb-extensions duckdb-extension-spatial==1.5.5"),
}  # fmt: skip
"""How each is made, the package that it needs, and how to get that."""


def installed(package: str) -> bool:
    """Whether a package can be imported."""
    return importlib.util.find_spec(package) is not None
