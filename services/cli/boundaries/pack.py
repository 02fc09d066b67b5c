"""Reading a pack: the file's bytes against its SHA-256, then its features. What is wrong with the whole is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.cli.instance.errors import InstanceError

FILE_BYTES_MAX: Final = 512 * 2**20
FEATURES_MAX: Final = 100_000
_CHUNK: Final = 2**20
_WGS84: Final = ("CRS84", "4326")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature of a pack by its position."""

    number: int
    properties: Mapping[str, Any]
    geometry: Mapping[str, Any] | None


def read_checked(path: Path, sha256: str) -> bytes:
    """The file's content. Refused when it is too large or is not the one whose SHA-256 is given."""
    if not path.is_file():
        raise InstanceError(f"{path} is no file")
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise InstanceError(f"{path} has {size} bytes; at most {FILE_BYTES_MAX} are taken: split the pack")
    digest = hashlib.sha256()
    parts = []
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            parts.append(chunk)
    if digest.hexdigest() != sha256.lower():
        raise InstanceError(f"{path} is not the file that was meant: its SHA-256 is {digest.hexdigest()}")
    return b"".join(parts)


def read_features(content: bytes) -> list[Feature]:
    """The features of a GeoJSON FeatureCollection in WGS-84. Refused as a whole when it is none, or when its
    coordinates are no longitudes and latitudes in that order."""
    try:
        document = json.loads(content)
    except ValueError as error:
        hint = (
            "; it is a pointer of Git LFS, not the pack itself"
            if content.startswith(b"version https://git-lfs")
            else ""
        )
        raise InstanceError(f"this is no JSON: {error}{hint}") from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise InstanceError("this is no GeoJSON FeatureCollection")
    crs = json.dumps(document.get("crs") or {})
    if document.get("crs") and not any(name in crs for name in _WGS84):
        raise InstanceError("the pack names a coordinate system that is not WGS-84; convert it first")
    raw = document.get("features")
    if not isinstance(raw, list) or not raw:
        raise InstanceError("the pack has no features")
    if len(raw) > FEATURES_MAX:
        raise InstanceError(f"the pack has {len(raw)} features; at most {FEATURES_MAX} are taken: split it")
    features = [_feature(number, one) for number, one in enumerate(raw)]
    _check_order(features)
    return features


def _feature(number: int, one: Any) -> Feature:
    properties = one.get("properties") if isinstance(one, dict) else None
    geometry = one.get("geometry") if isinstance(one, dict) else None
    if not isinstance(properties, dict) or not isinstance(geometry, dict | None):
        raise InstanceError(f"feature {number} is no GeoJSON feature with properties")
    return Feature(number=number, properties=properties, geometry=geometry)


def _check_order(features: Sequence[Feature]) -> None:
    """Refuse a pack with a position off the globe; say so if swapping would mend it."""
    lons: list[float] = []
    lats: list[float] = []
    for feature in features:
        for lon, lat in positions((feature.geometry or {}).get("coordinates", [])):
            if abs(lon) > 180 or abs(lat) > 90:
                lons.append(lon)
                lats.append(lat)
    if not lons:
        return
    if all(abs(lon) <= 90 for lon in lons) and all(abs(lat) <= 180 for lat in lats):
        raise InstanceError("latitudes beyond 90 degrees: lon and lat are swapped; GeoJSON has [lon, lat]")
    raise InstanceError("coordinates beyond the globe: the pack must be in WGS-84 degrees, [lon, lat]")


def positions(coordinates: Any) -> Iterator[tuple[float, float]]:
    """All positions of nested GeoJSON coordinates; what is no number is left to the reader of shapes."""
    if not isinstance(coordinates, list):
        return
    if len(coordinates) >= 2 and all(isinstance(number, int | float) for number in coordinates[:2]):
        yield float(coordinates[0]), float(coordinates[1])
        return
    for inner in coordinates:
        yield from positions(inner)


def property_names(features: Iterable[Feature]) -> list[str]:
    """The names of the properties that the features have, for a hint."""
    return sorted({name for feature in features for name in feature.properties})
