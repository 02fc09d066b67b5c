"""Chinese earthquake messages as public relays pass them on in JSON. Their times are local (UTC+8) without saying so.

- `cenc_eqlist`: the list of measured earthquakes of the China Earthquake Networks Center, entries No1, No2, ...
- `cenc_eew`, `sc_eew` and other provinces' early warnings: one event, `ReportNum` counting its revisions. Numbers may
  be texts, and the magnitude is spelt `Magunitude` in some.
- the China Earthquake Administration's early warning (`shockTime`, `placeName`, `epiIntensity`, `updates`).
"""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime
from typing import Final

from services.incidents.intake import safejson, values
from services.incidents.intake.model import Alert, Area, Info, Notes, Quake, Reading, Refused
from services.incidents.intake.safejson import Object

_ENTRY: Final = re.compile(r"No[0-9]{1,4}")
_JAPAN: Final = ("Issue", "AnnouncedTime", "OriginalText")


def is_list(document: Object) -> bool:
    """Whether it is a list of measured earthquakes."""
    return any(_ENTRY.fullmatch(key) for key in document)


def is_warning(document: Object) -> bool:
    """Whether it is an early warning with `HypoCenter`."""
    return "OriginTime" in document and ("HypoCenter" in document or "Hypocenter" in document)


def is_cea(document: Object) -> bool:
    """Whether it is the form with `shockTime`."""
    return "shockTime" in document and ("placeName" in document or "epiIntensity" in document)


def read_list(document: Object, notes: Notes) -> Reading:
    """Measured earthquakes, the newest first as they come. One that cannot be read is noted."""
    alerts: list[Alert] = []
    first: Refused | None = None
    for key in sorted((key for key in document if _ENTRY.fullmatch(key)), key=lambda key: int(key[2:])):
        try:
            alerts.append(_measured(safejson.as_object(document[key], key), key, notes))
        except Refused as refused:
            first = first or refused
            notes.add(refused.where, f"{refused.why}; this entry was left out")
    if first is not None and not alerts:
        raise first
    return Reading(format="cenc-eqlist", alerts=tuple(alerts))


def _measured(record: Object, where: str, notes: Notes) -> Alert:
    quake = _quake(
        record,
        where,
        when="time",
        lat="latitude",
        lon="longitude",
        magnitude=("magnitude",),
        depth="depth",
        intensity="intensity",
        name=("location", "placeName"),
        notes=notes,
    )
    event_id = safejson.maybe_text(record, "EventID") or safejson.maybe_text(record, "eventId")
    reported = safejson.maybe_text(record, "ReportTime")
    sent_at = _time(reported, f"{where}.ReportTime") if reported else quake.occurred_at
    is_reviewed = safejson.maybe_text(record, "type") != "automatic"
    return _alert(
        quake, "cenc", event_id or _made_id("cenc", quake), sent_at=sent_at, version=0, is_observed=is_reviewed
    )


def read_warning(document: Object, notes: Notes) -> Reading:
    """An early warning of a province or of the centre."""
    japanese = [key for key in _JAPAN if key in document]
    if japanese:
        raise Refused(japanese[0], "belongs to a Japanese warning, whose times and intensities are not China's")
    quake = _quake(
        document,
        "",
        when="OriginTime",
        lat="Latitude",
        lon="Longitude",
        magnitude=("Magnitude", "Magunitude"),
        depth="Depth",
        intensity="MaxIntensity",
        name=("HypoCenter", "Hypocenter"),
        notes=notes,
    )
    kind = safejson.maybe_text(document, "type")
    guessed = "sc_eew" if "Magunitude" in document else "cenc_eew"
    name = kind if kind is not None and kind.endswith("_eew") else guessed
    sender = name.partition("_")[0]
    event_id = next((said for key in ("EventID", "ID") if (said := _id(document, key))), None)
    if event_id is None:
        event_id = _made_id(sender, quake)
        notes.add(
            "EventID", "is missing; the warning is named by when and where, and its next report may look like another"
        )
    reported = safejson.text(document, "ReportTime", "")
    version = safejson.maybe_real(document, "ReportNum", "") or 1
    alert = _alert(
        quake,
        sender,
        event_id,
        sent_at=_time(reported, "ReportTime"),
        version=int(min(max(version, 0), 1e6)),
        is_observed=False,
    )
    if document.get("isCancel") is True:
        alert = dataclasses.replace(alert, msg_type="Cancel")
    return Reading(format=name.replace("_", "-"), alerts=(alert,))


def read_cea(document: Object, notes: Notes) -> Reading:
    """An early warning in the form with `shockTime`."""
    quake = _quake(
        document,
        "",
        when="shockTime",
        lat="latitude",
        lon="longitude",
        magnitude=("magnitude",),
        depth="depth",
        intensity="epiIntensity",
        name=("placeName",),
        notes=notes,
    )
    event_id = safejson.text(document, "eventId" if "eventId" in document else "id", "")
    updated = safejson.maybe_text(document, "updateTime") or safejson.maybe_text(document, "createTime")
    sent_at = _time(updated, "updateTime") if updated else quake.occurred_at
    version = safejson.maybe_real(document, "updates", "") or 1
    alert = _alert(quake, "cea", event_id, sent_at=sent_at, version=int(min(max(version, 0), 1e6)), is_observed=False)
    return Reading(format="cea", alerts=(alert,))


def _quake(
    record: Object,
    where: str,
    *,
    when: str,
    lat: str,
    lon: str,
    magnitude: tuple[str, ...],
    depth: str,
    intensity: str,
    name: tuple[str, ...],
    notes: Notes,
) -> Quake:
    place = safejson.under(where, lat)
    point = values.position(safejson.real(record, lat, where), safejson.real(record, lon, where), place)
    spelt = next((key for key in magnitude if key in record), magnitude[0])
    size = safejson.real(record, spelt, where)
    if not -2 <= size <= 10:
        raise Refused(safejson.under(where, spelt), f"{size:g} is no magnitude")
    felt = _intensity(record, intensity, where, notes)
    if felt is not None and not 0 <= felt <= 12:
        raise Refused(safejson.under(where, intensity), f"{felt:g} is no intensity: 0 to 12")
    called = next((key for key in name if key in record), name[0])
    return Quake(
        occurred_at=_time(safejson.text(record, when, where), safejson.under(where, when)),
        lat_deg=point[0],
        lon_deg=point[1],
        depth_km=safejson.maybe_real(record, depth, where),
        magnitude=size,
        place_name=safejson.text(record, called, where),
        intensity_max=felt,
    )


def _id(document: Object, key: str) -> str | None:
    return None if document.get(key) in (None, "") else safejson.text(document, key, "")


def _made_id(sender: str, quake: Quake) -> str:
    """A name for what has none: by when and where. A re-measured earthquake may then look like another."""
    return f"{sender}-{quake.occurred_at:%Y%m%dT%H%M%S}-{quake.lat_deg:g}-{quake.lon_deg:g}"


def _time(text: str, where: str) -> datetime:
    """A time of China, also with slashes, as some relays write the date."""
    return values.time(text.replace("/", "-"), where, zone=values.CHINA)


def _intensity(record: Object, name: str, where: str, notes: Notes) -> float | None:
    """An intensity in numbers. Degrees of another scale ("4級") are no reason to lose the warning."""
    try:
        return safejson.maybe_real(record, name, where)
    except Refused as refused:
        notes.add(refused.where, f"{refused.why}; it was left out")
        return None


def _alert(
    quake: Quake, sender: str, event_id: str, *, sent_at: datetime | None, version: int, is_observed: bool
) -> Alert:
    points = () if quake.lat_deg is None or quake.lon_deg is None else ((quake.lat_deg, quake.lon_deg),)
    magnitude = "" if quake.magnitude is None else f"{quake.magnitude:g}级"
    info = Info(
        language="zh-CN",
        categories=("Geo",),
        event="地震",
        urgency="Past",
        certainty="Observed" if is_observed else "Likely",
        onset_at=quake.occurred_at,
        headline=f"{quake.place_name}{magnitude}地震",
        areas=(Area(description=quake.place_name or "", points=points),),
    )
    return Alert(
        identifier=event_id,
        sender=sender,
        sent_at=sent_at,
        msg_type="Update" if version > 1 else "Alert",
        infos=(info,),
        version=version,
        hazard="EQ",
        quake=dataclasses.replace(quake, event_id=event_id),
    )
