"""Chinese map coordinates to WGS-84, at the edge. Pure.

Maps sold in China shift positions by some hundred metres: GCJ-02 (Amap, Tencent), and BD-09 (Baidu) on top of it.
The formulas are those of the public reverse engineering (first published in eviltransform and coordtransform, MIT);
the way back is found by iteration, to less than a millimetre of the forward formula. How near the forward formula is
to the true shift nobody outside can say; it is commonly taken to be a few metres.
"""

from __future__ import annotations

import math
from typing import Final

_AXIS_M: Final = 6_378_245.0
"""Of the Krasovsky ellipsoid, on which the shift is made."""
_ECCENTRICITY_2: Final = 0.00669342162296594323
_X_PI: Final = math.pi * 3000.0 / 180.0
_ROUNDS: Final = 12
LonLat = tuple[float, float]


def wgs84_to_gcj02(lon: float, lat: float) -> LonLat:
    """The shift; outside China there is none."""
    if not is_shifted(lon, lat):
        return lon, lat
    d_lon, d_lat = _shift(lon, lat)
    return lon + d_lon, lat + d_lat


def gcj02_to_wgs84(lon: float, lat: float) -> LonLat:
    """The position whose shifted one this is."""
    if not is_shifted(lon, lat):
        return lon, lat
    true_lon, true_lat = lon, lat
    for _ in range(_ROUNDS):
        there_lon, there_lat = wgs84_to_gcj02(true_lon, true_lat)
        true_lon, true_lat = true_lon + lon - there_lon, true_lat + lat - there_lat
    return true_lon, true_lat


def gcj02_to_bd09(lon: float, lat: float) -> LonLat:
    """Baidu's own turn on top."""
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _X_PI)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _X_PI)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def bd09_to_gcj02(lon: float, lat: float) -> LonLat:
    """The position whose Baidu one this is."""
    true_lon, true_lat = lon - 0.0065, lat - 0.006
    for _ in range(_ROUNDS):
        there_lon, there_lat = gcj02_to_bd09(true_lon, true_lat)
        true_lon, true_lat = true_lon + lon - there_lon, true_lat + lat - there_lat
    return true_lon, true_lat


def bd09_to_wgs84(lon: float, lat: float) -> LonLat:
    """Both ways back."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def is_shifted(lon: float, lat: float) -> bool:
    """Whether the formulas shift here: a rough box around China."""
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def _shift(lon: float, lat: float) -> LonLat:
    x, y = lon - 105.0, lat - 35.0
    waves = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + waves
    d_lat += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    d_lat += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + waves
    d_lon += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    d_lon += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    angle = lat / 180.0 * math.pi
    magic = 1 - _ECCENTRICITY_2 * math.sin(angle) ** 2
    root = math.sqrt(magic)
    d_lat = d_lat * 180.0 / ((_AXIS_M * (1 - _ECCENTRICITY_2)) / (magic * root) * math.pi)
    d_lon = d_lon * 180.0 / (_AXIS_M / root * math.cos(angle) * math.pi)
    return d_lon, d_lat
