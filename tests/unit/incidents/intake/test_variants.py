"""Files that are nearly right, of every kind: each becomes proposals, or is refused by the element that is wrong."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.incidents.feeds.worker import read_document
from tests.unit.incidents.intake.samples import AREA, CAP_10, CAP_11, CAP_12, RING, cap, info

ALERT, OTHER = cap(), cap(identifier="B")
CHINESE = cap(info(language="zh-CN", event="洪水", area=AREA.replace("valley", "某县")))
BARE = ALERT.replace(f' xmlns="{CAP_12}"', "")
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
INCLUDE = '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'
ESCAPED = ALERT.replace("&", "&amp;").replace("<", "&lt;")


def area(inside: str) -> str:
    return cap(info(area=f"<area><areaDesc>v</areaDesc>{inside}</area>"))


def polygon(ring: str) -> str:
    return area(f"<polygon>{ring}</polygon>")


def declared(encoding: str, text: str = CHINESE) -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)


def atom(content: str, kind: str = "application/cap+xml") -> str:
    entry = f'<entry><id>e</id><title>x</title><updated>2024-01-01T00:00:00Z</updated><content type="{kind}">{content}'
    head = '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id><updated>2024-01-01T00:00:00Z</updated>'
    return f"{head}{entry}</content></entry></feed>"


def in_soap(body: str) -> str:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'


def edxl(*alerts: str, status: str = "Actual") -> str:
    content = "".join(
        f"<contentObject><xmlContent><embeddedXMLContent>{one}</embeddedXMLContent></xmlContent></contentObject>"
        for one in alerts
    )
    return (
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>d1</distributionID>'
        "<senderID>a@b</senderID><dateTimeSent>2024-05-19T17:18:00+08:00</dateTimeSent>"
        f"<distributionStatus>{status}</distributionStatus><distributionType>Report</distributionType>"
        f"<combinedConfidentiality>U</combinedConfidentiality>{content}</EDXLDistribution>"
    )


def event(**properties: Any) -> dict[str, Any]:
    said = {"mag": 6, "place": "x", "time": 1725000000000, "type": "earthquake", "status": "reviewed", **properties}
    return {
        "type": "Feature", "id": "us1", "properties": said, "geometry": {"type": "Point", "coordinates": [103, 31, 10]}
    }  # fmt: skip


def contour(kind: str, coordinates: Any, value: Any = 6.0) -> dict[str, Any]:
    properties = {"value": value, "units": "mmi", "color": "#fff", "weight": 2}
    geometry = {"type": kind, "coordinates": coordinates}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return {"type": "FeatureCollection", "metadata": {}, "features": [feature]}


WARNING = {
    "EventID": "1", "ReportTime": "2024-08-30 10:00:20", "ReportNum": 2, "OriginTime": "2024-08-30 10:00:00",
    "HypoCenter": "四川雅安市汉源县", "Latitude": "29.4", "Longitude": 102.6, "Magunitude": "5.1", "MaxIntensity": 6.2,
}  # fmt: skip
NAMELESS = {key: value for key, value in WARNING.items() if key != "EventID"}
STATION = '<station lat="31" lon="103" intensity="{}"/>'
STATIONS = f"<stationlist>{STATION.format('NaN')}{STATION.format('6.1')}</stationlist>"
EXPOSURE = {"population_exposure": {"mmi": [7], "aggregated_exposure": [5]}}
TWICE = {"population_exposure": {"mmi": [7, 7], "aggregated_exposure": [5, 6]}}
SHORT = {"population_exposure": {"mmi": [1, 2], "aggregated_exposure": [1]}}
SWAPPED = {**event(), "geometry": {"type": "Point", "coordinates": [31, 103]}}
RING_LINE = [[103, 31], [104, 31], [104, 32], [103, 31]]
LINES = contour("MultiLineString", [RING_LINE])
NO_LINE = {**contour("MultiLineString", [], 7.0)["features"][0], "geometry": None}
TRIPLE = "a@b,x,2024-05-19T10:00:00+08:00"
KIND_20 = "<distributionStatus><statusKindDefault>Test</statusKindDefault></distributionStatus>"
DE_20 = (
    '<edxlDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:2.0"><distributionID>d</distributionID>'
    "<senderID>s</senderID><dateTimeSent>2024-05-19T10:00:00+08:00</dateTimeSent>{}<content>{}</content>"
    "</edxlDistribution>"
)

READ: list[tuple[str, Any, int]] = [
    ("CAP 1.1", cap(namespace=CAP_11), 1),
    ("CAP 1.0", cap(namespace=CAP_10), 1),
    ("no namespace", BARE, 1),
    ("a wrong namespace", cap(namespace="urn:oasis:names:tc:emergency:alerts:1.2"), 1),
    ("a prefix", ALERT.replace("<", "<cap:").replace("<cap:/", "</cap:").replace("xmlns=", "xmlns:cap="), 1),
    ("a prefix never declared", BARE.replace("<", "<c:").replace("<c:/", "</c:"), 1),
    ("two in a wrapper", f"<alerts>{ALERT}{OTHER}</alerts>", 2),
    ("two in a row", f'<?xml version="1.0"?>{ALERT}\n<?xml version="1.0"?>{OTHER}', 2),
    ("a SOAP envelope", in_soap(ALERT), 1),
    ("ATOM", atom(ALERT), 1),
    ("ATOM, escaped", atom(ESCAPED, "text"), 1),
    ("ATOM, CDATA", atom(f"<![CDATA[{ALERT}]]>", "html"), 1),
    ("EDXL-DE of two", edxl(ALERT, OTHER), 2),
    ("EDXL-DE of a drill", edxl(ALERT, status="Exercise"), 1),
    ("EDXL-DE of a test", edxl(ALERT, status="Test"), 0),
    ("EDXL-DE 2.0", DE_20.format("<distributionStatus>Actual</distributionStatus>", ALERT), 1),
    ("EDXL-DE 2.0 of a test", DE_20.format(KIND_20, ALERT), 0),
    ("EDXL-DE of a test in SOAP", in_soap(edxl(ALERT, status="Test")), 0),
    ("EDXL-DE of a test in another", edxl(edxl(ALERT, status="Test")), 0),
    ("EDXL-DE with one bad alert", edxl(ALERT, cap(info(severity="Awful"))), 1),
    ("a BOM", b"\xef\xbb\xbf" + ALERT.encode(), 1),
    ("UTF-16", declared("utf-16"), 1),
    ("UTF-32", declared("utf-32"), 1),
    ("a BOM written twice", "\ufeff".encode().decode("latin-1").encode() + ALERT.encode(), 1),
    ("GB18030", declared("gb18030"), 1),
    ("GBK", declared("gbk"), 1),
    ("Latin-1", declared("iso-8859-1", ALERT), 1),
    ("a CDATA polygon", ALERT.replace(RING, f"<![CDATA[{RING}]]>"), 1),
    ("a document type", "<!DOCTYPE alert>" + ALERT, 1),
    ("XInclude is not followed", ALERT.replace("<info>", f"{INCLUDE}<info>"), 1),
    ("an open ring", polygon("31,103 31,104 32,104 32,103"), 1),
    ("a bow tie", polygon("31,103 32,104 32,103 31,104 31,103"), 1),
    ("heights on all corners", polygon("31,103,5 31,104,5 32,104,5 31,103,5"), 1),
    ("over the antimeridian", polygon("10,179 10,-179 12,-179 12,179 10,179"), 1),
    ("round the pole", polygon("80,-120 80,0 80,120 80,-120"), 1),
    ("a circle of radius 0", area("<circle>31,103 0</circle>"), 1),
    ("an empty circle", area("<circle/>"), 1),
    ("a little beyond 180 degrees", polygon("-22,-179.5 -21,-180.4 -21,-178.5 -22,-179.5"), 1),
    ("the end of a day", cap(sent="2024-05-19T24:00:00+08:00"), 1),
    ("no zone in CAP 1.1", cap(sent="2024-05-19T17:18:00", namespace=CAP_11), 1),
    ("a USGS event", event(), 1),
    ("a USGS feed", {"type": "FeatureCollection", "metadata": {}, "features": [event(), {**event(), "id": "us2"}]}, 2),
    ("a USGS feed with bad entries", {"type": "FeatureCollection", "metadata": {}, "features": [event(), 3, None]}, 1),
    ("no magnitude", event(mag=None), 1),
    ("a number as text", event(mag="6"), 1),
    ("contours", contour("MultiLineString", [RING_LINE]), 1),
    ("open contours", contour("MultiLineString", [RING_LINE[:3]]), 1),
    ("people at intensities", EXPOSURE, 1),
    ("contours, one without a line", {**LINES, "features": [NO_LINE, *LINES["features"]]}, 1),
    ("stations, one not measured", STATIONS, 1),
    ("a Chinese warning, misspelt, of texts", WARNING, 1),
    ("a Chinese warning without a name", NAMELESS, 1),
    ("a Chinese warning with slashes", {**WARNING, "OriginTime": "2024/08/30 10:00:00"}, 1),
    ("degrees of another scale", {**WARNING, "MaxIntensity": "4級"}, 1),
]  # fmt: skip

REFUSED: list[tuple[str, Any, str]] = [
    ("half a character of UTF-16", declared("utf-16")[:-1], "encoding"),
    ("GB18030 that says it is UTF-8", f'<?xml version="1.0" encoding="UTF-8"?>{CHINESE}'.encode("gb18030"), "line 1"),
    ("GBK in JSON", json.dumps(WARNING, ensure_ascii=False).encode("gbk"), "encoding"),
    ("an entity", '<!DOCTYPE a [<!ENTITY x "y">]>' + ALERT, "!DOCTYPE"),
    ("an outside document type", '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd">' + ALERT, "!DOCTYPE"),
    ("half a file", ALERT[: len(ALERT) // 2], "line 1"),
    ("rubbish after", ALERT + "rubbish", "line 1"),
    ("lon,lat", polygon("103,31 104,31 104,32 103,31"), "alert/info/area/polygon"),
    ("two corners", polygon("31,103 32,104"), "alert/info/area/polygon"),
    ("a decimal comma", polygon("31,5,103 31,104 32,104 31,5,103"), "alert/info/area/polygon"),
    ("degrees in words", polygon("31N,103E 31,104 32,104 31,103"), "alert/info/area/polygon"),
    ("not a number", polygon("NaN,103 31,104 32,104 NaN,103"), "alert/info/area/polygon"),
    ("a negative radius", area("<circle>31,103 -5</circle>"), "alert/info/area/circle"),
    ("a circle lon,lat", area("<circle>103,31 5</circle>"), "alert/info/area/circle"),
    ("a circle without radius", area("<circle>31,103</circle>"), "alert/info/area/circle"),
    ("an update of nothing", cap(msg_type="Update"), "alert/references"),
    ("a reference that is none", cap(msg_type="Update", references="x"), "alert/references"),
    ("no zone in CAP 1.2", cap(sent="2024-05-19T17:18:00"), "alert/sent"),
    ("an impossible time", cap(sent="0000-00-00T00:00:00+00:00"), "alert/sent"),
    ("a status in small letters", cap(status="actual"), "alert/status"),
    ("two identifiers", ALERT.replace("<sender>", "<identifier>x</identifier><sender>"), "alert/identifier[2]"),
    ("a reference of two at once", cap(msg_type="Update", references=f"{TRIPLE};{TRIPLE}"), "alert/references"),
    ("an unknown element", ALERT.replace("<info>", "<info><colour>red</colour>"), "alert/info/colour"),
    ("a USGS event lat,lon", SWAPPED, "geometry.coordinates"),
    ("a USGS event nowhere", {**event(), "geometry": None}, "geometry"),
    ("a field twice", json.dumps(event()).replace('"mag": 6', '"mag": 3, "mag": 6'), "mag"),
    ("a magnitude of a million", event(mag=1e6), "properties.mag"),
    ("a time in words", event(time="2024-01-01"), "properties.time"),
    ("a contour in Roman", contour("MultiLineString", [RING_LINE], "VI"), "features[0].properties.value"),
    ("a contour beyond XII", contour("MultiLineString", [RING_LINE], 13), "features[0].properties.value"),
    ("a warning lat for lon", {**WARNING, "Latitude": 102.6, "Longitude": 29.4}, "Latitude"),
    ("people at an intensity twice", TWICE, "population_exposure.mmi[1]"),
    ("fewer people than intensities", SHORT, "population_exposure.aggregated_exposure"),
    ("an empty PAGER", "<pager/>", "pager/event"),
    ("KML", '<kml xmlns="http://www.opengis.net/kml/2.2"/>', "kml"),
]  # fmt: skip


def as_bytes(document: Any) -> bytes:
    if isinstance(document, bytes):
        return document
    return (document if isinstance(document, str) else json.dumps(document)).encode()


@pytest.mark.parametrize(("document", "count"), [pytest.param(d, n, id=name) for name, d, n in READ])
def test_what_leaves_no_doubt_is_read(document: Any, count: int) -> None:
    read = read_document("file", as_bytes(document))
    assert (read.refused, len(read.proposals)) == (None, count)


@pytest.mark.parametrize(("document", "where"), [pytest.param(d, w, id=name) for name, d, w in REFUSED])
def test_what_leaves_a_doubt_is_refused_by_its_element(document: Any, where: str) -> None:
    read = read_document("file", as_bytes(document))
    assert read.refused is not None
    assert (read.refused[0], read.proposals, bool(read.refused[1])) == (where, (), True)


SEEDS = [as_bytes(document) for _, document, _ in READ]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.sampled_from(SEEDS), st.data())
def test_any_damage_to_any_kind_is_read_or_refused_soon(seed: bytes, other: bytes, data: st.DataObject) -> None:
    whole = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(whole)))
        match data.draw(st.integers(0, 3)):
            case 0:
                whole[at : at + 1] = data.draw(st.binary(max_size=3))
            case 1:
                del whole[at : at + data.draw(st.integers(1, 40))]
            case 2:
                whole[at:at] = whole[at : at + 60] * data.draw(st.integers(1, 5))
            case _:
                begin = data.draw(st.integers(0, len(other)))
                whole[at:at] = other[begin : begin + 80]
    began = time.process_time()
    read_document("x", bytes(whole))
    assert time.process_time() - began < 5
