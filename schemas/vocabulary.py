"""The words. Each enum value is the wire form; names shown to people live in the user interfaces."""

from __future__ import annotations

from enum import StrEnum


class IncidentKind(StrEnum):
    """What happened (a short list; the CAP category is derived at the edge)."""

    EARTHQUAKE = "earthquake"
    FLOOD = "flood"
    LANDSLIDE = "landslide"
    TYPHOON = "typhoon"
    FIRE = "fire"
    EPIDEMIC = "epidemic"
    INDUSTRIAL_ACCIDENT = "industrial-accident"
    TRANSPORT_ACCIDENT = "transport-accident"
    PUBLIC_SECURITY = "public-security"
    OTHER = "other"


class Level(StrEnum):
    """Response level, I the highest."""

    I = "I"  # noqa: E741 - the word used in the field
    II = "II"
    III = "III"
    IV = "IV"


class Phase(StrEnum):
    """Where the response to an incident stands: immediate help, the time in between, rebuilding.

    After the stages of China's National Natural Disaster Relief Emergency Plan (应急救助, 过渡期救助, 恢复重建).
    The IASC Guidelines on MHPSS (2007) tell the acute emergency from the stabilised phase and early reconstruction.
    Both are from memory: check before quoting.
    """

    ACUTE = "acute"
    TRANSITION = "transition"
    RECOVERY = "recovery"


class ZoneKind(StrEnum):
    """Core: worst hit. Affected: damaged. Ripple: shaken, or touched through people."""

    CORE = "core"
    AFFECTED = "affected"
    RIPPLE = "ripple"


class VenueKind(StrEnum):
    """What kind of place affected people are at."""

    STATION = "station"
    SCHOOL = "school"
    SHELTER = "shelter"
    HOSPITAL = "hospital"
    OTHER = "other"


class Role(StrEnum):
    """What a volunteer can do on a mission."""

    PSYCHIATRIST = "psychiatrist"
    CLINICAL_PSYCHOLOGIST = "clinical-psychologist"
    COUNSELLOR = "counsellor"
    PFA_TRAINED = "pfa-trained"
    SUPPORT = "support"
    INTERPRETER = "interpreter"
    TEAM_LEAD = "team-lead"
    LOGISTICS = "logistics"


class StationKind(StrEnum):
    """What a station is."""

    EMERGENCY_STATION = "emergency-station"
    PROVINCIAL_DETACHMENT = "provincial-detachment"
    MUNICIPAL_DETACHMENT = "municipal-detachment"
    CONSULTATION_ROOM = "consultation-room"
    SERVICE_CENTRE = "service-centre"
    HOTLINE_CENTRE = "hotline-centre"


class Tier(StrEnum):
    """Level of administration a station belongs to."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"


class PagePurpose(StrEnum):
    """Why a phone is paged."""

    ASK = "ask"
    MISSION = "mission"
    STAND_DOWN = "stand-down"


class Answer(StrEnum):
    """What a volunteer says to a page."""

    ACCEPT = "accept"
    DECLINE = "decline"
    LATER = "later"


class TriageLevel(StrEnum):
    """Urgency of a case: L0 immediate, L1 high, L2 moderate, L3 inform."""

    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


class AgeBand(StrEnum):
    """Age in bands (the Crisis Counseling Program's encounter form), never a birth date."""

    CHILD_0_5 = "0-5"
    CHILD_6_11 = "6-11"
    TEEN_12_17 = "12-17"
    ADULT_18_29 = "18-29"
    ADULT_30_64 = "30-64"
    OLDER_65 = "65+"


class PopulationGroup(StrEnum):
    """Whom a case belongs to, after the groups of the 2020 counselling work plan."""

    BEREAVED = "bereaved"
    INJURED = "injured"
    DISPLACED = "displaced"
    CHILD_AT_RISK = "child-at-risk"
    OLDER_ALONE = "older-alone"
    DISABLED = "disabled"
    RESPONDER = "responder"
    GENERAL_PUBLIC = "general-public"
