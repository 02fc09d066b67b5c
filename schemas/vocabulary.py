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
    SOCIAL_WORK_CENTRE = "social-work-centre"
    SERVICE_CENTRE = "service-centre"
    EXPERIENCE_CENTRE = "experience-centre"
    HOSPITAL_CLINIC = "hospital-clinic"
    UNIVERSITY_ROOM = "university-room"
    SCHOOL_ROOM = "school-room"
    HOTLINE_CENTRE = "hotline-centre"
    LECTURE_OUTLET = "lecture-outlet"


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


class JurisdictionLevel(StrEnum):
    """The level on which an account acts, as its areas say; the highest first."""

    NATION = "nation"
    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


class RoomSetting(StrEnum):
    """What kind of place a consultation room is in."""

    DEPARTMENT = "department"
    SCHOOL = "school"
    HOSPITAL = "hospital"
    MARRIAGE_AND_CHILDBEARING = "marriage-and-childbearing"
    COMMUNITY = "community"
    ENTERPRISE = "enterprise"
    LEGAL_SERVICE = "legal-service"
    OTHER = "other"


class InstitutionKind(StrEnum):
    """What kind of institution a station is a part of."""

    GENERAL_HOSPITAL = "general-hospital"
    PSYCHIATRIC_HOSPITAL = "psychiatric-hospital"
    OTHER_HOSPITAL = "other-hospital"
    UNIVERSITY = "university"
    SECONDARY_SCHOOL = "secondary-school"
    PRIMARY_SCHOOL = "primary-school"


class HospitalGrade(StrEnum):
    """Level (3 the highest) and class of a hospital in the Chinese scheme: 三级特等 is `3-special`, 二级甲等 `2a`."""

    THREE_SPECIAL = "3-special"
    THREE_A = "3a"
    THREE_B = "3b"
    THREE_C = "3c"
    TWO_A = "2a"
    TWO_B = "2b"
    TWO_C = "2c"
    ONE_A = "1a"
    ONE_B = "1b"
    ONE_C = "1c"
    UNGRADED = "ungraded"


class StationService(StrEnum):
    """What a station offers."""

    COUNSELLING = "counselling"
    GROUP_COUNSELLING = "group-counselling"
    PSYCHOLOGICAL_FIRST_AID = "psychological-first-aid"
    CRISIS_INTERVENTION = "crisis-intervention"
    SCREENING = "screening"
    REFERRAL = "referral"
    PSYCHOTHERAPY = "psychotherapy"
    PSYCHIATRIC_OUTPATIENT = "psychiatric-outpatient"
    MEDICATION_FOLLOW_UP = "medication-follow-up"
    SOCIAL_WORK = "social-work"
    MEDIATION = "mediation"
    FAMILY_SUPPORT = "family-support"
    SCHOOL_SUPPORT = "school-support"
    HOTLINE = "hotline"
    LECTURES = "lectures"
    HELPER_TRAINING = "helper-training"
    HELPER_SUPPORT = "helper-support"


class StationChange(StrEnum):
    """What about a station is changed; who may verify it follows from that."""

    REGISTRATION = "registration"
    DESCRIPTION = "description"
    CAPACITY = "capacity"
    INSTITUTION = "institution"
    PLACE = "place"
    PLACE_IN_TREE = "place-in-tree"
    SUSPENSION = "suspension"
    CLOSURE = "closure"
    CONFIRMATION = "confirmation"


class PagePurpose(StrEnum):
    """Why a phone is paged."""

    ASK = "ask"
    MISSION = "mission"
    STAND_DOWN = "stand-down"


class ContactChannel(StrEnum):
    """By what kind of channel a person can be paged. Numbers and addresses stay in the registry."""

    APP_PUSH = "app-push"
    SMS = "sms"
    VOICE_CALL = "voice-call"
    EMAIL = "e-mail"
    CHAT = "chat"


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
