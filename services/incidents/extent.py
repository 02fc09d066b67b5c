"""Intensity contours as they are stated, read as strictly as a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas.values import IntensityContour, PointGeometry
from services.incidents.geometry import POINTER, PlaceRefused, read_place, vertices_of
from services.incidents.model import StatedContour
from services.kit.problems import Finding

CONTOUR_VERTICES_MAX: Final = 10_000
"""Of all contours together: they travel in one event."""
_WHERE: Final = "/intensity_contours"


def read_contours(stated: Sequence[StatedContour]) -> tuple[tuple[IntensityContour, ...], list[Finding]]:
    """The contours, and everything that is wrong with them."""
    contours: list[IntensityContour] = []
    findings: list[Finding] = []
    for number, contour in enumerate(stated):
        where = f"{_WHERE}/{number}/geometry"
        try:
            shape = read_place(contour.geometry)
        except PlaceRefused as refused:
            findings += [
                Finding(where=where + one.where.removeprefix(POINTER), what=one.what) for one in refused.findings
            ]
            continue
        if isinstance(shape, PointGeometry):
            findings.append(
                Finding(where=where, what="must be a GeoJSON Polygon or MultiPolygon: a point has no ground")
            )
        else:
            contours.append(IntensityContour(intensity=contour.intensity, geometry=shape))
    if sum(vertices_of(contour.geometry) for contour in contours) > CONTOUR_VERTICES_MAX:
        what = f"have too many vertices: at most {CONTOUR_VERTICES_MAX} in all are taken; simplify the outlines"
        findings.append(Finding(where=_WHERE, what=what))
    return tuple(contours), findings
