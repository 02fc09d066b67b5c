"""Decisions about proposals: which messages make one, what may be declared by itself, what an accepted one says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from schemas.events.incident import IncidentProposed
from schemas.values import Geometry, IntensityContour, PointGeometry, Position
from services.incidents.amend.model import Extent
from services.incidents.feeds.model import (
    AcceptRequest,
    FeedPolicy,
    Followed,
    Kept,
    Known,
    Message,
    ProposalState,
)
from services.incidents.feeds.texts import digest_of_content, id_of_new, text_of
from services.incidents.geometry import box_of
from services.incidents.intake.follow import Thread, follow, keys_of
from services.incidents.intake.proposal import Proposal
from services.kit.problems import Finding

OVERRIDES = (
    "kind",
    "level",
    "title_zh",
    "title_en",
    "place",
    "area_codes",
    "needs",
    "narrative",
    "parent_id",
    "venues",
)
"""What a person may say in the feed's place; `radius_m` and `occurred_at` too, which need some care."""


def keys_as_texts(proposal: Proposal) -> list[str]:
    """The names by which a message finds the proposals it belongs to."""
    return sorted(f"{'drill' if exercise else 'real'},{key}" for exercise, key in keys_of(proposal))


def fold(known: Known, new: Sequence[Message]) -> list[Followed]:
    """Proposals that the new messages begin or touch. The outcome does not depend on the order of arrival."""
    by_object = {id(message.proposal): message for message in (*known.messages, *new)}
    threads: tuple[Thread, ...] = ()
    for message in (*known.messages, *new):
        threads = follow(threads, message.proposal)
    fresh = {id(message.proposal) for message in new}
    return [
        _followed(thread, [by_object[id(item)] for item in thread.versions], known)
        for thread in threads
        if any(id(item) in fresh for item in thread.versions)
    ]


def _followed(thread: Thread, messages: list[Message], known: Known) -> Followed:
    before = [known.kept[one] for one in {message.proposal_id for message in messages} if one is not None]
    survivor = min(before, key=_precedence, default=None)
    picture = thread.picture()
    digest, withdrawn = digest_of_content(picture), thread.is_withdrawn
    is_same = survivor is not None and (survivor.picture_digest, survivor.withdrawn) == (digest, withdrawn)
    return Followed(
        proposal_id=id_of_new(messages[0]) if survivor is None else survivor.proposal_id,
        is_new=survivor is None,
        changed=not is_same,
        withdrawn=withdrawn,
        picture=picture,
        picture_text=text_of(picture),
        picture_digest=digest,
        messages=tuple(messages),
        joined=tuple(sorted(one.proposal_id for one in before if one is not survivor)),
    )


def _precedence(kept: Kept) -> tuple[bool, bool, str]:
    """Of proposals that turn out to be one, the accepted one stays, then the one a person has looked at."""
    return (kept.state is not ProposalState.ACCEPTED, kept.state is not ProposalState.DISMISSED, str(kept.proposal_id))


def told(followed: Followed, source: str, revision: int, kept: Kept | None) -> IncidentProposed | None:
    """The event that tells a proposal; None for what the rules would not respond to and nobody accepted."""
    picture = followed.picture
    accepted_as = None if kept is None else kept.incident_id
    if picture.level is None and accepted_as is None:
        return None
    return IncidentProposed(
        proposal_id=followed.proposal_id,
        source=source,
        revision=revision,
        kind=picture.kind,
        level=picture.level,
        occurred_at=picture.occurred_at,
        centre=None if picture.place is None else centre_of(picture.place),
        magnitude=picture.magnitude,
        area_codes=picture.area_codes,
        withdrawn=followed.withdrawn,
        accepted_as=accepted_as,
    )


def centre_of(place: Geometry) -> Position:
    """The middle of a place's box: enough to find it on a map."""
    if isinstance(place, PointGeometry):
        return Position(lon_deg=place.coordinates[0], lat_deg=place.coordinates[1])
    box = box_of(place)
    return Position(lon_deg=(box.west_deg + box.east_deg) / 2, lat_deg=(box.south_deg + box.north_deg) / 2)


def may_declare(picture: Proposal, policy: FeedPolicy, senders: Iterable[str]) -> bool:
    """Whether the policy lets a proposal be declared by itself; every sender of its messages must be named in it."""
    declares = policy.declares
    if declares is None or picture.exercise or picture.is_restricted or picture.level is None:
        return False
    is_known = all(sender in declares.senders for sender in senders)
    return is_known and picture.kind in declares.kinds and picture.level in declares.levels


def unused_when_revising(request: AcceptRequest) -> list[Finding]:
    """What was said of an incident that is there already, and would be lost: it changes by requests of its own."""
    used = {"revision", "attach_to", "level", "area_codes", "reason"}
    what = "is not taken here for an incident that is declared; change the incident itself"
    said = request.model_dump(exclude_defaults=True)
    return [Finding(where=f"/{name}", what=what) for name in said if name not in used]


def declaration_of(picture: Proposal, request: AcceptRequest, now: datetime) -> dict[str, Any]:
    """A declaration in the form that people send it, with the person's words in the place of the feed's."""
    said: dict[str, Any] = {
        "kind": picture.kind,
        "level": picture.level,
        "title_zh": picture.title_zh,
        "title_en": picture.title_en or picture.title_other,
        "place": None if picture.place is None else picture.place.model_dump(mode="json"),
        "radius_m": picture.radius_m,
        "magnitude": picture.magnitude,
        "intensity_observations": [seen.model_dump() for seen in picture.observations],
        "intensity_contours": [
            {"intensity": contour.intensity, "geometry": contour.shape.model_dump(mode="json")}
            for contour in picture.contours
        ],
        "area_codes": list(picture.area_codes) or None,
        "exercise": picture.exercise,
        "auto_dispatch": request.auto_dispatch,
    }
    if picture.occurred_at is not None:
        said["occurred_at"] = min(picture.occurred_at, now).isoformat()  # what is only expected begins now
    in_other_words = frozenset(request.place or ()) & {"address", "area_codes", "radius_m"}
    if in_other_words:  # such a place brings its own radius; what the feed said of its place does not hold for this one
        said["radius_m"] = None
    if in_other_words - {"radius_m"}:
        said["area_codes"] = None
    plain = request.model_dump(mode="json", exclude_unset=True)
    said.update({name: plain[name] for name in (*OVERRIDES, "radius_m", "occurred_at") if plain.get(name) is not None})
    return {name: value for name, value in said.items() if value is not None}


def extent_after(extent: Extent, picture: Proposal) -> Extent:
    """The area as the feed now tells it; what the feed leaves out stays as it was."""
    said: dict[str, Any] = {
        "magnitude": picture.magnitude,
        "intensity_observations": picture.observations or None,
        "intensity_contours": tuple(
            IntensityContour(intensity=contour.intensity, geometry=contour.shape)
            for contour in picture.contours
            if not isinstance(contour.shape, PointGeometry)
        )
        or None,
        "area_codes": picture.area_codes or None,
    }
    if picture.place is not None:
        said |= {"place": picture.place, "radius_m": picture.radius_m or extent.radius_m}
    return replace(extent, **{name: value for name, value in said.items() if value is not None})
