"""Regions of equal intensity from scattered observations. Pure and total: any number of points in any position.

Method, in four steps that can be told to a person:

1. Trend. A published attenuation relation (`attenuation.py`) gives the intensity expected everywhere. Its ellipse lies
   along the strong observations (VII and above) when there are enough of them, because a large earthquake breaks a long
   fault and not a point; otherwise it is a circle around the declared place. Without a magnitude, the magnitude
   is taken that fits the observations best.
2. Observations. One that has a clearly higher one within `SAME_PLACE_KM` is left out: too large a zone costs less
   than too small a one.
3. Residuals. The difference observed - expected is spread by inverse-distance weighting (Shepard 1968) with a constant
   weight for "no difference", so that it fades out where nobody observed anything.
4. Contours. A zone reaches half a degree below its lowest degree, as isoseismal maps round: IX begins at 8.5.

Everything is planar in the frame that the caller chose, in km.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from services.geofencing.attenuation import Relation, elliptical_intensity

Floats = NDArray[np.float64]

SAME_PLACE_KM: Final = 20.0
"""An observation gives way to a clearly higher one within this distance (assumed: a county town and its villages)."""
CLEARLY_HIGHER: Final = 0.5
NEAR_KM: Final = 4.0
"""Below this distance an observation counts fully (assumed)."""
FADE_KM: Final = 35.0
"""At this distance from a lone observation half of its residual is left (assumed)."""
STRONG: Final = 6.5
ENOUGH_STRONG: Final = 5
"""Fewer strong observations than this do not say how the ellipse lies."""
GRID_CELLS: Final = 110
"""Cells per side of the grid of one zone."""
MARGIN_KM: Final = 30.0
SMALLEST_ISLAND_SHARE: Final = 0.004
"""Pieces and holes smaller than this share of the zone are dropped: they are noise of the grid."""


@dataclass(frozen=True)
class Observations:
    """Observed intensities at planar positions in km."""

    x_km: Floats
    y_km: Floats
    intensity: Floats


@dataclass(frozen=True)
class Trend:
    """Where the expected ellipses lie. `azimuth_deg` is that of the long axis; None means circles."""

    relation: Relation
    magnitude: float
    is_fitted: bool
    x_km: float
    y_km: float
    azimuth_deg: float | None

    def at(self, x_km: Floats, y_km: Floats) -> Floats:
        """Expected intensity at positions."""
        east, north = x_km - self.x_km, y_km - self.y_km
        if self.azimuth_deg is None:
            across, along = self._circular(np.hypot(east, north))
        else:
            azimuth = np.radians(self.azimuth_deg)
            along = east * np.sin(azimuth) + north * np.cos(azimuth)
            across = east * np.cos(azimuth) - north * np.sin(azimuth)
        return elliptical_intensity(self.relation, self.magnitude, along, across)

    @staticmethod
    def _circular(distance_km: Floats) -> tuple[Floats, Floats]:
        """On the diagonal the ellipse's radius lies between its two axes."""
        return distance_km / np.sqrt(2.0), distance_km / np.sqrt(2.0)


@dataclass(frozen=True)
class Field:
    """Intensity everywhere: the trend and the observed differences from it."""

    trend: Trend
    observations: Observations
    residuals: Floats

    def at(self, x_km: Floats, y_km: Floats) -> Floats:
        """Intensity at positions (one-dimensional arrays)."""
        weights = _weights(x_km, y_km, self.observations)
        correction = (weights @ self.residuals) / (weights.sum(axis=1) + _FADE_WEIGHT)
        return np.asarray(self.trend.at(x_km, y_km) + correction, dtype=np.float64)


_FADE_WEIGHT: Final = 1.0 / (FADE_KM**2 + NEAR_KM**2) ** 1.5


def _weights(x_km: Floats, y_km: Floats, observations: Observations) -> Floats:
    """Inverse cube of the distance, finite at the observation itself."""
    east = x_km[:, None] - observations.x_km[None, :]
    north = y_km[:, None] - observations.y_km[None, :]
    squared = east * east + north * north + NEAR_KM**2
    return 1.0 / (squared * np.sqrt(squared))


def overridden_removed(observations: Observations) -> Observations:
    """Without the observations near which a clearly higher one was made; order does not matter."""
    east = observations.x_km[:, None] - observations.x_km[None, :]
    north = observations.y_km[:, None] - observations.y_km[None, :]
    higher = observations.intensity[None, :] - observations.intensity[:, None] >= CLEARLY_HIGHER
    kept = ~np.any(higher & (np.hypot(east, north) < SAME_PLACE_KM), axis=1)
    return Observations(observations.x_km[kept], observations.y_km[kept], observations.intensity[kept])


def fit_trend(observations: Observations, relation: Relation, magnitude: float | None) -> Trend:
    """Lay the ellipses: along the strong observations, or around the frame's origin."""
    x_km, y_km, azimuth_deg = _axis(observations)
    if magnitude is not None:
        return Trend(relation, magnitude, False, x_km, y_km, azimuth_deg)
    trends = [Trend(relation, float(m), True, x_km, y_km, azimuth_deg) for m in np.arange(3.0, 9.05, 0.1)]
    return min(trends, key=lambda trend: _misfit(trend, observations))


def _misfit(trend: Trend, observations: Observations) -> float:
    return float(np.sum((trend.at(observations.x_km, observations.y_km) - observations.intensity) ** 2))


def _axis(observations: Observations) -> tuple[float, float, float | None]:
    """Centre and azimuth of the strong observations' longest spread."""
    strong = observations.intensity >= STRONG
    if int(strong.sum()) < ENOUGH_STRONG:
        return 0.0, 0.0, None
    x_km, y_km = observations.x_km[strong], observations.y_km[strong]
    weight = observations.intensity[strong] - STRONG + 0.5
    centre_x, centre_y = float(np.average(x_km, weights=weight)), float(np.average(y_km, weights=weight))
    covariance = np.cov(np.vstack((x_km, y_km)), aweights=weight)
    values, vectors = np.linalg.eigh(covariance)
    if values[1] < 2 * max(values[0], 1.0):
        return centre_x, centre_y, None
    return centre_x, centre_y, float(np.degrees(np.arctan2(vectors[0, 1], vectors[1, 1])) % 180.0)


def fit(observations: Observations, relation: Relation, magnitude: float | None) -> Field:
    """The intensity field. There must be at least one observation."""
    observations = overridden_removed(observations)
    trend = fit_trend(observations, relation, magnitude)
    residuals = observations.intensity - trend.at(observations.x_km, observations.y_km)
    return Field(trend, observations, residuals)


def region(field: Field, threshold: float) -> MultiPolygon:
    """Where the field is at least `threshold`; empty where it never is."""
    west, south, east, north = _extent(field, threshold)
    columns, rows = np.linspace(west, east, GRID_CELLS + 1), np.linspace(south, north, GRID_CELLS + 1)
    grid_x, grid_y = np.meshgrid(columns, rows)
    values = field.at(grid_x.ravel(), grid_y.ravel()).reshape(grid_x.shape)
    if not np.any(values >= threshold):
        return MultiPolygon()
    generator = contourpy.contour_generator(columns, rows, values, fill_type=contourpy.FillType.OuterOffset)
    filled: Any = generator.filled(threshold, np.inf)
    points, offsets = filled
    pieces = [_polygon(ring, offset) for ring, offset in zip(points, offsets, strict=True)]
    return _without_specks(shapely.union_all(shapely.make_valid(pieces)))


def _polygon(points: Floats, offsets: NDArray[np.uint32]) -> Polygon:
    rings = [points[start:end] for start, end in pairwise(offsets)]
    return Polygon(rings[0], rings[1:])


def _without_specks(shape: shapely.Geometry) -> MultiPolygon:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    smallest = SMALLEST_ISLAND_SHARE * sum(part.area for part in parts)
    kept = [part for part in parts if part.area >= smallest]
    return MultiPolygon(
        [Polygon(part.exterior, [hole for hole in part.interiors if Polygon(hole).area >= smallest]) for part in kept]
    )


def _extent(field: Field, threshold: float) -> tuple[float, float, float, float]:
    """A box outside of which the field cannot reach the threshold, but for what fades out over `MARGIN_KM`."""
    trend, observations = field.trend, field.observations
    reach_km = float(
        max(
            trend.relation.semi_axis_km(trend.relation.long, trend.magnitude, np.array([threshold]))[0],
            trend.relation.semi_axis_km(trend.relation.short, trend.magnitude, np.array([threshold]))[0],
        )
    )
    high = (observations.intensity >= threshold) | (field.residuals > 0.5)
    near = high & (np.hypot(observations.x_km - trend.x_km, observations.y_km - trend.y_km) < 4 * (reach_km + FADE_KM))
    high = near | (observations.intensity >= threshold)
    xs = np.concatenate(([trend.x_km - reach_km, trend.x_km + reach_km], observations.x_km[high]))
    ys = np.concatenate(([trend.y_km - reach_km, trend.y_km + reach_km], observations.y_km[high]))
    return (
        float(xs.min()) - MARGIN_KM,
        float(ys.min()) - MARGIN_KM,
        float(xs.max()) + MARGIN_KM,
        float(ys.max()) + MARGIN_KM,
    )
