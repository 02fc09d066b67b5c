"""Documents around alerts: feeds, distributions, wrappers, many in a row, JSON."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.incidents.intake.samples import cap, info, only, read_json, read_text, where

ENTRY = "<id>e</id><title>t</title><updated>2024-05-19T17:18:00Z</updated>"


def atom(*entries: str) -> str:
    """An ATOM feed."""
    body = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{ENTRY}{body}</feed>'


def rss(*items: str) -> str:
    """An RSS feed."""
    body = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'<rss version="2.0"><channel><title>t</title><link>l</link><description>d</description>{body}</channel></rss>'
    )


def edxl(body: str, *, status: str = "Actual") -> str:
    """An EDXL-DE distribution."""
    return (
        '<e:EDXLDistribution xmlns:e="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><e:distributionID>d</e:distributionID>'
        "<e:senderID>s</e:senderID><e:dateTimeSent>2024-05-19T17:18:00-00:00</e:dateTimeSent>"
        f"<e:distributionStatus>{status}</e:distributionStatus><e:distributionType>Report</e:distributionType>"
        f"<e:contentObject><e:xmlContent><e:embeddedXMLContent>{body}</e:embeddedXMLContent></e:xmlContent>"
        "</e:contentObject></e:EDXLDistribution>"
    )


def escaped(text: str) -> str:
    """XML as text inside XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_a_feed_with_alerts_inside_and_links() -> None:
    reading = read_text(atom(f"{ENTRY}<content>{cap()}</content>", f'{ENTRY}<link href="http://a.example/1"/>'))
    assert reading.format == "atom"
    assert only(reading).identifier == "A1"
    assert reading.links == ("http://a.example/1",)


def test_a_feed_of_links_is_read_without_alerts() -> None:
    reading = read_text(rss("<title>t</title><link>http://a.example/1</link>", "<title>u</title><link>http://b</link>"))
    assert (reading.format, reading.alerts, reading.refused) == ("rss", (), None)
    assert reading.links == ("http://a.example/1", "http://b")
    assert "2 entries only link" in reading.warnings[0]


def test_alerts_as_text_inside_a_feed() -> None:
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?>' + cap(info(event="Überschwemmung"))
    reading = read_text(rss(f"<title>t</title><description>{escaped(declared)}</description>"))
    assert only(reading).infos[0].event == "Überschwemmung"


def test_a_bad_alert_among_good_ones_is_noted_and_left_out() -> None:
    bad = cap(identifier="B2").replace("<scope>Public</scope>", "")
    reading = read_text(atom(f"{ENTRY}<content>{bad}</content>", f"{ENTRY}<content>{cap()}</content>"))
    assert only(reading).identifier == "A1"
    assert any(line.startswith("feed/entry[1]/content/alert/scope: is missing") for line in reading.warnings)
    assert where(read_text(atom(f"{ENTRY}<content>{bad}</content>"))) == "feed/entry[1]/content/alert/scope"


def test_a_broken_feed_is_refused_by_its_element() -> None:
    assert where(read_text(atom().replace("<id>e</id>", ""))) == "feed/id"
    assert where(read_text(atom(ENTRY))) == "feed/entry[1]"
    linked = read_text(atom(ENTRY, f'{ENTRY}<link href="http://a.example/1"/>'))
    assert (linked.refused, linked.links) == (None, ("http://a.example/1",))
    assert linked.warnings[-1].startswith("feed/entry[1]: has neither")
    assert where(read_text(atom("<title>t</title>"))) == "feed/entry[1]/id"
    assert where(read_text(atom().replace("</feed>", "<foo/></feed>"))) == "feed/foo"
    assert where(read_text(rss().replace("<title>t</title>", ""))) == "rss/channel/title"
    assert where(read_text('<rss version="2.0"/>')) == "rss/channel"


def test_a_distribution_says_whether_its_alerts_are_real() -> None:
    reading = read_text(edxl(cap()))
    assert reading.format == "edxl-de-1.0"
    assert only(reading).status == "Actual"
    assert only(read_text(edxl(cap(), status="Exercise"))).status == "Exercise"
    assert read_text(edxl("<other/>")).alerts == ()
    missing = edxl(cap()).replace("<e:senderID>s</e:senderID>", "")
    assert where(read_text(missing)) == "EDXLDistribution/senderID"
    assert where(read_text(edxl(cap(), status="Real"))) == "EDXLDistribution/distributionStatus"


def test_many_alerts_in_one_file() -> None:
    alerts = [cap(identifier=f"A{n}") for n in range(17)]
    for text in (
        "<alerts>" + "".join(alerts) + "</alerts>",
        "\n".join(alerts),
        "\n".join('<?xml version="1.0" encoding="UTF-8"?>' + alert for alert in alerts),
    ):
        reading = read_text(text)
        assert [alert.identifier for alert in reading.alerts] == [f"A{n}" for n in range(17)], text[:60]
        assert reading.format == "cap-1.2"


def test_an_alert_inside_json() -> None:
    reading = read_json({"alert": {"sourceName": "x", "capXml": '<?xml version="1.0"?>' + cap()}})
    assert (reading.format, only(reading).identifier) == ("cap-1.2-json", "A1")
    assert where(read_json({"alert": {"capXml": "<alert"}})).startswith("alert.capXml/line")
    bad = cap().replace("<scope>Public</scope>", "")
    assert where(read_json({"alert": {"capXml": bad}})) == "alert.capXml/alert/scope"


def in_json(identifier: str, /, **changes: Any) -> dict[str, Any]:
    """CAP's fields in an object, in the order of the alphabet and with one of the publisher's own."""
    area = {"altitude": 0.0, "areaDesc": "valley", "geocode": [{"value": "DE1", "valueName": "EMMA_ID"}]}
    said = {
        "area": [{**area, "polygon": ["30,100 31,100 31,102 30,100"]}, area], "category": ["Met"],
        "certainty": "Likely", "event": "Flood", "resource": [{"uri": "x"}], "severity": "Severe",
        "urgency": "Immediate",
    }  # fmt: skip
    head = {"identifier": identifier, "msgType": "Alert", "scope": "Public", "sender": "a@b", "status": "Actual"}
    return {"id": 7, "info": [said, {**said, "area": []}], "sent": "2026-03-02T02:02:43+01:00", **head, **changes}


def test_an_alert_in_json_fields() -> None:
    refers = "a@b, x, 2026-03-01T02:02:43+01:00"
    reading = read_json(in_json("A1", msgType="Update", references=refers))
    alert = only(reading)
    assert (reading.format, alert.identifier, alert.references[0].identifier) == ("cap-1.2-json", "A1", "x")
    assert [len(info.areas) for info in alert.infos] == [2, 0]
    assert (len(alert.infos[0].areas[0].polygons), len(alert.infos[0].areas[1].geocodes)) == (1, 1)
    assert any("'id'" in line for line in reading.warnings)
    assert not any("comes later" in line for line in reading.warnings)


def test_warnings_in_json_with_a_bad_one_among_them() -> None:
    bad = in_json("B", info=[{**in_json("B")["info"][0], "severity": "Awful"}])
    reading = read_json({"warnings": [{"uuid": "1", "alert": in_json("A")}, {"alert": bad}, {"alert": 3}]})
    assert only(reading).identifier == "A"
    assert any(line.startswith("warnings[1].alert/info/severity") for line in reading.warnings)
    assert any(line.startswith("warnings[2].alert") for line in reading.warnings)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"sender": None}, "alert/sender"),
        ({"status": True}, "alert/status"),
        ({"info": "Flood"}, "alert/info"),
        ({"info": [{}, 3]}, "alert/info[2]"),
        ({"identifier": "\x01"}, "alert/identifier"),
        ({"sent": ["2026-03-02T02:02:43+01:00"] * 2}, "alert/sent[2]"),
    ],
)
def test_a_fault_in_json_fields_is_refused_by_its_element(changes: dict[str, Any], place: str) -> None:
    reading = read_json(in_json("A", **changes))
    assert (reading.format, where(reading)) == ("cap-1.2-json", place)


def test_an_envelope_in_json_proposes_nothing() -> None:
    envelope = {
        "distributionID": "fr.health.x_1",
        "senderID": "fr.health.x",
        "dateTimeSent": "2022-09-27T08:23:34+02:00",
        "dateTimeExpires": "2072-09-27T08:23:34+02:00",
        "distributionStatus": "Actual",
        "distributionKind": "Update",
        "content": [{"jsonContent": {"embeddedJsonContent": {"message": {"messageId": "1", "createCase": {}}}}}],
    }
    reading = read_json({"edxl": envelope})
    alert = only(reading)
    assert (reading.format, alert.identifier, alert.msg_type, alert.infos) == (
        "edxl-de-json",
        "fr.health.x_1",
        "Update",
        (),
    )
    assert "createCase" in reading.warnings[0]
    assert where(read_json({"edxl": {**envelope, "distributionStatus": "Real"}})) == "edxl.distributionStatus"
    assert where(read_json({"edxl": {**envelope, "senderID": None}})) == "edxl.senderID"


def test_alerts_in_geojson() -> None:
    properties = {
        "id": "urn:1", "sender": "w-nws@noaa.gov", "sent": "2020-01-18T13:55:00-05:00", "status": "Actual",
        "messageType": "Update", "category": "Met", "severity": "Moderate", "certainty": "Possible",
        "urgency": "Future", "event": "Flood Watch", "areaDesc": "county",
        "geocode": {"SAME": ["1", "2"], "UGC": ["3"]},
        "references": [{"identifier": "urn:0", "sender": "w-nws@noaa.gov", "sent": "2020-01-18T03:55:00-05:00"}],
    }  # fmt: skip
    ring = [[100, 30], [102, 30], [102, 31], [100, 30]]
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    document = {"type": "FeatureCollection", "features": [feature]}
    reading = read_json(document)
    alert = only(reading)
    area = alert.infos[0].areas[0]
    assert (reading.format, alert.references[0].identifier, len(area.geocodes)) == ("cap-geojson", "urn:0", 3)
    assert area.polygons[0][0][1] == (30, 102), "lon,lat of GeoJSON became lat,lon"
    feature["properties"] = {**properties, "references": []}
    assert where(read_json(document)) == "features[0].properties.references"
    feature["properties"] = {**properties, "severity": "Bad"}
    assert where(read_json(document)) == "features[0].properties.severity"
