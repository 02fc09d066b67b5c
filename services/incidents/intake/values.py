"""Numbers, times and shapes out of text: strict, because a wrong place is worse than a refused file."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final

from services.incidents.intake.model import Circle, Notes, Pair, Refused

RADIUS_KM_MAX: Final = 20_038.0
"""Half way round the Earth at the equator."""
_BEYOND_DEG_MAX: Final = 45.0
CHINA: Final = timezone(timedelta(hours=8))

_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]{1,20}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,3})?")
_PAIRS: Final = re.compile(r"[-+0-9.eE,\s]*")
_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,12}))?"
    r"\s*(Z|[-+][0-9]{2}:?[0-9]{2})?"
)
_SHOWN: Final = 60


def shown(text: object) -> str:
    """A value for a message: short, and on one line."""
    line = " ".join(str(text).split())
    return repr(line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…")


def number(text: str, where: str) -> float:
    """A finite decimal number."""
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        raise Refused(where, f"{shown(text)} is not a number" if stripped else "is empty; a number is needed")
    value = float(stripped)
    if not math.isfinite(value):
        raise Refused(where, f"{shown(text)} is too large")
    return value


def magnitude(value: float | None, where: str) -> float | None:
    """A magnitude, if there is one; small quakes have negative ones."""
    if value is not None and not -5 <= value <= 10:
        raise Refused(where, f"{value:g} is no magnitude")
    return value


def time(text: str, where: str, *, zone: timezone | None = None) -> datetime:
    """An ISO 8601 time in UTC. Without an offset it is in `zone`; if there is none it is refused."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise Refused(where, f"{shown(text)} is not a date and time" if text.strip() else "is empty; a time is needed")
    *parts, fraction, offset = match.groups()
    is_midnight = parts[3:] == ["24", "00", "00"] and not int(fraction or "0")
    if is_midnight:
        parts[3] = "00"  # as XML Schema writes the end of a day
    if offset is None and zone is None:
        raise Refused(where, f"{shown(text)} has no time zone")
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        local = datetime(*(int(part) for part in parts), micros, tzinfo=_zone(offset) if offset else zone)  # type: ignore[arg-type,misc]
        return (local + timedelta(days=is_midnight)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused(where, f"{shown(text)} is no possible time: {error}") from error


def has_zone(text: str) -> bool:
    """Whether a time says its offset."""
    match = _TIME.fullmatch(text.strip())
    return match is not None and match.group(8) is not None


def mail_time(text: str, where: str) -> datetime:
    """An RFC 822 time, as RSS has them."""
    try:
        parsed = parsedate_to_datetime(text.strip())
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        raise Refused(where, f"{shown(text)} is not a time such as 'Mon, 30 Dec 2019 01:35:11 GMT'") from error


def epoch_ms(value: float, where: str) -> datetime:
    """Milliseconds since 1970, also before it."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    except (OverflowError, ValueError) as error:
        raise Refused(where, f"{value:g} ms is no possible time") from error


def position(lat_deg: float, lon_deg: float, where: str) -> Pair:
    """Checked (lat, lon)."""
    if not -90 <= lat_deg <= 90:
        swapped = "; are lat and lon swapped?" if abs(lon_deg) <= 90 and abs(lat_deg) <= 180 else ""
        raise Refused(where, f"latitude {lat_deg:g} is not between -90 and 90 degrees{swapped}")
    if not -180 <= lon_deg <= 180:
        raise Refused(where, f"longitude {lon_deg:g} is not between -180 and 180 degrees")
    return lat_deg, lon_deg


def ring(text: str, where: str, notes: Notes) -> tuple[Pair, ...]:
    """A CAP polygon: "lat,lon lat,lon ...", the last repeating the first; an open ring is closed, and that is noted."""
    if not _PAIRS.fullmatch(text):
        wrong = next((word for word in text.split() if not _PAIRS.fullmatch(word)), text)
        raise Refused(where, f"{shown(text)} is not a list of lat,lon pairs: see {shown(wrong)}")
    words = text.split()
    line = " ".join(words)
    if ", " in line or " ," in line or line[:1] == "," or line[-1:] == ",":
        notes.add(where, "has spaces around its commas")
        words = re.sub(r"\s*,\s*", ",", text).split()
    parts = [word.split(",") for word in words]
    lengths = set(map(len, parts))
    if 3 in lengths:
        if lengths != {3}:
            # "31,5,103" among pairs is more likely a decimal comma than one corner with a height.
            raise Refused(where, "has corners of two numbers and of three; which are lat,lon?")
        notes.add(where, "has heights, which were left out")
    pairs = _plain(parts) if lengths in ({2}, {3}) else None
    if pairs is None:
        pairs = _within_180([_pair(part, where) for part in parts], where, notes)
    return close(pairs, where, notes)


def _plain(parts: list[list[str]]) -> list[Pair] | None:
    """The corners of a ring in which every number is one and in range, as nearly all are; None for any other, whose
    corners are then looked at one by one."""
    try:
        # The characters were checked before, so that float() takes no underscores, words or other digits here.
        lats, lons = [float(part[0]) for part in parts], [float(part[1]) for part in parts]
    except ValueError:
        return None
    is_within = min(lats) >= -90 and max(lats) <= 90 and min(lons) >= -180 and max(lons) <= 180
    return list(zip(lats, lons, strict=True)) if is_within else None


def _within_180(pairs: list[Pair], where: str, notes: Notes) -> list[Pair]:
    """A narrow ring over the antimeridian may be written on beyond 180, as GDACS does. Anything else there is wrong."""
    lons = [lon for _, lon in pairs]
    west, east = min(lons, default=0), max(lons, default=0)
    if west >= -180 and east <= 180:
        return pairs
    if not (west < -180 < east or west < 180 < east) or east - west > _BEYOND_DEG_MAX:
        return [position(lat, lon, where) for lat, lon in pairs]
    notes.add(where, "goes on beyond 180 degrees; it was taken over the antimeridian")
    return [(lat, lon - 360 * (lon > 180) + 360 * (lon < -180)) for lat, lon in pairs]


def close(pairs: list[Pair], where: str, notes: Notes) -> tuple[Pair, ...]:
    """The ring of at least three different corners, closed."""
    if len(set(pairs)) < 3:
        raise Refused(where, f"a polygon needs at least 3 different corners and its first again; this has {len(pairs)}")
    if pairs[0] != pairs[-1]:
        notes.add(where, "was not closed; the first corner was repeated")
        pairs = [*pairs, pairs[0]]
    notes.spend(len(pairs), where)
    return tuple(pairs)


def circle(text: str, where: str) -> Circle:
    """A CAP circle: "lat,lon radius" with the radius in kilometres."""
    words = re.sub(r"\s*,\s*", ",", text.strip()).split()
    if len(words) != 2 or words[0].count(",") != 1:
        raise Refused(where, f"{shown(text)} is not 'lat,lon radius'")
    lat, lon = words[0].split(",")
    center = position(number(lat, where), number(lon, where), where)
    radius_km = number(words[1], where)
    if not 0 <= radius_km <= RADIUS_KM_MAX:
        raise Refused(where, f"a radius of {radius_km:g} km is not between 0 and {RADIUS_KM_MAX:g}")
    return Circle(*center, radius_km)


def _pair(parts: list[str], where: str) -> Pair:
    word = ",".join(parts)
    if not 2 <= len(parts) <= 3:
        raise Refused(where, f"{shown(word)} is not a pair lat,lon")
    try:
        lat_deg, lon_deg = float(parts[0]), float(parts[1])
    except ValueError as error:
        raise Refused(where, f"{shown(word)} is not a pair of numbers lat,lon") from error
    if 180 < abs(lon_deg) <= 180 + _BEYOND_DEG_MAX and -90 <= lat_deg <= 90:
        return lat_deg, lon_deg  # see _within_180
    return position(lat_deg, lon_deg, where)


def _zone(offset: str) -> timezone:
    if offset == "Z":
        return UTC
    digits = offset[1:].replace(":", "")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-delta if offset[0] == "-" else delta)
