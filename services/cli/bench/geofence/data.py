"""Positions and polygons of the benchmark, the same for every engine. Deterministic."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from schemas.values import IntensityObservation
from schemas.vocabulary import IncidentKind, Level
from services.cli.scenario.places import named_places
from services.geofencing.drawing import draw
from services.geofencing.model import Circumstances
from services.geofencing.settings import GeofencingSettings

Floats = NDArray[np.float64]
CENTRE: Final = (104.07, 30.67)
"""Chengdu: among the densest places."""
SPREAD_DEG: Final = (0.02, 0.3)
CORNERS: Final = (10, 100, 1_000, 10_000)
RADII_DEG: Final = (0.3, 3.0)
_SCENARIO: Final = Path(__file__).parents[4] / "scenarios" / "wenchuan-2008" / "scenario.json"


@dataclass(frozen=True, slots=True)
class Cell:
    """A polygon of the table."""

    name: str
    shape: shapely.Geometry


def positions(count: int, seed: int = 1) -> Floats:
    """Clustered as people are: around China's places by population, each as wide as drawn."""
    rng = np.random.default_rng(seed)
    places = named_places()
    weight = np.array([place.population for place in places], dtype=np.float64)
    town = rng.choice(len(places), count, p=weight / weight.sum())
    middle = np.array([(place.lon_deg, place.lat_deg) for place in places])
    wide = rng.uniform(*SPREAD_DEG, len(places))
    return np.asarray(middle[town] + rng.normal(size=(count, 2)) * wide[town, None], dtype=np.float64)


def cells() -> Iterator[Cell]:
    """Two shapes of every number of corners and size, and the zones of the Wenchuan earthquake."""
    kinds: dict[str, Callable[[np.random.Generator, float, int], shapely.Geometry]] = {"coast": coast, "star": star}
    for kind, make in kinds.items():
        for corners in CORNERS:
            for radius_deg in RADII_DEG:
                rng = np.random.default_rng(corners)
                yield Cell(f"{kind}, {corners:,} corners, {radius_deg} deg", make(rng, radius_deg, corners))
    for kind_of_zone, zone in wenchuan_zones().items():
        yield Cell(f"Wenchuan {kind_of_zone}, {shapely.get_num_coordinates(zone):,} corners", zone)


def coast(rng: np.random.Generator, radius_deg: float, corners: int) -> shapely.Geometry:
    """A line that is rough at every scale, as borders and contours are."""
    wave = np.arange(1, max(corners // 2, 2))
    phase = rng.uniform(0, 2 * math.pi, len(wave))
    spectrum = np.concatenate(([0], rng.normal(size=len(wave)) / wave**1.3 * np.exp(1j * phase), [0]))
    rough = np.fft.irfft(spectrum, corners)
    return _around(
        np.linspace(0, 2 * math.pi, corners, endpoint=False), radius_deg * (1 + 0.3 * rough / np.abs(rough).max())
    )


def star(rng: np.random.Generator, radius_deg: float, corners: int) -> shapely.Geometry:
    """Every corner at a distance of its own: thousands of long spikes, worse than anything on a map."""
    return _around(np.sort(rng.uniform(0, 2 * math.pi, corners)), radius_deg * (1 - 0.2 * rng.uniform(size=corners)))


def _around(angle: Floats, radius_deg: Floats) -> shapely.Geometry:
    lon, lat = CENTRE
    shape = shapely.Polygon(np.column_stack((lon + radius_deg * np.cos(angle), lat + radius_deg * np.sin(angle))))
    if not shape.is_valid:
        raise ValueError("a polygon of the benchmark is not valid")
    return shape


def wenchuan_zones() -> dict[str, shapely.Geometry]:
    """As this system draws them from what was observed."""
    story = json.loads(_SCENARIO.read_text(encoding="utf-8"))
    origin = story["origin"]
    observed = tuple(
        IntensityObservation(lat_deg=seen["lat_deg"], lon_deg=seen["lon_deg"], intensity=seen["intensity"])
        for seen in story["intensity_observations"]
    )
    place = {"type": "Point", "coordinates": [origin["lon_deg"], origin["lat_deg"]]}
    circumstances = Circumstances(
        kind=IncidentKind.EARTHQUAKE, level=Level.I, place=place, magnitude=origin["magnitude"], observations=observed
    )
    return {drawn.kind.value: drawn.globe for drawn in draw(circumstances, GeofencingSettings().rules())}
