"""Threads: which proposals speak of the same event, what of them still stands, and the picture they make together.

The outcome does not depend on the order in which messages arrive: a Cancel may come before what it cancels, and an old
version after a new one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from schemas.vocabulary import IncidentKind
from services.incidents.intake.proposal import Action, Proposal

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_OF_THE_MESSAGE: Final = frozenset(
    {"format", "sender", "identifier", "sent_at", "version", "action", "supersedes", "event_keys", "exercise",
     "is_restricted", "notes"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages about one event, the oldest first."""

    versions: tuple[Proposal, ...]

    @property
    def latest(self) -> Proposal:
        """The newest message."""
        return self.versions[-1]

    @property
    def is_withdrawn(self) -> bool:
        """Whether nothing proposed in it still stands."""
        return not any(self._stands(proposal) for proposal in self.versions)

    def picture(self) -> Proposal:
        """What is known by now: what newer messages say, and of older ones what newer ones leave out.

        A withdrawn message no longer counts, unless all are withdrawn: then it is the last that was known.
        """
        said = [item for item in self.versions if item.action is not Action.WITHDRAW]
        counted = [item for item in said if not self._is_cancelled(item)] or said or list(self.versions)
        whole = counted[0]
        for proposal in counted[1:]:
            said_now = ((field.name, getattr(proposal, field.name)) for field in dataclasses.fields(Proposal))
            kept: dict[str, Any] = {
                name: value for name, value in said_now if name in _OF_THE_MESSAGE or _says(name, value)
            }
            if proposal.place is not None:
                kept["radius_m"] = proposal.radius_m
            whole = dataclasses.replace(whole, **kept)
        return whole

    def _stands(self, proposal: Proposal) -> bool:
        if proposal.action is Action.WITHDRAW or self._is_cancelled(proposal):
            return False
        return not any(_follows(other, proposal) for other in self.versions if other.action is not Action.WITHDRAW)

    def _is_cancelled(self, proposal: Proposal) -> bool:
        return any(_follows(other, proposal) for other in self.versions if other.action is Action.WITHDRAW)


def follow(threads: Sequence[Thread], new: Proposal) -> tuple[Thread, ...]:
    """The threads with one more message. A message that is already there changes nothing.

    A drill never joins what is real. A message may join threads that were apart until then.
    """
    if any(new in thread.versions for thread in threads):
        return tuple(threads)
    keys = keys_of(new)
    joined = [thread for thread in threads if keys & {key for item in thread.versions for key in keys_of(item)}]
    apart = [thread for thread in threads if thread not in joined]
    versions = sorted([new, *(item for thread in joined for item in thread.versions)], key=_order)
    return tuple(sorted([*apart, Thread(tuple(versions))], key=lambda thread: _order(thread.versions[0])))


def keys_of(proposal: Proposal) -> set[tuple[bool, str]]:
    """Names of the event and of the messages that are followed."""
    referred = (f"{reference.sender},{reference.identifier}" for reference in proposal.supersedes)
    return {(proposal.exercise, key) for key in (*proposal.event_keys, *referred)}


def _follows(later: Proposal, earlier: Proposal) -> bool:
    """Whether a message takes the place of another: it refers to it, or is a newer one of the same name."""
    if later is earlier or earlier.identifier is None:
        return False
    named = (earlier.sender, earlier.identifier)
    if any((reference.sender, reference.identifier) == named for reference in later.supersedes):
        return (later.sender, later.identifier) != named or _order(later) > _order(earlier)
    return (later.sender, later.identifier) == named and _order(later) > _order(earlier)


def _order(proposal: Proposal) -> tuple[datetime, int, str, str, str]:
    return (
        proposal.sent_at or _LONG_AGO,
        proposal.version,
        proposal.identifier or "",
        proposal.format,
        repr(proposal),
    )


def _says(name: str, value: object) -> bool:
    return value not in (None, (), {}, IncidentKind.OTHER) and name != "radius_m"
