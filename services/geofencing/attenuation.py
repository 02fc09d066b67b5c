"""How macroseismic intensity falls off with distance: published relations for China, and nothing else.

Source: Yu Yanxiang, Li Shanyou, Xiao Liang, "Development of ground motion attenuation relations for the new seismic
hazard map of China" (2013), table 1, the relations behind the zonation map of GB 18306-2015:

    I = A + B * M + C * lg(R + R0)        I intensity, M surface-wave magnitude, R distance from the epicentre in km

with one set of A, C and R0 for the long axis of the isoseismal ellipse and one for the short axis. Both axes give the
same intensity at the epicentre (R = 0); that also checks the coefficients, and a test does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Coefficients of one axis of the ellipse."""

    a: float
    c: float
    r0_km: float


@dataclass(frozen=True)
class Relation:
    """The relation of one region. `sigma` is its published standard deviation in degrees of intensity."""

    name_zh: str
    name_en: str
    b: float
    long: Axis
    short: Axis
    sigma: float

    def epicentral(self, magnitude: float) -> float:
        """Intensity at the epicentre."""
        return self.intensity(self.long, magnitude, 0.0)

    def intensity(self, axis: Axis, magnitude: float, distance_km: float) -> float:
        """Intensity at a distance along an axis."""
        return float(axis.a + self.b * magnitude + axis.c * np.log10(distance_km + axis.r0_km))

    def semi_axis_km(self, axis: Axis, magnitude: float, intensity: Floats) -> Floats:
        """Distance along an axis at which the intensity falls to a value; 0 where it is never reached."""
        reached = 10.0 ** ((axis.a + self.b * magnitude - intensity) / -axis.c) - axis.r0_km
        return np.maximum(reached, 0.0)


EASTERN: Final = Relation(
    "东部强震区",
    "eastern strong-earthquake region",
    1.3626,
    Axis(5.7123, -4.2903, 25),
    Axis(3.6588, -3.5406, 13),
    0.5826,
)
MODERATE: Final = Relation(
    "中强地震区",
    "moderate-to-strong earthquake region",
    1.0710,
    Axis(5.8410, -3.6570, 15),
    Axis(3.9440, -2.8450, 7),
    0.5200,
)
XINJIANG: Final = Relation(
    "新疆区",
    "Xinjiang region",
    1.4347,
    Axis(5.6018, -4.4899, 25),
    Axis(3.6113, -3.8477, 13),
    0.5924,
)
QINGHAI_TIBET: Final = Relation(
    "青藏区",
    "Qinghai-Tibet region",
    1.2746,
    Axis(6.4580, -4.4709, 25),
    Axis(3.3682, -3.3119, 9),
    0.6636,
)
RELATIONS: Final = (EASTERN, MODERATE, XINJIANG, QINGHAI_TIBET)


def relation_at(lat_deg: float, lon_deg: float) -> Relation:
    """The relation for an epicentre.

    The boxes are a coarse reading of the four regions (assumed). Outside of China the relation of the
    Qinghai-Tibet region is used for want of a better one (assumed).
    """
    if 73 <= lon_deg <= 96.5 and 36 <= lat_deg <= 50:
        return XINJIANG
    if 105.5 < lon_deg <= 123 and 32 <= lat_deg <= 42:
        return EASTERN
    if 105.5 < lon_deg <= 135 and 18 <= lat_deg <= 54:
        return MODERATE
    return QINGHAI_TIBET


_LEVELS: Final = np.arange(12.0, 0.4, -0.05)
"""Intensities, falling, at which ellipses are tabulated."""


def elliptical_intensity(relation: Relation, magnitude: float, along_km: Floats, across_km: Floats) -> Floats:
    """Intensity at points given along and across the long axis, from the centre.

    A point has the intensity of the ellipse that passes through it; that ellipse is found by bisection in a table
    of ellipses, for all points at once.
    """
    long_km = np.maximum(relation.semi_axis_km(relation.long, magnitude, _LEVELS), 1e-6)
    short_km = np.maximum(relation.semi_axis_km(relation.short, magnitude, _LEVELS), 1e-6)
    low = np.zeros(along_km.shape, dtype=np.intp)
    high = np.full(along_km.shape, len(_LEVELS) - 1, dtype=np.intp)
    for _ in range(int(np.ceil(np.log2(len(_LEVELS)))) + 1):
        middle = (low + high) // 2
        inside = (along_km / long_km[middle]) ** 2 + (across_km / short_km[middle]) ** 2 <= 1.0
        high = np.where(inside, middle, high)
        low = np.where(inside, low, np.minimum(middle + 1, high))
    return np.asarray(np.minimum(_LEVELS[high], relation.epicentral(magnitude)), dtype=np.float64)
