"""Coordinates of Chinese maps, and online geocoders: off unless an operator turns one on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from geopy.exc import GeocoderTimedOut
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from services.incidents.gazetteer.coordinates import (
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_gcj02,
)
from services.incidents.gazetteer.outside import Outside, OutsideFailed, outside_of
from services.incidents.settings import IncidentsSettings
from services.kit.settings import SettingsError, load

GLOBE = Geod(ellps="WGS84")
LON, LAT = st.floats(73.5, 135), st.floats(18, 53.5)


def apart_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(GLOBE.inv(*one, *other)[2])


def test_the_published_examples_of_the_formulas() -> None:
    """The example position of coordtransform's README."""
    assert wgs84_to_gcj02(116.404, 39.915) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-9)
    assert gcj02_to_bd09(116.404, 39.915) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-9)


@given(LON, LAT)
def test_there_and_back_is_less_than_a_millimetre(lon: float, lat: float) -> None:
    assert apart_m(gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat)), (lon, lat)) < 0.001
    assert apart_m(bd09_to_gcj02(*gcj02_to_bd09(lon, lat)), (lon, lat)) < 0.001
    assert apart_m(bd09_to_wgs84(*gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))), (lon, lat)) < 0.001


@given(LON, LAT)
def test_the_shift_is_some_hundred_metres(lon: float, lat: float) -> None:
    assert 5 < apart_m(wgs84_to_gcj02(lon, lat), (lon, lat)) < 1_000


def test_outside_china_nothing_is_shifted() -> None:
    assert wgs84_to_gcj02(-0.1, 51.5) == gcj02_to_wgs84(-0.1, 51.5) == (-0.1, 51.5)


def test_no_online_geocoder_unless_one_is_turned_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outside_of(load(IncidentsSettings)) is None
    monkeypatch.setenv("THIRDRESCUE_INCIDENTS_GEOCODER", "nominatim")
    with pytest.raises(SettingsError, match="NOMINATIM_DOMAIN"):
        load(IncidentsSettings)
    monkeypatch.setenv("THIRDRESCUE_INCIDENTS_NOMINATIM_DOMAIN", "nominatim.example.org")
    outside = outside_of(load(IncidentsSettings))
    assert outside is not None
    assert outside.name == "nominatim"
    monkeypatch.setenv("THIRDRESCUE_INCIDENTS_GEOCODER", "baidu")
    with pytest.raises(SettingsError, match="BAIDU_KEY"):
        load(IncidentsSettings)
    monkeypatch.setenv("THIRDRESCUE_INCIDENTS_BAIDU_KEY", "secret")
    outside = outside_of(load(IncidentsSettings))
    assert outside is not None
    assert outside.name == "baidu"


class Answering:
    """A geocoder with one answer, or one error."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def geocode(self, query: str, *, exactly_one: bool) -> Any:
        assert not exactly_one
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_what_comes_from_outside_is_a_guess_in_wgs84() -> None:
    location = SimpleNamespace(longitude=116.41662724378733, latitude=39.922699552216216, address=None)
    (found,) = Outside("baidu", Answering([location]), bd09_to_wgs84).find("x")
    assert found.is_guess
    assert found.entry.position is not None
    there = (found.entry.position.lon_deg, found.entry.position.lat_deg)
    assert apart_m(there, (116.404, 39.915)) < 1
    assert Outside("baidu", Answering(None), bd09_to_wgs84).find("x") == []


def test_a_failure_outside_does_not_repeat_what_was_asked() -> None:
    failing = Outside("baidu", Answering(GeocoderTimedOut("secret place")), bd09_to_wgs84)
    with pytest.raises(OutsideFailed, match="GeocoderTimedOut") as caught:
        failing.find("secret place")
    assert "secret" not in str(caught.value)
