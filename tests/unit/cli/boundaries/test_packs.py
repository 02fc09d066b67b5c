"""Packs of boundaries: what is refused as a whole, what is repaired and simplified, and how areas are recognised."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.area import GEOMETRY_BYTES_MAX
from services.cli.boundaries.codes import read_codes
from services.cli.boundaries.mend import NoOutline, mend
from services.cli.boundaries.naming import Names
from services.cli.boundaries.pack import read_checked, read_features
from services.cli.boundaries.sending import BODY_BYTES_MAX, ITEMS_MAX, batches
from services.cli.instance.errors import InstanceError


def square(west: float = 103, south: float = 31) -> list[list[list[float]]]:
    return [[[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]]]


def pack(*geometries: Any, **more: Any) -> bytes:
    features = [{"type": "Feature", "properties": {"name": "x"}, "geometry": one} for one in geometries]
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def polygon(coordinates: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": coordinates}


def test_another_file_than_the_one_that_was_meant_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pack.geojson"
    file.write_bytes(b"{}")
    digest = hashlib.sha256(b"{}").hexdigest()
    assert read_checked(file, digest.upper()) == b"{}"
    with pytest.raises(InstanceError, match=digest):
        read_checked(file, "00" * 32)
    with pytest.raises(InstanceError, match="no file"):
        read_checked(tmp_path, digest)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"{", "no JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"[]", "FeatureCollection"),
        (pack(), "no features"),
        (pack(polygon([[[31.0, 103.0], [32.0, 103.0], [32.0, 104.0], [31.0, 103.0]]])), "swapped"),
        (pack(polygon([[[500_000.0, 3_400_000.0]]])), "WGS-84"),
        (
            pack(polygon(square()), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}),
            "coordinate system",
        ),
        (json.dumps({"type": "FeatureCollection", "features": [7]}).encode(), "feature 0"),
    ],
)
def test_a_pack_that_is_wrong_as_a_whole_is_refused(content: bytes, what: str) -> None:
    with pytest.raises(InstanceError, match=what):
        read_features(content)


def test_the_usual_name_of_wgs84_passes() -> None:
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert len(read_features(pack(polygon(square()), crs=named))) == 1


def test_a_ring_that_crosses_itself_is_repaired_and_told() -> None:
    mended = mend(polygon([[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]))
    assert mended.repaired is not None
    assert "Self-intersection" in mended.repaired
    assert shapely.from_geojson(json.dumps(mended.geometry)).is_valid
    assert mend(polygon(square())).repaired is None


@pytest.mark.parametrize(
    "geometry", [None, {"type": "Point", "coordinates": [1, 2]}, polygon("x"), polygon([[[0, 0]] * 4])]
)
def test_what_encloses_nothing_is_no_outline(geometry: Any) -> None:
    with pytest.raises(NoOutline):
        mend(geometry)


def test_a_long_outline_is_simplified_until_it_fits_and_says_by_how_much() -> None:
    coast = shapely.Point(103, 31).buffer(1, quad_segs=5_000)
    mended = mend(json.loads(shapely.to_geojson(coast)))
    assert len(json.dumps(mended.geometry, separators=(",", ":"))) <= GEOMETRY_BYTES_MAX
    assert 0 < mended.simplified_m < 500
    kept = shapely.from_geojson(json.dumps(mended.geometry))
    assert shapely.hausdorff_distance(coast, kept) * 111_195 <= mended.simplified_m * 1.01 + 1


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=4, max_size=12))
def test_whatever_the_ring_the_outline_is_valid_or_none(ring: list[tuple[float, float]]) -> None:
    try:
        mended = mend(polygon([[*map(list, ring), list(ring[0])]]))
    except NoOutline:
        return
    assert shapely.from_geojson(json.dumps(mended.geometry)).is_valid


AREAS = [
    {"code": "110105", "name_zh": "朝阳区", "name_en": None, "aliases": []},
    {"code": "220104", "name_zh": "朝阳区", "name_en": None, "aliases": []},
    {"code": "513221", "name_zh": "汶川县", "name_en": "Wenchuan County", "aliases": []},
]


def test_a_name_of_several_counts_only_where_a_known_province_tells_them_apart() -> None:
    alone = Names(AREAS, {})
    assert alone.codes_of(["汶川"], (103, 31)) == alone.codes_of(["Wenchuan"], (103, 31)) == ["513221"]
    assert alone.codes_of(["朝阳区"], (116.5, 39.9)) == ["110105", "220104"]
    outlines = {"110000": polygon(square(116, 39)), "220000": polygon(square(125, 43))}
    assert Names(AREAS, outlines).codes_of(["朝阳区"], (116.5, 39.9)) == ["110105"]
    assert Names(AREAS, outlines).codes_of(["无此县"], (116.5, 39.9)) == []


def test_a_nested_table_gives_tiers_and_parents_and_leaves_groups_out() -> None:
    table = [
        {"code": "11", "name": "北京市", "children": [
            {"code": "1101", "name": "市辖区", "children": [{"code": "110101", "name": "东城区"}]}
        ]},
    ]  # fmt: skip
    items = read_codes(json.dumps(table).encode(), is_csv=False, valid_from="2023-01-01")
    assert [(item["code"], item["tier"], item.get("parent_code")) for item in items] == [
        ("110000", "province", None), ("110101", "county", "110000")
    ]  # fmt: skip
    assert {item["valid_from"] for item in items} == {"2023-01-01"}


def test_a_table_of_changes_says_when_codes_ended_and_what_they_became() -> None:
    text = "code,name_zh,valid_to,successor_codes,aliases\n510724,安县,2016-03-20,510705,安县人民政府；老安县\n"
    (item,) = read_codes(text.encode(), is_csv=True, valid_from="2020-01-01")
    assert (item["successor_codes"], item["aliases"]) == (["510705"], ["安县人民政府", "老安县"])
    assert "valid_from" not in item
    with pytest.raises(InstanceError, match="colour"):
        read_codes(b"code,colour\n1,2\n", is_csv=True, valid_from=None)


@given(st.lists(st.integers(1, 900_000), max_size=40))
def test_batches_hold_everything_in_order_and_are_bounded(lengths: list[int]) -> None:
    items = [{"n": number, "text": "x" * length} for number, length in enumerate(lengths)]
    found = list(batches(items))
    assert [item for batch in found for item in batch] == items
    assert all(len(batch) <= ITEMS_MAX for batch in found)
    assert all(len(batch) == 1 or len(json.dumps(batch)) <= BODY_BYTES_MAX + 4 * len(batch) for batch in found)
