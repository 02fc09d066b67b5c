"""Every public file of alerts: read or refused by name, counted as a simple count does, and harmless when damaged.

Needs the public data: THIRDRESCUE_DATA, or ../shared/data beside the project.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from shapely.geometry import Point, shape

from services.incidents.intake.follow import Thread, follow
from services.incidents.intake.model import Reading
from services.incidents.intake.place import cut
from services.incidents.intake.propose import propose
from services.incidents.intake.read import read

DATA = Path(os.environ.get("THIRDRESCUE_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
ALERTS = DATA / "alerts"
PAGER = ALERTS / "usgs" / "libcomcat" / "pager" / "us2000h8ty"
SECONDS_MAX = 10.0
FUZZ_BYTES_MAX = 100_000
NO_ALERTS = {".xsd", ".pem", ".tsv", ".csv", ".md"}

pytestmark = pytest.mark.skipif(not ALERTS.is_dir(), reason="the public alert files are not here (THIRDRESCUE_DATA)")

FILES = sorted(path for path in ALERTS.rglob("*") if path.is_file()) if ALERTS.is_dir() else []
XML_ALERTS = [path for path in FILES if path.parent.parent.name == "cap" and path.suffix != ".json"]


def name_of(path: Path) -> str:
    """The path below the folder of alerts."""
    return path.relative_to(ALERTS).as_posix()


def read_file(path: Path) -> Reading:
    """What a file says."""
    return read(name_of(path), path.read_bytes())


def parser() -> etree.XMLParser:
    """For the independent look at the files."""
    return etree.XMLParser(resolve_entities=False, no_network=True)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_file_is_read_or_refused_by_name(path: Path) -> None:
    began = time.process_time()
    reading = read_file(path)
    proposals = propose(reading)
    assert time.process_time() - began < SECONDS_MAX
    if reading.refused is not None:
        assert reading.refused.where
        assert reading.refused.why
        assert (reading.alerts, proposals) == ((), ())
    else:
        assert reading.format
    if path.suffix in NO_ALERTS or path.name.startswith("LICENSE"):
        assert reading.refused is not None
        assert reading.format is None


def counted(path: Path) -> dict[str, int] | None:
    """Elements with text in them, counted by regular expressions; None where the file holds no alert in XML."""
    text = path.read_bytes().decode("latin-1")
    text = re.sub(r"(?s)<!--.*?-->", "", text)
    if not re.search(r"<(?:\w+:)?alert[\s>]", text):
        return None
    inside = "".join(re.findall(r"(?s)<(?:\w+:)?alert[\s>].*?</(?:\w+:)?alert\s*>", text))
    count = {
        name: len(re.findall(rf"(?s)<(?:\w+:)?{name}(?:\s[^>/]*)?>\s*[^\s<]", inside)) for name in ("polygon", "circle")
    }
    for name in ("info", "area", "geocode", "alert"):
        count[name] = len(re.findall(rf"<(?:\w+:)?{name}(?:\s[^>]*)?>", inside))
    return count


def test_the_counts_are_those_of_a_simple_count() -> None:
    compared = 0
    for path in XML_ALERTS:
        reading, expected = read_file(path), counted(path)
        if reading.refused is not None or expected is None or path.suffix == ".xsd":
            continue
        areas = [area for alert in reading.alerts for info in alert.infos for area in info.areas]
        assert {
            "alert": len(reading.alerts),
            "info": sum(len(alert.infos) for alert in reading.alerts),
            "area": len(areas),
            "polygon": sum(len(area.polygons) for area in areas),
            "circle": sum(len(area.circles) for area in areas),
            "geocode": sum(len(area.geocodes) for area in areas),
        } == expected, name_of(path)
        compared += 1
    assert compared >= 30


def test_what_the_schemas_accept_is_read_and_what_they_reject_is_refused_or_noted() -> None:
    schemas = {
        version: etree.XMLSchema(etree.parse(ALERTS / "cap" / "xsd" / f"CAP-v{version}.xsd", parser()))
        for version in ("1.1", "1.2")
    }
    verdicts = []
    for path in XML_ALERTS:
        try:
            root = etree.fromstring(path.read_bytes(), parser())
        except etree.XMLSyntaxError:
            continue
        version = (etree.QName(root).namespace or "")[-3:]
        if etree.QName(root).localname != "alert" or version not in schemas:
            continue
        reading, is_valid = read_file(path), schemas[version].validate(root)
        verdicts.append(is_valid)
        assert reading.refused is None if is_valid else (reading.refused or reading.warnings), name_of(path)
    assert verdicts.count(True) >= 20
    assert verdicts.count(False) >= 3


def test_the_verdicts_of_the_index_where_there_is_one() -> None:
    index = ALERTS / "cap" / "INDEX.tsv"
    if not index.exists():
        pytest.skip("this copy of the public files has no INDEX.tsv")
    lines = index.read_text().splitlines()
    files = [path for line in lines[1:] if (path := ALERTS / "cap" / line.split("\t")[0]).exists()]
    assert files
    for path in files:
        reading = read_file(path)
        assert reading.refused is None or reading.refused.where, path


def test_feeds_of_events_have_as_many_as_they_say() -> None:
    checked = 0
    for path in sorted((ALERTS / "usgs" / "libcomcat" / "event-query").glob("*.geojson")):
        said = json.loads(path.read_bytes())["metadata"]["count"]
        assert len(read_file(path).alerts) == said, name_of(path)
        checked += 1
    for path in sorted((ALERTS / "gdacs").glob("gdacs-rss*.xml")):
        assert len(read_file(path).alerts) == path.read_bytes().count(b"<item>"), name_of(path)
        checked += 1
    assert checked >= 10


def test_the_versions_of_one_earthquake_make_one_thread_with_the_newest_on_top() -> None:
    files = sorted(PAGER.glob("*.json"))
    exposures = [json.loads(path.read_bytes()) for path in sorted(PAGER.glob("*_exposures.json"))]
    at_7 = [found["population_exposure"]["aggregated_exposure"][6] for found in exposures]
    assert len(at_7) == 11
    seen: list[int] = []
    threads: tuple[Thread, ...] = ()
    for path in files:
        for proposal in propose(read_file(path)):
            threads = follow(threads, proposal)
        if path.name.endswith("_exposures.json"):
            seen.append(threads[0].picture().exposure[7])
    assert seen == at_7
    shuffled: tuple[Thread, ...] = ()
    for path in random.Random(1).sample(files, len(files)):
        for proposal in propose(read_file(path)):
            shuffled = follow(shuffled, proposal)
    assert len(threads) == 1
    assert shuffled == threads


def test_contours_enclose_the_strong_and_not_the_weak() -> None:
    """Every point of a contour line lies on or in its own level's area, and in no stronger one's inside."""
    files = [path for path in FILES if path.name.startswith("cont_m")]
    assert files
    for path in files:
        document = json.loads(path.read_bytes())
        (proposal,) = propose(read_file(path))
        areas = {contour.intensity: shape(contour.shape.model_dump()) for contour in proposal.contours}
        lines = {float(feature["properties"]["value"]): shape(feature["geometry"]) for feature in document["features"]}
        assert areas.keys() <= lines.keys()
        for value, line in lines.items():
            middles = [Point(part.interpolate(0.5, normalized=True)) for part in getattr(line, "geoms", [line])]
            for level, area in areas.items():
                held = [area.buffer(1e-6).contains(point) for point in middles]
                if level < value:
                    assert all(held), (name_of(path), value, level)
                elif level > value:
                    assert not any(area.buffer(-1e-6).contains(point) for point in middles), (name_of(path), value)
        assert all(cut(area) for area in areas.values())


def damaged(data: bytes, path: Path) -> Iterator[bytes]:
    """Truncations and flipped bytes, the same in each run."""
    chance = random.Random(name_of(path))
    for _ in range(4):
        yield data[: chance.randrange(len(data) + 1)]
    for flips in (1, 3, 30):
        broken = bytearray(data)
        for _ in range(flips):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        yield bytes(broken)


def test_damaged_files_are_read_or_refused() -> None:
    tried = 0
    for path in FILES:
        data = path.read_bytes()
        if not data or len(data) > FUZZ_BYTES_MAX or path.suffix in NO_ALERTS:
            continue
        for broken in damaged(data, path):
            reading = read(name_of(path), broken)
            assert reading.refused is None or reading.refused.why
            propose(reading)
            tried += 1
    assert tried > 500
