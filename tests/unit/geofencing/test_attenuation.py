"""The published relations, checked against what they must agree on."""

from __future__ import annotations

import numpy as np
import pytest

from services.geofencing.attenuation import QINGHAI_TIBET, RELATIONS, Relation, elliptical_intensity, relation_at

PUBLISHED = {
    "eastern strong-earthquake region": (1.3626, (5.7123, -4.2903, 25), (3.6588, -3.5406, 13), 0.5826),
    "moderate-to-strong earthquake region": (1.0710, (5.8410, -3.6570, 15), (3.9440, -2.8450, 7), 0.5200),
    "Xinjiang region": (1.4347, (5.6018, -4.4899, 25), (3.6113, -3.8477, 13), 0.5924),
    "Qinghai-Tibet region": (1.2746, (6.4580, -4.4709, 25), (3.3682, -3.3119, 9), 0.6636),
}
"""Table 1 of the source that `attenuation.py` names: B, then A, C and R0 of the long and the short axis, and sigma."""


def test_the_coefficients_are_the_published_ones() -> None:
    found = {
        one.name_en: (one.b, *((axis.a, axis.c, axis.r0_km) for axis in (one.long, one.short)), one.sigma)
        for one in RELATIONS
    }
    assert found == PUBLISHED


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
        (36.0, 73.0, "Xinjiang region"),
        (50.0, 96.5, "Xinjiang region"),
        (40.0, 96.51, "Qinghai-Tibet region"),
        (35.99, 80.0, "Qinghai-Tibet region"),
        (32.0, 105.51, "eastern strong-earthquake region"),
        (42.0, 123.0, "eastern strong-earthquake region"),
        (35.0, 105.5, "Qinghai-Tibet region"),
        (31.99, 110.0, "moderate-to-strong earthquake region"),
        (42.01, 120.0, "moderate-to-strong earthquake region"),
        (40.0, 123.01, "moderate-to-strong earthquake region"),
        (18.0, 135.0, "moderate-to-strong earthquake region"),
        (54.0, 110.0, "moderate-to-strong earthquake region"),
        (17.99, 110.0, "Qinghai-Tibet region"),
        (54.01, 110.0, "Qinghai-Tibet region"),
        (30.0, 135.01, "Qinghai-Tibet region"),
    ],
)
def test_relation_by_place_and_at_the_edges_of_the_regions(lat: float, lon: float, name: str) -> None:
    assert relation_at(lat, lon).name_en == name
