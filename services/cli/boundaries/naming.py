"""Which area a feature without a code is: by its name among those the register knows, and by where it lies.

A name that several areas bear is never picked in silence: it counts only if one of them alone lies in a province whose
boundary, known already, holds the feature.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import shapely
from shapely.geometry import shape

_SUFFIXES: Final = (
    "壮族自治区", "回族自治区", "维吾尔自治区", "特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区",
    "林区", "矿区", "省", "市", "县", "区", "盟", "旗",
)  # fmt: skip
_SHORTEST: Final = 2


def keys_of(name: str) -> list[str]:
    """The forms under which a name is looked for: as it is, and without what says its rank."""
    plain = "".join(name.split()).casefold()
    for word in ("province", "city", "county", "district", "prefecture"):
        plain = plain.removesuffix(word)
    short = next((plain.removesuffix(end) for end in _SUFFIXES if plain.endswith(end)), plain)
    return [form for form in dict.fromkeys((plain, short)) if len(form) >= _SHORTEST]


class Names:
    """The areas of one tier by their names."""

    def __init__(self, areas: Iterable[Mapping[str, Any]], provinces: Mapping[str, Any]) -> None:
        self._by_key: dict[str, dict[str, int]] = defaultdict(dict)
        self._provinces = {code: shape(outline) for code, outline in provinces.items()}
        for area in areas:
            names = [area["name_zh"], area["name_en"] or "", *area["aliases"]]
            for rank, key in enumerate(key for name in names for key in keys_of(name)):
                self._by_key[key].setdefault(area["code"], rank)

    def codes_of(self, names: Iterable[str], centre: tuple[float, float]) -> list[str]:
        """The codes a feature may have: one if it is certain, several if not, none if nobody bears the name."""
        for key in (key for name in names for key in keys_of(name)):
            found = sorted(self._by_key.get(key, ()))
            if found:
                return self._within(found, centre)
        return []

    def _within(self, codes: list[str], centre: tuple[float, float]) -> list[str]:
        """Those whose province holds the point; where that province's boundary is not known they stay."""
        point = shapely.Point(centre)
        return [
            code
            for code in codes
            if (outline := self._provinces.get(code[:2] + "0000")) is None or shapely.intersects(outline, point)
        ]
