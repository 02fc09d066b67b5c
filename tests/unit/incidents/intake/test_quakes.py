"""Earthquake feeds: USGS events and products, PAGER, QuakeML, GDACS, and the relays of Chinese messages."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from services.incidents.intake.propose import propose
from tests.unit.incidents.intake.samples import only, read_json, read_text, where

EVENT: dict[str, Any] = {
    "type": "Feature",
    "id": "us2000ar20",
    "properties": {
        "mag": -0.2, "place": "somewhere", "time": -7641289200000, "updated": 1635976017341, "status": "reviewed",
        "alert": None, "ids": ",us2000ar20,at00abc,", "type": "earthquake", "mmi": 7.8, "cdi": 9.1, "title": "M -0.2",
    },
    "geometry": {"type": "Point", "coordinates": [-98.4887, 18.5499, None]},
}  # fmt: skip
SC_EEW: dict[str, Any] = {
    "ID": 1, "EventID": "202209051252", "ReportTime": "2022-09-05 12:52:30", "ReportNum": 3,
    "OriginTime": "2022-09-05 12:52:18", "HypoCenter": "四川甘孜州泸定县", "Latitude": "29.59", "Longitude": 102.08,
    "Magunitude": "6.8", "Depth": None, "MaxIntensity": "9.0",
}  # fmt: skip
CEA: dict[str, Any] = {
    "eventId": "e1", "shockTime": "2025-01-07 09:05:15", "updateTime": "2025-01-07 09:05:40", "longitude": "87.45",
    "latitude": "28.50", "placeName": "西藏日喀则市定日县", "magnitude": "6.8", "epiIntensity": "9", "depth": "10",
    "updates": "2", "md5": "x",
}  # fmt: skip
GDACS_ITEM = (
    "<item><title>Red alert</title><pubDate>Mon, 30 Dec 2019 01:35:11 GMT</pubDate>"
    "<g:fromdate>Sun, 29 Dec 2019 12:00:00 GMT</g:fromdate><p:Point><p:lat>-19.4</p:lat><p:long>59.8</p:long></p:Point>"
    "<g:bbox>55 81 -46 -20</g:bbox><g:eventtype>EQ</g:eventtype><g:alertlevel>Red</g:alertlevel>"
    '<g:eventid>12</g:eventid><g:episodeid>3</g:episodeid><g:version>2</g:version><g:severity unit="M" value="6.1"/>'
    "<g:iso3>CHN</g:iso3><g:country>China</g:country></item>"
)


def gdacs(*items: str) -> str:
    """A GDACS feed, with the mark at its start that theirs have."""
    return (
        '\ufeff<?xml version="1.0"?><rss xmlns:g="http://www.gdacs.org" '
        'xmlns:p="http://www.w3.org/2003/01/geo/wgs84_pos#"><channel>' + "".join(items) + "</channel></rss>"
    )


def without(record: dict[str, Any], *names: str, **more: Any) -> dict[str, Any]:
    """The record with fields taken out and others set."""
    return {name: value for name, value in {**record, **more}.items() if name not in names}


def test_an_event_long_ago_with_a_negative_magnitude() -> None:
    reading = read_json(EVENT)
    quake = only(reading).quake
    assert quake is not None
    assert reading.format == "usgs-event"
    assert (quake.magnitude, quake.depth_km, quake.intensity_max, quake.aliases) == (-0.2, None, 9.1, ("at00abc",))
    assert quake.occurred_at == datetime(1727, 11, 10, 3, 40, tzinfo=UTC)
    assert (quake.lat_deg, quake.lon_deg) == (18.5499, -98.4887)


def test_a_query_with_nothing_found_is_read() -> None:
    reading = read_json({"type": "FeatureCollection", "metadata": {"count": 0}, "features": []})
    assert (reading.format, reading.alerts, reading.refused) == ("usgs-events", (), None)
    assert read_json({"type": "FeatureCollection", "features": []}).refused is None


def test_an_event_without_its_time_is_refused() -> None:
    for name, value, path in (("time", None, "properties.time"), ("alert", "blue", "properties.alert")):
        event = copy.deepcopy(EVENT)
        event["properties"][name] = value
        assert where(read_json(event)) == path
    event = copy.deepcopy(EVENT)
    event["geometry"]["coordinates"] = [18.5, -98.5, 1]
    reading = read_json({"type": "FeatureCollection", "features": [event]})
    assert where(reading) == "features[0].geometry.coordinates"
    assert "swapped" in (reading.refused.why if reading.refused else "")


@pytest.mark.parametrize(
    ("document", "form", "sender", "occurred_at", "magnitude", "version"),
    [
        (SC_EEW, "sc-eew", "sc", "2022-09-05T04:52:18+00:00", 6.8, 3),
        (without(SC_EEW, "Magunitude", Magnitude=6.8), "cenc-eew", "cenc", "2022-09-05T04:52:18+00:00", 6.8, 3),
        ({**SC_EEW, "type": "fj_eew"}, "fj-eew", "fj", "2022-09-05T04:52:18+00:00", 6.8, 3),
        (CEA, "cea", "cea", "2025-01-07T01:05:15+00:00", 6.8, 2),
        ({"type": "update", "Data": CEA}, "cea", "cea", "2025-01-07T01:05:15+00:00", 6.8, 2),
    ],
)
def test_a_chinese_warning_is_in_chinese_time(
    document: dict[str, Any], form: str, sender: str, occurred_at: str, magnitude: float, version: int
) -> None:
    reading = read_json(document)
    alert = only(reading)
    assert alert.quake is not None
    assert alert.quake.occurred_at == datetime.fromisoformat(occurred_at)
    assert (reading.format, alert.sender, alert.version, alert.quake.magnitude) == (form, sender, version, magnitude)
    assert alert.msg_type == "Update"
    assert propose(reading)[0].title_zh == f"{alert.quake.place_name}6.8级地震"


def test_a_list_of_measured_earthquakes() -> None:
    entry = {
        "type": "reviewed", "time": "2023-12-18 23:59:30", "location": "甘肃临夏州积石山县", "magnitude": "6.2",
        "depth": "10", "latitude": "35.70", "longitude": "102.79", "intensity": "8",
    }  # fmt: skip
    document = {
        "No2": {**entry, "time": "2023-12-18 23:00:00"},
        "No1": entry,
        "No10": {**entry, "latitude": "x"},
        "md5": "",
    }
    reading = read_json(document)
    assert reading.format == "cenc-eqlist"
    assert [alert.quake.occurred_at for alert in reading.alerts if alert.quake] == [
        datetime(2023, 12, 18, 15, 59, 30, tzinfo=UTC),
        datetime(2023, 12, 18, 15, 0, tzinfo=UTC),
    ]
    assert any(line.startswith("No10.latitude") for line in reading.warnings)
    assert where(read_json({"No1": {**entry, "latitude": "x"}})) == "No1.latitude"


def test_a_japanese_warning_is_not_misread_as_chinese() -> None:
    assert where(read_json({**SC_EEW, "AnnouncedTime": "2023/08/11 09:14:36", "Issue": {"Source": "東京"}})) == "Issue"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"Latitude": "102", "Longitude": "29"}, "Latitude"),
        ({"Magunitude": "big"}, "Magunitude"),
        ({"Magunitude": 68}, "Magunitude"),
        ({"OriginTime": "yesterday"}, "OriginTime"),
        ({"HypoCenter": ""}, "HypoCenter"),
        ({"MaxIntensity": 15}, "MaxIntensity"),
    ],
)
def test_a_warning_with_a_fault_is_refused_by_its_field(change: dict[str, Any], path: str) -> None:
    assert where(read_json({**SC_EEW, **change})) == path


def test_a_warning_without_a_name_is_named_by_when_and_where() -> None:
    nameless = {key: value for key, value in SC_EEW.items() if key not in ("ID", "EventID")}
    reading = read_json(nameless)
    assert only(reading).identifier == "sc-20220905T045218-29.59-102.08"
    assert any("EventID" in line for line in reading.warnings)


def test_gdacs_orders_its_box_in_its_own_way() -> None:
    reading = read_text(gdacs(GDACS_ITEM))
    alert = only(reading)
    area = alert.infos[0].areas[0]
    assert reading.format == "gdacs-rss"
    assert (alert.identifier, alert.version, alert.msg_type, alert.colour) == ("EQ12", 3002, "Update", "red")
    assert (area.extent, area.points) == ((-46, 55, -20, 81), ((-19.4, 59.8),))
    (proposal,) = propose(reading)
    assert (proposal.kind, proposal.level, proposal.magnitude) == ("earthquake", "I", 6.1)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("<g:eventtype>EQ</g:eventtype>", "", "eventtype"),
        ("<g:eventtype>EQ</g:eventtype>", "<g:eventtype>XX</g:eventtype>", "eventtype"),
        ("<p:lat>-19.4</p:lat>", "<p:lat>-99</p:lat>", "Point"),
        ("<g:bbox>55 81 -46 -20</g:bbox>", "<g:bbox>-46 -20 155 181</g:bbox>", "bbox"),
        (">Red<", ">Purple<", "alertlevel"),
        ("Sun, 29 Dec 2019 12:00:00 GMT", "29.12.2019", "fromdate"),
    ],
)
def test_a_gdacs_item_with_a_fault_is_left_out_or_refused(old: str, new: str, path: str) -> None:
    assert old in GDACS_ITEM
    bad = GDACS_ITEM.replace(old, new)
    assert where(read_text(gdacs(bad))) == f"rss/channel/item[1]/{path}"
    assert len(read_text(gdacs(GDACS_ITEM, bad)).alerts) == 1


def test_exposures_take_their_event_from_their_address() -> None:
    document = {"population_exposure": {"mmi": list(range(1, 11)), "aggregated_exposure": [0] * 6 + [28671, 0, 0, 0]}}
    alert = only(read_json(document, "pager/us2000h8ty/1536172579675_exposures.json"))
    assert (alert.identifier, alert.exposure[7]) == ("us2000h8ty", 28671)
    assert alert.sent_at == datetime(2018, 9, 5, 18, 36, 19, 675_000, tzinfo=UTC)
    nameless = read_json(document, "exposures.json")
    assert only(nameless).identifier is None
    assert "does not say which earthquake" in nameless.warnings[0]
    document["population_exposure"]["aggregated_exposure"].pop()
    assert where(read_json(document)) == "population_exposure.aggregated_exposure"
    document["population_exposure"]["aggregated_exposure"].append(-5)
    assert where(read_json(document)) == "population_exposure.aggregated_exposure[9]"


def test_a_run_of_pager_says_which_event_and_version() -> None:
    document = {
        "event": {"eventid": "us2000h8ty", "time": "2018-09-05 18:07:59", "lat": 42.686, "lon": 141.929, "mag": 6.6},
        "pager": {"version_number": 7, "alert_level": "orange", "processing_time": "2018-09-06T12:00:00", "maxmmi": 9},
    }
    reading = read_json(document)
    alert = only(reading)
    assert (reading.format, alert.identifier, alert.version, alert.colour) == (
        "usgs-pager-event",
        "us2000h8ty",
        7,
        "orange",
    )
    document["pager"]["alert_level"] = "purple"
    assert where(read_json(document)) == "pager.alert_level"


def test_a_scenario_is_an_exercise() -> None:
    event = {
        "event_id": "x1", "event_type": "SCENARIO", "latitude": "31", "longitude": "103", "depth": "10",
        "magnitude": "7.0", "origin_time": "2024-01-01T00:00:00Z",
    }  # fmt: skip
    reading = read_json({"input": {"event_information": event}, "output": {}, "processing": {}})
    assert only(reading).status == "Exercise"
    assert propose(reading)[0].exercise is True
    event["latitude"] = "103"
    assert where(read_json({"input": {"event_information": event}})) == "input.event_information.latitude"


def test_nan_that_programs_write_into_json_is_read_as_null() -> None:
    text = (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"intensity": 6.5, "pga": NaN},'
        ' "geometry": {"type": "Point", "coordinates": [103.5, 31.0]}}]}'
    )
    reading = read_text(text)
    assert only(reading).observations[0].intensity == 6.5
    assert any("NaN" in line for line in reading.warnings)


def test_quakeml_takes_the_preferred_origin() -> None:
    origin = (
        '<origin publicID="{}"><time><value>2018-03-29T21:25:36.{}</value></time><latitude><value>{}</value></latitude>'
        "<longitude><value>151.4</value></longitude><depth><value>35000</value></depth></origin>"
    )
    text = (
        '<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" xmlns="http://quakeml.org/xmlns/bed/1.2">'
        '<eventParameters publicID="x"><event publicID="quakeml:us/event/1000db40">'
        f"{origin.format('a', '1', '-6')}{origin.format('b', '2Z', '-5.4')}<preferredOriginID>b</preferredOriginID>"
        "</event></eventParameters></q:quakeml>"
    )
    quake = only(read_text(text)).quake
    assert quake is not None
    assert (quake.lat_deg, quake.depth_km, quake.event_id, quake.magnitude) == (-5.4, 35, "1000db40", None)
    assert where(read_text(text.replace("-5.4", "-95.4"))) == "quakeml/eventParameters/event[1]/origin"
