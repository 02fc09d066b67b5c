"""Who owns a case, who may open one, when a clinician must look, and what a case is called. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from schemas.vocabulary import TriageLevel, ZoneKind
from services.care.model import REVIEWED_LEVELS, Case, NearStation, Refused, TeamState, Triage, Unchanged

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
"""31 signs (a prime) without those that are mistaken for each other when read out or written by hand: 0 O, 1 I, U V."""
CODES: Final = len(ALPHABET) ** 5
"""How many different case codes there are."""


def owner_station(stations: Iterable[NearStation]) -> UUID | None:
    """The nearest station outside the core zone: those inside are themselves hit. If all are inside, the nearest."""
    ranked = sorted(stations, key=lambda one: (one.inside is ZoneKind.CORE, one.distance_km, one.station_id))
    return ranked[0].station_id if ranked else None


def may_open(state: TeamState) -> Refused | None:
    """Whether a team may open a case now; None if so."""
    if state is TeamState.SENT:
        return Refused("The team has not arrived yet, as far as is known here; cases are opened on scene.")
    if state is TeamState.ENDED:
        return Refused("The mission has ended; a clinician can still open a case.")
    return None


def first_triage(level: TriageLevel, *, by_clinician: bool) -> Triage:
    """The level given when a case is opened."""
    return Triage(level, level in REVIEWED_LEVELS and not by_clinician)


def retriage(case: Case, level: TriageLevel) -> Triage | Unchanged | Refused:
    """A clinician judges the case again, which is the review too."""
    if not case.is_open:
        return Refused("The case is closed.")
    if case.level is level and not case.needs_clinician_review:
        return Unchanged()
    return Triage(level, needs_clinician_review=False)


def change_consent(case: Case, *, follow_up: bool) -> Unchanged | Refused | None:
    """Whether a word on follow-up changes anything; None if so."""
    if not case.is_open:
        return Refused("The case is closed.")
    return Unchanged() if case.follow_up is follow_up else None


def case_code(number: int) -> str:
    """A short name for a case that can be read out, such as `C-7K2M-9Q`. The number is drawn by lot and means nothing.

    The last sign is a check: one wrong sign, or two neighbours swapped, never gives another valid code.
    Raises ValueError for a number outside 0..CODES-1.
    """
    if not 0 <= number < CODES:
        raise ValueError(f"{number} is not below {CODES}")
    digits = []
    for _ in range(5):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(digit)
    signs = "".join(ALPHABET[digit] for digit in [*digits, _check_digit(digits)])
    return f"C-{signs[:4]}-{signs[4:]}"


def is_case_code(text: str) -> bool:
    """Whether a text is a case code with a right check sign."""
    prefix, _, rest = text.partition("-")
    signs = rest.replace("-", "")
    if prefix != "C" or len(rest) != 7 or rest[4] != "-" or any(sign not in ALPHABET for sign in signs):
        return False
    digits = [ALPHABET.index(sign) for sign in signs]
    return len(digits) == 6 and _check_digit(digits[:5]) == digits[5]


def _check_digit(digits: list[int]) -> int:
    """Weights 1..5 in a field of prime order; the check sign has weight -1, so neighbours differ in weight."""
    return sum(weight * digit for weight, digit in enumerate(digits, start=1)) % len(ALPHABET)
