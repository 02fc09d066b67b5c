"""Measuring norms: pure. A share is only given where the whole is known; an unknown whole is said, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from schemas.policy import prefix_of
from services.registry.stations.hours import least_daily_minutes
from services.registry.stations.model import Station
from services.registry.stations.norms.model import Counted, HotlineNorm, Norm, NormId, Norms, Threshold, Total, Whole


def measure(norms: Norms, counted: Mapping[NormId, Counted], totals: Mapping[Whole, Total], on: date) -> list[Any]:
    """Every norm with what the register counts, the share if the whole is known, and whether what was due by that day
    is reached."""
    return [
        _measured(norms, norm, counted[norm.norm_id], totals.get(norm.denominator.what), on) for norm in norms.norms
    ]


def threshold_due(thresholds: Sequence[Threshold], on: date) -> Threshold | None:
    """The last threshold that was due by that day."""
    return next((threshold for threshold in reversed(thresholds) if threshold.due_on <= on), None)


def verdict(share: float | None, due: Threshold | None) -> str:
    """`met`, `missed`, `unknown` (the whole is not known) or `not-due`."""
    if due is None:
        return "not-due"
    if share is None:
        return "unknown"
    return "met" if share >= due.share else "missed"


def count_hotline_cities(centres: Iterable[Station], norm: HotlineNorm) -> Counted:
    """Prefectures with a hotline centre that has what the norm asks for. What is not known does not count."""
    listed = list(centres)
    good = [
        centre
        for centre in listed
        if (centre.line_count or 0) >= norm.lines
        and (centre.seat_count or 0) >= norm.seats
        and centre.opening_hours is not None
        and least_daily_minutes(centre.opening_hours) >= norm.daily_minutes
    ]
    cities = {centre.area_code[:4] for centre in good if len(prefix_of(centre.area_code)) >= 4}
    return Counted(count=len(cities), details={"hotline_centres": len(listed), "hotline_centres_as_asked": len(good)})


def _measured(norms: Norms, norm: Norm, counted: Counted, total: Total | None, on: date) -> dict[str, Any]:
    share = None if total is None else counted.count / total.count
    due = threshold_due(norm.thresholds, on)
    return {
        "norm_id": norm.norm_id,
        "name": norm.name.model_dump(),
        "numerator": {"count": counted.count, "definition": norm.numerator.model_dump(), "details": counted.details},
        "denominator": {
            "what": norm.denominator.what,
            "definition": {"zh": norm.denominator.zh, "en": norm.denominator.en},
            "known": total is not None,
            "count": None if total is None else total.count,
            "as_of_on": None if total is None else total.as_of_on,
            "source": None if total is None else total.source,
        },
        "share": share,
        "exceeds_whole": share is not None and share > 1,
        "due": None if due is None else due.model_dump(mode="json"),
        "verdict": verdict(share, due),
        "thresholds": [
            {**threshold.model_dump(mode="json"), "citation": norms.sources[threshold.source].model_dump()}
            for threshold in norm.thresholds
        ],
    }
