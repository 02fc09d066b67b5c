"""The published relations, checked against what they must agree on."""

from __future__ import annotations

import numpy as np
import pytest

from services.geofencing.attenuation import QINGHAI_TIBET, RELATIONS, Relation, elliptical_intensity, relation_at


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name_en)
def test_both_axes_agree_at_the_epicentre(relation: Relation) -> None:
    """A digit misread in either axis would show here."""
    for magnitude in (5.0, 6.5, 8.0):
        long = relation.intensity(relation.long, magnitude, 0)
        assert relation.intensity(relation.short, magnitude, 0) == pytest.approx(long, abs=0.01)


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name_en)
def test_semi_axis_inverts_intensity(relation: Relation) -> None:
    for axis in (relation.long, relation.short):
        for km in (5.0, 50.0, 300.0):
            back = relation.semi_axis_km(axis, 7.0, np.array([relation.intensity(axis, 7.0, km)]))
            assert back[0] == pytest.approx(km, rel=1e-9)


def test_intensity_on_the_axes_is_the_relation_itself() -> None:
    km = np.array([10.0, 60.0, 200.0])
    none = np.zeros(3)
    along = elliptical_intensity(QINGHAI_TIBET, 7.9, km, none)
    across = elliptical_intensity(QINGHAI_TIBET, 7.9, none, km)
    for index, distance in enumerate(km):
        assert along[index] == pytest.approx(QINGHAI_TIBET.intensity(QINGHAI_TIBET.long, 7.9, distance), abs=0.06)
        assert across[index] == pytest.approx(QINGHAI_TIBET.intensity(QINGHAI_TIBET.short, 7.9, distance), abs=0.06)


def test_intensity_falls_with_distance_in_every_direction() -> None:
    for azimuth in np.radians((0, 20, 45, 70, 90)):
        km = np.linspace(0, 900, 200)
        values = elliptical_intensity(QINGHAI_TIBET, 7.5, km * np.cos(azimuth), km * np.sin(azimuth))
        assert np.all(np.diff(values) <= 1e-9)


@pytest.mark.parametrize(
    ("lat", "lon", "name"),
    [
        (31.0, 103.4, "Qinghai-Tibet region"),
        (43.8, 87.6, "Xinjiang region"),
        (39.6, 118.2, "eastern strong-earthquake region"),
        (24.5, 113.0, "moderate-to-strong earthquake region"),
        (-33.0, -70.0, "Qinghai-Tibet region"),
    ],
)
def test_relation_by_place(lat: float, lon: float, name: str) -> None:
    assert relation_at(lat, lon).name_en == name
