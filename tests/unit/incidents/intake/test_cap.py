"""CAP alerts: what is read, what is refused and by which name, what is only noted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.incidents.intake.read import read
from tests.support.properties import examples
from tests.unit.incidents.intake import samples
from tests.unit.incidents.intake.samples import cap, info, only, read_text, where


def test_an_alert_in_full() -> None:
    reading = read_text(cap(info() + info(language="zh-CN", event="洪水")))
    alert = only(reading)
    assert (reading.format, reading.warnings) == ("cap-1.2", ())
    assert alert.sent_at == datetime(2024, 5, 19, 9, 18, tzinfo=UTC)
    assert [entry.language for entry in alert.infos] == ["en-US", "zh-CN"]
    (polygon,) = alert.infos[0].areas[0].polygons
    assert polygon == (((30.0, 100.0), (31.0, 100.0), (31.0, 102.0), (30.0, 100.0)),), "lat,lon as CAP writes it"


@pytest.mark.parametrize(
    ("namespace", "form"), [(samples.CAP_12, "cap-1.2"), (samples.CAP_11, "cap-1.1"), (samples.CAP_10, "cap-1.0")]
)
def test_every_version(namespace: str, form: str) -> None:
    reading = read_text(cap(namespace=namespace))
    assert (reading.format, only(reading).identifier) == (form, "A1")


def test_the_pairs_of_1_0_are_texts() -> None:
    body = info("<area><areaDesc>x</areaDesc><geocode>FIPS6=006037</geocode></area>")
    area = only(read_text(cap(body, namespace=samples.CAP_10))).infos[0].areas[0]
    assert [(code.name, code.value) for code in area.geocodes] == [("FIPS6", "006037")]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("<scope>Public</scope>", "", "alert/scope"),
        ("<status>Actual</status>", "<status>actual</status>", "alert/status"),
        ("<identifier>A1</identifier>", "<identifier> </identifier>", "alert/identifier"),
        ("<identifier>A1</identifier>", "<identifier>A,1</identifier>", "alert/identifier"),
        ("2024-05-19T17:18:00+08:00", "2024-05-19T17:18:00", "alert/sent"),
        ("2024-05-19T17:18:00+08:00", "2024-02-31T17:18:00Z", "alert/sent"),
        ("<severity>Severe</severity>", "<severity></severity>", "alert/info/severity"),
        ("<severity>Severe</severity>", "", "alert/info/severity"),
        ("<category>Met</category>", "<category>Weather</category>", "alert/info/category"),
        ("<event>Flood</event>", "<event>a</event><event>b</event>", "alert/info/event[2]"),
        ("<areaDesc>valley</areaDesc>", "", "alert/info/area/areaDesc"),
        ("<areaDesc>valley</areaDesc>", "<areaDesc>v</areaDesc><Polygon>1,1</Polygon>", "alert/info/area/Polygon"),
        (samples.RING, "100,30 100,31 102,31 100,30", "alert/info/area/polygon"),
        (samples.RING, "30,190 31,190 31,192 30,190", "alert/info/area/polygon"),
        (samples.RING, "30,100 31,100 30,100", "alert/info/area/polygon"),
        (samples.RING, "30,100 31,nan 31,102 30,100", "alert/info/area/polygon"),
        (samples.RING, "30,100 31,1e999 31,102 30,100", "alert/info/area/polygon"),
        (samples.RING, "30,100,31,100,31,102,30,100", "alert/info/area/polygon"),
        (f"<polygon>{samples.RING}</polygon>", "<circle>30,100 -1</circle>", "alert/info/area/circle"),
        (f"<polygon>{samples.RING}</polygon>", "<circle>30,100</circle>", "alert/info/area/circle"),
        (f"<polygon>{samples.RING}</polygon>", "<circle>30 100 5</circle>", "alert/info/area/circle"),
        (f"<polygon>{samples.RING}</polygon>", "<geocode><value/></geocode>", "alert/info/area/geocode/valueName"),
    ],
)  # fmt: skip
def test_a_fault_is_refused_by_its_element(old: str, new: str, place: str) -> None:
    text = cap()
    assert old in text
    reading = read_text(text.replace(old, new))
    assert where(reading) == place
    assert reading.format == "cap-1.2"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</areaDesc>", "</areaDesc><circle/>", "alert/info/area/circle: is empty; it was left out"),
        (samples.RING, "30,100 31,100 31,102", "was not closed"),
        (samples.RING, "30,100,5 31,100,5 31,102,5 30,100,5", "has heights"),
        (samples.RING, "30, 100 31 ,100\n31,102\t30,100", "spaces around its commas"),
        ("<category>Met</category><event>Flood</event>", "<event>Flood</event><category>Met</category>", "comes later"),
        (samples.CAP_12, "urn:oasis:names:tc:emergency:alerts:1.2", "is not CAP's"),
        (f' xmlns="{samples.CAP_12}"', "", "has no namespace"),
        ("</alert>", '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></alert>', "signature was not checked"),
    ],
)
def test_what_does_not_change_the_meaning_is_read_and_noted(old: str, new: str, said: str) -> None:
    text = cap()
    assert old in text
    reading = read_text(text.replace(old, new))
    area = only(reading).infos[0].areas[0]
    assert any(said in line for line in reading.warnings), reading.warnings
    assert area.polygons == ((((30, 100), (31, 100), (31, 102), (30, 100)),),)
    assert area.circles == ()


def test_references_with_odd_spaces_are_all_there() -> None:
    first, second = "a@b,x,2024-05-19T10:00:00+08:00", "a@b,y,2024-05-19T10:00:00-00:00"
    for text in (f"\n{first}\t {second}\n", f"{first.replace(',', ', ')} {second.replace(',', ' ,')}"):
        refers = only(read_text(cap(msg_type="Update", references=text))).references
        assert [str(reference) for reference in refers] == [first, second]


def test_a_ring_that_goes_on_beyond_180_degrees_stays_where_it_is() -> None:
    written = "-22,-179.5 -21,-180.5 -21,-178.5 -22,-179.5"
    reading = read_text(cap().replace(samples.RING, written))
    assert only(reading).infos[0].areas[0].polygons == ((((-22, -179.5), (-21, 179.5), (-21, -178.5), (-22, -179.5)),),)
    assert any("beyond 180" in line for line in reading.warnings)
    assert where(read_text(cap().replace(samples.RING, "30,103 31,181 31,104 30,103"))).endswith("polygon"), "a slip"


def test_an_undeclared_prefix_is_read_and_noted() -> None:
    text = cap().replace("<", "<cap:").replace("<cap:/", "</cap:")
    reading = read_text(text)
    assert only(reading).infos[0].areas[0].polygons
    assert any("prefix" in line for line in reading.warnings)
    assert where(read_text(text[:-30])).startswith("line")


def test_a_circle_of_radius_zero_and_one_in_kilometres() -> None:
    body = info("<area><areaDesc>x</areaDesc><circle>30.5,100.25 0</circle><circle>-8.5,115 12.5</circle></area>")
    circles = only(read_text(cap(body))).infos[0].areas[0].circles
    assert [(c.lat_deg, c.lon_deg, c.radius_km) for c in circles] == [(30.5, 100.25, 0), (-8.5, 115, 12.5)]


def test_references_are_read() -> None:
    refers = "a@b,id-1,2024-05-19T10:00:00+08:00\n c@d,x,y,2024-05-19T11:00:00-00:00"
    alert = only(read_text(cap(msg_type="Update", references=refers)))
    assert [(r.sender, r.identifier) for r in alert.references] == [("a@b", "id-1"), ("c@d", "x,y")]
    assert alert.references[0].sent_at == datetime(2024, 5, 19, 2, tzinfo=UTC)
    assert str(alert.references[0]) == "a@b,id-1,2024-05-19T10:00:00+08:00"


@pytest.mark.parametrize("msg_type", ["Update", "Cancel"])
@pytest.mark.parametrize("references", [None, " ", "only-an-id", "a,b", "a,b,yesterday"])
def test_what_follows_nothing_is_refused(msg_type: str, references: str | None) -> None:
    assert where(read_text(cap(msg_type=msg_type, references=references))) == "alert/references"


def test_a_cancel_needs_no_info() -> None:
    alert = only(read_text(cap("", msg_type="Cancel", references="a,b,2024-05-19T10:00:00+08:00")))
    assert (alert.msg_type, alert.infos) == ("Cancel", ())


def test_a_time_without_zone_is_taken_as_utc_in_1_1_only() -> None:
    text = cap(namespace=samples.CAP_11, sent="2016-03-10T22:12:04.910")
    reading = read_text(text)
    assert only(reading).sent_at == datetime(2016, 3, 10, 22, 12, 4, 910_000, tzinfo=UTC)
    assert any("taken as UTC" in line for line in reading.warnings)


def test_infos_of_a_canadian_alert_must_be_of_one_event() -> None:
    code = "<eventCode><valueName>profile:CAP-CP:Event:0.4</valueName><value>{}</value></eventCode>"
    text = cap(info(more=code.format("flood")) + info(more=code.format("fire"), language="fr-CA"))
    profile = text.replace("<scope>Public</scope>", "<scope>Public</scope><code>profile:CAP-CP:0.4</code>")
    assert only(read_text(text))
    assert where(read_text(profile)) == "alert/info[2]/eventCode"
    assert only(read_text(profile.replace("fire", "flood")))


TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=20)
PAIRS = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
CIRCLES = st.tuples(PAIRS, st.floats(0, 20_000))
AREAS = st.fixed_dictionaries(
    {
        "rings": st.lists(st.lists(PAIRS, min_size=3, max_size=5, unique=True), max_size=3),
        "circles": st.lists(CIRCLES, max_size=3),
        "codes": st.lists(st.tuples(TEXTS, TEXTS), max_size=3),
    }
)


def written(area: dict[str, list[Any]]) -> str:
    """An area element, with numbers as Python writes them in decimals."""

    def pair(of: tuple[float, float]) -> str:
        return f"{of[0]:.12f},{of[1]:.12f}"

    rings = (f"<polygon>{' '.join(pair(p) for p in [*ring, ring[0]])}</polygon>" for ring in area["rings"])
    circles = (f"<circle>{pair(center)} {radius:.6f}</circle>" for center, radius in area["circles"])
    codes = (
        f"<geocode><valueName>{escape(name)}</valueName><value>{escape(value)}</value></geocode>"
        for name, value in area["codes"]
    )
    return f"<area><areaDesc>x</areaDesc>{''.join(rings)}{''.join(circles)}{''.join(codes)}</area>"


@settings(max_examples=examples(60))
@given(st.lists(st.lists(AREAS, max_size=3), min_size=1, max_size=3), TEXTS)
def test_what_is_written_is_read(infos: list[list[dict[str, list[Any]]]], event: str) -> None:
    body = "".join(info("".join(written(area) for area in areas), event=escape(event)) for areas in infos)
    reading = read_text(cap(body))
    if reading.refused is not None:
        # Corners that differ by less than what is written are one corner.
        assert "corners" in reading.refused.why
        return
    found = only(reading).infos
    assert [entry.event for entry in found] == [event] * len(infos)
    for entry, areas in zip(found, infos, strict=True):
        assert len(entry.areas) == len(areas)
        for area, expected in zip(entry.areas, areas, strict=True):
            assert [(code.name, code.value) for code in area.geocodes] == expected["codes"]
            for polygon, ring in zip(area.polygons, expected["rings"], strict=True):
                assert polygon[0] == tuple(pytest.approx(pair, abs=1e-9) for pair in [*ring, ring[0]])
            for circle, (center, radius) in zip(area.circles, expected["circles"], strict=True):
                assert (circle.lat_deg, circle.lon_deg) == pytest.approx(center, abs=1e-9)
                assert circle.radius_km == pytest.approx(radius, abs=1e-5)


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "GB18030", "gb2312", "windows-1252", "Big5"])
def test_declared_encodings_are_followed(encoding: str) -> None:
    event = "Überflutung" if encoding in ("ISO-8859-1", "windows-1252") else "洪水"
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + cap(info(event=event))
    assert only(read("x", text.encode(encoding))).infos[0].event == event
