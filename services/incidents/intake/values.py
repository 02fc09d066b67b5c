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


def time(text: str, where: str, *, zone: timezone | None = None) -> datetime:
    """An ISO 8601 time in UTC. Without an offset it is in `zone`; if there is none it is refused."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise Refused(where, f"{shown(text)} is not a date and time" if text.strip() else "is empty; a time is needed")
    *parts, fraction, offset = match.groups()
    if offset is None and zone is None:
        raise Refused(where, f"{shown(text)} has no time zone")
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        local = datetime(*(int(part) for part in parts), micros, tzinfo=_zone(offset) if offset else zone)  # type: ignore[arg-type,misc]
        return local.astimezone(UTC)
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
        raise Refused(where, f"{shown(text)} is not a list of lat,lon pairs")
    words = text.split()
    if any(word[0] == "," or word[-1] == "," for word in words):
        notes.add(where, "has spaces around its commas")
        words = re.sub(r"\s*,\s*", ",", text).split()
    parts = [word.split(",") for word in words]
    if any(len(part) == 3 for part in parts):
        if not all(len(part) == 3 for part in parts):
            # "31,5,103" among pairs is more likely a decimal comma than one corner with a height.
            raise Refused(where, "has corners of two numbers and of three; which are lat,lon?")
        notes.add(where, "has heights, which were left out")
    pairs = [_pair(part, where) for part in parts]
    return close(pairs, where, notes)


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
        # The characters were checked before, so that float() takes no underscores, words or other digits here.
        lat_deg, lon_deg = float(parts[0]), float(parts[1])
    except ValueError as error:
        raise Refused(where, f"{shown(word)} is not a pair of numbers lat,lon") from error
    return position(lat_deg, lon_deg, where)


def _zone(offset: str) -> timezone:
    if offset == "Z":
        return UTC
    digits = offset[1:].replace(":", "")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-delta if offset[0] == "-" else delta)
