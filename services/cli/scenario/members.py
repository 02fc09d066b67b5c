"""Simulated members of a station: roles, languages, credentials and availability, drawn by the stated shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from dateutil.relativedelta import relativedelta

from schemas.vocabulary import ContactChannel, Role
from services.cli.scenario.assumptions import CredentialRule, MemberRoles, NetworkAssumptions
from services.cli.scenario.network_model import Credential, Volunteer

VALID_AT_LEAST_DAYS: Final = 400
"""A valid credential stays valid for the rest of the year that starts on the reference day."""
EXPIRED_AT_MOST_DAYS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The station a member belongs to, and the share of its members who speak each regional language."""

    ref: str
    language_shares: Mapping[str, float]


def simulate_member(
    assumptions: NetworkAssumptions,
    home: Home,
    seat: int,
    number: int,
    seed: int,
    reference_on: date,
) -> Volunteer:
    """The member in that seat (from 1) of the station; `number` counts the members of the whole network."""
    random = Random(f"{seed}|member|{home.ref}|{seat}")
    roles = list(_draw_roles([option for option in assumptions.member_roles if option.seat == seat], random))
    shares = {**assumptions.national_language_shares, **home.language_shares}
    regional = [language for language, share in sorted(shares.items()) if random.random() < share]
    if regional and random.random() < assumptions.interpreter_share:
        roles.append(Role.INTERPRETER)
    return Volunteer(
        external_ref=f"volunteer-{number:04d}",
        home_station_ref=home.ref,
        name=f"模拟队员 {number:04d}",
        phone=f"+999{number:08d}",
        roles=tuple(roles),
        languages=(assumptions.national_language, *regional),
        credentials=tuple(
            _credential(rule, number, random, reference_on, assumptions.expired_credential_share)
            for rule in assumptions.credentials
            if rule.role in roles
        ),
        channels=tuple(_draw_channels(assumptions, Random(f"{seed}|channels|{home.ref}|{seat}"))),
        available=random.random() < assumptions.available_share,
    )


def _draw_channels(assumptions: NetworkAssumptions, random: Random) -> Iterator[ContactChannel]:
    """By their own chance, so that everything else of a seed stays as it was."""
    for channel, share in assumptions.channel_shares.items():
        if random.random() < share:
            yield channel


def _draw_roles(options: Sequence[MemberRoles], random: Random) -> tuple[Role, ...]:
    chosen = random.choices(options, weights=[option.share for option in options])
    return chosen[0].roles


def _credential(
    rule: CredentialRule, number: int, random: Random, reference_on: date, expired_share: float
) -> Credential:
    """Runs out on a day within its years of validity, or, for the expired share, just before the day."""
    if random.random() < expired_share:
        expires_on = reference_on - relativedelta(days=random.randint(1, EXPIRED_AT_MOST_DAYS))
    else:
        expires_on = reference_on + relativedelta(days=random.randint(VALID_AT_LEAST_DAYS, 366 * rule.valid_years))
    return Credential(
        kind=rule.kind,
        issuer=rule.issuer,
        number=f"SIM-{rule.kind}-{number:04d}",
        expires_on=expires_on,
        roles=(rule.role,),
    )
