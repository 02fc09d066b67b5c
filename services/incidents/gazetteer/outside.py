"""Online geocoders through geopy, only if an operator turned one on. What is asked leaks to whoever runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from geopy.exc import GeopyError

from schemas.values import Position
from services.incidents.gazetteer.coordinates import bd09_to_wgs84
from services.incidents.gazetteer.model import Candidate, Entry
from services.incidents.settings import IncidentsSettings

USER_AGENT = "third-rescue"
OUTSIDE_SCORE = 0.5
"""Of what an online geocoder says: a guess, to be confirmed by a person."""


class OutsideFailed(Exception):
    """The online geocoder did not answer; the message says how, without what was asked."""


class Outside:
    """One online geocoder. Positions come out in WGS-84."""

    def __init__(self, name: str, geocoder: Any, to_wgs84: Callable[[float, float], tuple[float, float]]) -> None:
        self.name = name
        self._geocoder = geocoder
        self._to_wgs84 = to_wgs84

    def find(self, query: str) -> list[Candidate]:
        """What it says about a query, as guesses. Blocks; raises OutsideFailed."""
        try:
            found = self._geocoder.geocode(query, exactly_one=False) or []
        except GeopyError as error:
            raise OutsideFailed(f"{self.name}: {type(error).__name__}") from None
        return [self._candidate(number, one) for number, one in enumerate(found)]

    def _candidate(self, number: int, location: Any) -> Candidate:
        lon, lat = self._to_wgs84(location.longitude, location.latitude)
        position = Position(lat_deg=round(lat, 6), lon_deg=round(lon, 6))
        entry = Entry(
            key=f"{self.name}-{number}", name_zh=location.address or None, name_en=None, position=position,
            source=self.name,
        )  # fmt: skip
        return Candidate(entry=entry, score=OUTSIDE_SCORE, is_guess=True)


def outside_of(settings: IncidentsSettings) -> Outside | None:
    """The online geocoder that the operator turned on, if any."""
    timeout_s = settings.incidents_geocoder_timeout_s
    if settings.incidents_geocoder == "nominatim":
        from geopy.geocoders import Nominatim

        domain = settings.incidents_nominatim_domain
        return Outside(
            "nominatim", Nominatim(domain=domain, user_agent=USER_AGENT, timeout=timeout_s), lambda lon, lat: (lon, lat)
        )
    if settings.incidents_geocoder == "baidu":
        from geopy.geocoders import BaiduV3

        assert settings.incidents_baidu_key is not None
        key = settings.incidents_baidu_key.get_secret_value()
        return Outside("baidu", BaiduV3(key, timeout=timeout_s), bd09_to_wgs84)
    return None
