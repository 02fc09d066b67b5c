"""From readings to proposals: which kind, which level and why, when, where, under what title. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from schemas.values import Explanation, IntensityObservation
from schemas.vocabulary import IncidentKind, Level
from services.incidents.intake import values
from services.incidents.intake.model import Alert, Area, Geocode, Info, Quake, Reading, Refused
from services.incidents.intake.place import geometry_of
from services.incidents.intake.proposal import Action, Contour, Proposal
from services.incidents.intake.rules import Rules, assumed_rules
from services.incidents.intake.usgs_product import SENDER as USGS

OBSERVATIONS_MAX: Final = 2_000
"""As many as a declaration takes; the strongest are kept."""
TITLE_CHARS_MAX: Final = 500
_ACTIONS: Final = {"Alert": Action.PROPOSE, "Update": Action.REVISE, "Cancel": Action.WITHDRAW}
_LEVELS: Final = (Level.I, Level.II, Level.III, Level.IV)
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_CHINESE_CODE: Final = re.compile(r"(?i)2260|10114|adcode|行政区划|cap-?cn")
_AREA_CODE: Final = re.compile(r"\d{6}(?:\d{6})?")
_SKIPPED: Final = frozenset({"Test", "System", "Draft"})


def propose(reading: Reading, rules: Rules | None = None) -> tuple[Proposal, ...]:
    """What a reading proposes. Tests, drafts, system messages, acknowledgements and errors propose nothing."""
    chosen = assumed_rules() if rules is None else rules
    form = reading.format or ""
    return tuple(
        _proposal(form, alert, chosen)
        for alert in reading.alerts
        if alert.status not in _SKIPPED and alert.msg_type in _ACTIONS and (alert.infos or alert.msg_type == "Cancel")
    )


def _proposal(form: str, alert: Alert, rules: Rules) -> Proposal:
    kind = _kind(alert, rules)
    areas = [area for info in alert.infos for area in info.areas]
    is_product = alert.quake is not None and alert.quake.lat_deg is None
    place, radius_m, notes = geometry_of([] if is_product else [area for area in areas if area.intensity is None])
    geocodes = tuple(dict.fromkeys(code for area in areas for code in area.geocodes))
    strongest = sorted(alert.observations, key=lambda seen: -seen.intensity)[:OBSERVATIONS_MAX]
    titles = {} if is_product else _titles(alert, kind in rules.headline_left_out)
    quake = alert.quake or _quake_of(alert, kind)
    level, reason = _level(alert, quake, rules)
    return Proposal(
        format=form,
        sender=alert.sender,
        identifier=alert.identifier,
        sent_at=alert.sent_at,
        version=alert.version,
        action=_ACTIONS[alert.msg_type],
        supersedes=alert.references,
        event_keys=tuple(dict.fromkeys(_event_keys(alert))),
        exercise=alert.status == "Exercise",
        is_restricted=alert.scope != "Public",
        kind=kind,
        level=level,
        level_reason=reason,
        occurred_at=_occurred_at(alert, quake),
        expires_at=max((info.expires_at for info in alert.infos if info.expires_at), default=None),
        place=place,
        radius_m=radius_m,
        area_names=() if is_product else tuple(dict.fromkeys(area.description for area in areas if area.description)),
        area_codes=_area_codes(geocodes),
        geocodes=geocodes,
        title_zh=titles.get("zh"),
        title_en=titles.get("en"),
        title_other=titles.get("other"),
        magnitude=None if quake is None else quake.magnitude,
        intensity_max=None if quake is None else quake.intensity_max,
        contours=tuple(_contours(areas)),
        observations=tuple(
            IntensityObservation(lat_deg=seen.lat_deg, lon_deg=seen.lon_deg, intensity=seen.intensity)
            for seen in strongest
        ),
        exposure=dict(alert.exposure),
        notes=notes,
    )


def _event_keys(alert: Alert) -> Iterator[str]:
    if alert.identifier is not None:
        yield f"{alert.sender},{alert.identifier}"
    if alert.quake is not None:
        yield from (f"{alert.sender},{alias}" for alias in alert.quake.aliases)
    for info in alert.infos:
        # USGS' own CAP messages name the event that its other products are of.
        yield from (f"{USGS},{entry.value}" for entry in info.parameters if entry.name == "EventIDKey")


def _kind(alert: Alert, rules: Rules) -> IncidentKind:
    """By the feed's hazard code, then its event codes, the words of its event, and its category."""
    if alert.hazard is not None and alert.hazard in rules.kind_of_hazard:
        return rules.kind_of_hazard[alert.hazard]
    codes = [code.value for info in alert.infos for code in info.event_codes]
    coded = next((rules.kind_of_code[code] for code in codes if code in rules.kind_of_code), None)
    if coded is not None:
        return coded
    for text in (_said(alert, "event"), _said(alert, "headline")):
        for kind, words in rules.kind_of_word:
            if any(_names(text, word) for word in words):
                return kind
    categories = [name for info in alert.infos for name in info.categories]
    kinds = (rules.kind_of_category[name] for name in categories if name in rules.kind_of_category)
    return next(kinds, IncidentKind.OTHER)


def _said(alert: Alert, name: str) -> str:
    return " ".join(str(getattr(info, name) or "") for info in alert.infos).lower()


def _names(text: str, word: str) -> bool:
    """Whether the text has the word; words in Latin letters must begin there, so that "spitfire" is no fire."""
    if _HAN.search(word):
        return word in text
    return re.search(rf"\b(?:bush|wild|grass)?{re.escape(word)}", text) is not None


def _level(alert: Alert, quake: Quake | None, rules: Rules) -> tuple[Level | None, Explanation | None]:
    """By the feed's own estimate of impact, else an earthquake's magnitude, else the gravest severity of its infos."""
    if alert.colour is not None:
        reason = _because(f"影响估计为 {alert.colour}", f"impact estimate {alert.colour}")
        return rules.level_of_colour[alert.colour], reason
    if quake is not None and quake.magnitude is not None:
        size = quake.magnitude
        level = next((level for least, level in rules.magnitude_from if size >= least), None)
        return level, _because(f"震级 {size:g}", f"magnitude {size:g}")
    by_name = rules.level_of_severity
    graded = [(by_name[info.severity], info) for info in alert.infos if info.severity and info.severity in by_name]
    if not graded:
        return None, None
    level, info = min(graded, key=lambda pair: _LEVELS.index(pair[0]))
    is_lower = rules.is_future_lower and (info.urgency == "Future" or info.certainty in ("Possible", "Unlikely"))
    if is_lower:
        level = _LEVELS[min(_LEVELS.index(level) + 1, len(_LEVELS) - 1)]
    said = f"severity {info.severity}, urgency {info.urgency}, certainty {info.certainty}"
    return level, _because(f"{said}（CAP）", said)


def _because(zh: str, en: str) -> Explanation:
    return Explanation(zh=f"{zh}；对应级别为假定，由人决定", en=f"{en}; the level is assumed, and a person decides")


def _quake_of(alert: Alert, kind: IncidentKind) -> Quake | None:
    """What CAP messages about earthquakes say in parameters (USGS: EventTime, Magnitude), as far as it can be read."""
    if kind is not IncidentKind.EARTHQUAKE:
        return None
    said = {entry.name: entry.value for info in alert.infos for entry in info.parameters}
    try:
        size = values.number(said["Magnitude"], "Magnitude") if "Magnitude" in said else None
        when = values.time(said["EventTime"], "EventTime", zone=UTC) if "EventTime" in said else None
    except Refused:
        return None
    return Quake(magnitude=size, occurred_at=when) if size is not None or when is not None else None


def _occurred_at(alert: Alert, quake: Quake | None) -> datetime | None:
    if quake is not None and (quake.occurred_at is not None or alert.quake is not None):
        return quake.occurred_at
    onsets = [info.onset_at for info in alert.infos if info.onset_at is not None]
    effective = [info.effective_at for info in alert.infos if info.effective_at is not None]
    return min(onsets or effective, default=alert.sent_at)


def _contours(areas: list[Area]) -> Iterator[Contour]:
    for area in areas:
        if area.intensity is not None:
            shape, _, _ = geometry_of([area])
            if shape is not None:
                yield Contour(area.intensity, shape)


def _area_codes(geocodes: tuple[Geocode, ...]) -> tuple[str, ...]:
    """GB/T 2260 and 10114 codes, where the feed says that they are such; others have six digits as well."""
    chinese = (code.value for code in geocodes if _CHINESE_CODE.search(code.name))
    return tuple(dict.fromkeys(value for value in chinese if _AREA_CODE.fullmatch(value)))


def _titles(alert: Alert, is_headline_left_out: bool) -> dict[str, str]:
    """Titles in Chinese (zh), English (en) and the first other language (other)."""
    found: dict[str, str] = {}
    for info in alert.infos:
        title = info.event if is_headline_left_out else info.headline or _quake_title(alert) or info.event
        title = title.strip()[:TITLE_CHARS_MAX]
        if title:
            found.setdefault(_language(info, title), title)
    return found


def _quake_title(alert: Alert) -> str | None:
    quake = alert.quake
    if quake is None or quake.magnitude is None or not quake.place_name:
        return None
    return f"M {quake.magnitude:.1f} - {quake.place_name}"


def _language(info: Info, title: str) -> str:
    # CAP: without a language element it is en-US. Some say so and write Chinese nevertheless.
    said = (info.language or "en").lower()
    if said.startswith("zh") or (_HAN.search(title) and not said.startswith(("ja", "ko"))):
        return "zh"
    return "en" if said.startswith("en") else "other"
