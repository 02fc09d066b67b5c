"""What is said about each zone, in Chinese and English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from schemas.values import Explanation, Venue
from schemas.vocabulary import VenueKind, ZoneKind
from services.geofencing.attenuation import Relation
from services.geofencing.intensity import Field

NAMES: Final = {
    ZoneKind.CORE: ("核心区", "Core"),
    ZoneKind.AFFECTED: ("受影响区", "Affected"),
    ZoneKind.RIPPLE: ("波及区", "Ripple"),
}
DEGREES: Final = {
    ZoneKind.CORE: ("烈度Ⅸ度及以上", "intensity IX and above"),
    ZoneKind.AFFECTED: ("烈度Ⅶ至Ⅷ度", "intensity VII to VIII"),
    ZoneKind.RIPPLE: ("烈度Ⅵ度", "intensity VI"),
}
VENUES: Final = {
    VenueKind.STATION: ("车站", "stations"),
    VenueKind.SCHOOL: ("学校", "schools"),
    VenueKind.SHELTER: ("安置点", "shelters"),
    VenueKind.HOSPITAL: ("医院", "hospitals"),
    VenueKind.OTHER: ("其他场所", "other places"),
}
_SOURCE: Final = "Yu, Li & Xiao 2013"


def observed(kind: ZoneKind, field: Field, given: int, threshold: float) -> Explanation:
    """A zone drawn from intensity observations."""
    trend, used = field.trend, len(field.observations.x_km)
    fitted_zh = "按观测拟合的" if trend.is_fitted else ""
    fitted_en = "fitted to the observations, " if trend.is_fitted else ""
    return Explanation(
        zh=f"{NAMES[kind][0]}：{DEGREES[kind][0]}（等震线取{threshold}度）。由{given}个烈度观测点中的{used}个，"
        f"以{trend.relation.name_zh}烈度衰减关系（{fitted_zh}震级{trend.magnitude:.1f}；{_SOURCE}）为趋势，"
        "残差按距离反比加权插值。",
        en=f"{NAMES[kind][1]}: {DEGREES[kind][1]} (contour at {threshold}). From {used} of {given} observations; trend "
        f"by the attenuation relation of the {trend.relation.name_en} ({fitted_en}magnitude {trend.magnitude:.1f}; "
        f"{_SOURCE}), residuals by inverse-distance weighting.",
    )


def attenuated(kind: ZoneKind, relation: Relation, magnitude: float, radius_km: float) -> Explanation:
    """A zone drawn from a magnitude alone."""
    return Explanation(
        zh=f"{NAMES[kind][0]}：预计{DEGREES[kind][0]}。尚无烈度观测；按{relation.name_zh}烈度衰减关系"
        f"（震级{magnitude:.1f}；{_SOURCE}），距发生地约{radius_km:.0f}公里以内；断层走向未知，取长短轴的几何平均。",
        en=f"{NAMES[kind][1]}: {DEGREES[kind][1]} expected. No observations yet; by the attenuation relation of the "
        f"{relation.name_en} (magnitude {magnitude:.1f}; {_SOURCE}) within about {radius_km:.0f} km of the place; the "
        "fault's direction is unknown, so the radius is the geometric mean of both axes.",
    )


def stated(radius_m: float, *, assumed: bool) -> Explanation:
    """The core of an incident: its declared place."""
    zh, en = NAMES[ZoneKind.CORE]
    far_zh, far_en = _distance(radius_m)
    if assumed:
        return Explanation(
            zh=f"{zh}：宣布的地点及其周围{far_zh}（未给出范围，半径为假定值）。",
            en=f"{en}: the declared place and {far_en} around it (no extent was given; the radius is assumed).",
        )
    if radius_m > 0:
        return Explanation(
            zh=f"{zh}：宣布的地点及其周围{far_zh}。",
            en=f"{en}: the declared place and {far_en} around it.",
        )
    return Explanation(zh=f"{zh}：宣布的范围。", en=f"{en}: the declared area.")


def _distance(distance_m: float) -> tuple[str, str]:
    """In kilometres from one on."""
    if distance_m < 1_000:
        return f"{distance_m:.0f}米", f"{distance_m:.0f} m"
    return f"{distance_m / 1_000:.4g}公里", f"{distance_m / 1_000:.4g} km"


def ringed(kind: ZoneKind, level: str, radius_km: float) -> Explanation:
    """A ring around the core by level."""
    zh, en = NAMES[kind]
    return Explanation(
        zh=f"{zh}：核心区外{radius_km:g}公里以内（{level}级响应的假定值）。",
        en=f"{en}: within {radius_km:g} km of the core (assumed for level {level}).",
    )


def below(explanation: Explanation) -> Explanation:
    """The core, when intensities were given but none reaches VI."""
    return Explanation(
        zh=explanation.zh + "所给烈度均低于Ⅵ度，故按地点划定。",
        en=explanation.en + " All given intensities lie below VI, so the place itself is fenced.",
    )


def contoured(kind: ZoneKind, least: float) -> Explanation:
    """A zone drawn from intensity contours; `least` is the lowest of those it is made of."""
    return Explanation(
        zh=f"{NAMES[kind][0]}：{DEGREES[kind][0]}（所给烈度等值面中{least:g}度及以上的范围）。",
        en=f"{NAMES[kind][1]}: {DEGREES[kind][1]} (the ground within the given contours of {least:g} and above).",
    )


def with_venues(kind: ZoneKind, explanation: Explanation | None, venues: Sequence[Venue]) -> Explanation:
    """A zone that has venues too, or is made of nothing else."""
    counts = sorted(Counter(venue.kind for venue in venues).items())
    zh = "、".join(f"{VENUES[venue][0]}{count}处" for venue, count in counts)
    en = ", ".join(f"{VENUES[venue][1]}: {count}" for venue, count in counts)
    if explanation is None:
        return Explanation(
            zh=f"{NAMES[kind][0]}：受影响人员所在场所（{zh}）。",
            en=f"{NAMES[kind][1]}: places where affected people are ({en}).",
        )
    return Explanation(
        zh=f"{explanation.zh}另含受影响人员所在场所（{zh}）。",
        en=f"{explanation.en} Also places where affected people are ({en}).",
    )


def repaired(explanation: Explanation) -> Explanation:
    """A zone of a shape whose rings were invalid."""
    return Explanation(
        zh=explanation.zh + "所给图形的边界无效，已修复。",
        en=explanation.en + " The given rings were invalid and were repaired.",
    )
