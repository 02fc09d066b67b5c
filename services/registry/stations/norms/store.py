"""What the register counts for norms, and the totals it was given. Works on the caller's connection."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import aiosql
import orjson

from schemas.policy import prefix_of
from schemas.vocabulary import HospitalGrade, InstitutionKind, Tier
from services.registry.stations.kinds import SCHOOLS, UNIVERSITIES
from services.registry.stations.norms.decide import count_hotline_cities
from services.registry.stations.norms.model import Counted, NormId, Norms, Total, TotalEntry, Whole
from services.registry.stations.store import read_station

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)
FROM_AREAS: Final = "counted from the administrative areas in this register; complete only if their pack was"
FROM_LEVEL_2: Final = tuple(grade for grade in HospitalGrade if grade[0] in "23")
_TIERS: Final = {Whole.COMMUNITIES: (Tier.VILLAGE, Tier.COMMUNITY), Whole.PREFECTURES: (Tier.PREFECTURE,)}


async def count_all(connection: Any, norms: Norms, area_code: str) -> dict[NormId, Counted]:
    """What the register counts in the area for every norm, as it stands now."""
    prefix = prefix_of(area_code)
    rooms = await connection.fetchrow(_SQL.community_rooms.sql, prefix)
    ratio = norms.norm(NormId.UNIVERSITY_TEACHERS).students_per_teacher
    institutions = await connection.fetch(_SQL.institutions.sql, prefix, ratio)
    hotlines = await connection.fetch(_SQL.hotline_centres.sql, prefix)
    asked = norms.norm(NormId.HOTLINE_CITIES).hotline
    assert asked is not None
    return {
        NormId.COMMUNITY_ROOMS: Counted(
            count=rooms["communities"],
            details={"rooms": rooms["rooms"], "rooms_without_community_code": rooms["rooms_without_community"]},
        ),
        NormId.GENERAL_HOSPITAL_CLINICS: _hospitals(institutions, InstitutionKind.GENERAL_HOSPITAL, FROM_LEVEL_2),
        NormId.PSYCHIATRIC_HOSPITAL_CLINICS: _hospitals(institutions, InstitutionKind.PSYCHIATRIC_HOSPITAL),
        NormId.UNIVERSITY_TEACHERS: _universities(institutions),
        NormId.SCHOOL_ROOMS: Counted(count=sum(row["institutions"] for row in institutions if row["kind"] in SCHOOLS)),
        NormId.HOTLINE_CITIES: count_hotline_cities(map(read_station, hotlines), asked),
    }


async def load_totals(connection: Any, area_code: str, on: date) -> dict[Whole, Total]:
    """The totals given for exactly this area; for communities and prefectures else what is known of areas."""
    known: dict[str, int] = {
        row["tier"]: row["n"] for row in await connection.fetch(_SQL.known_areas.sql, prefix_of(area_code), on)
    }
    counted = {whole: sum(known.get(tier, 0) for tier in tiers) for whole, tiers in _TIERS.items()}
    totals = {
        whole: Total(count=count, as_of_on=on, source=FROM_AREAS) for whole, count in counted.items() if count > 0
    }
    for row in await connection.fetch(_SQL.totals.sql, area_code):
        totals[Whole(row["what"])] = Total(count=row["count"], as_of_on=row["as_of_on"], source=row["source"])
    return totals


async def add_totals(connection: Any, totals: Sequence[TotalEntry], account_id: str, now: datetime) -> None:
    """Keep totals beside those there are."""
    rows = [total.model_dump(mode="json") for total in totals]
    await connection.execute(_SQL.add_totals.sql, orjson.dumps(rows).decode(), now, account_id)


def _hospitals(
    rows: Sequence[Mapping[str, Any]], kind: InstitutionKind, grades: Collection[str] = tuple(HospitalGrade)
) -> Counted:
    mine = [row for row in rows if row["kind"] == kind]
    return Counted(
        count=sum(row["institutions"] for row in mine if row["grade"] in grades),
        details={"hospitals_of_any_grade": sum(row["institutions"] for row in mine)},
    )


def _universities(rows: Sequence[Mapping[str, Any]]) -> Counted:
    mine = [row for row in rows if row["kind"] in UNIVERSITIES]
    students, teachers = (sum(row[field] for row in mine) for field in ("students", "teachers"))
    return Counted(
        count=sum(row["as_asked"] for row in mine),
        details={
            "universities_with_a_room": sum(row["institutions"] for row in mine),
            "students": students,
            "psychology_teachers": teachers,
            "students_per_teacher": None if teachers == 0 else round(students / teachers, 1),
        },
    )
