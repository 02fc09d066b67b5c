"""The explanations that missions carry, in the two languages. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from schemas.values import Explanation
from schemas.vocabulary import Role, ZoneKind
from services.dispatch.model import Helper, SeatLine

ROLE_ZH: Final[Mapping[Role, str]] = {
    Role.PSYCHIATRIST: "精神科医生",
    Role.CLINICAL_PSYCHOLOGIST: "临床心理师",
    Role.COUNSELLOR: "心理咨询师",
    Role.PFA_TRAINED: "心理急救员",
    Role.SUPPORT: "支持人员",
    Role.INTERPRETER: "翻译",
    Role.TEAM_LEAD: "队长",
    Role.LOGISTICS: "后勤人员",
}
ZONE_ZH: Final[Mapping[ZoneKind, str]] = {
    ZoneKind.CORE: "核心区",
    ZoneKind.AFFECTED: "受影响区",
    ZoneKind.RIPPLE: "波及区",
}
Missing = tuple[SeatLine, int]


def planned(
    zone_kind: ZoneKind, team_no: int, members: Sequence[Helper], lead: Helper, missing: Sequence[Missing]
) -> Explanation:
    """Why this team, with these people, now, and who leads it."""
    seats = len(members) + sum(count for _, count in missing)
    zh = f"{ZONE_ZH[zone_kind]}第{team_no + 1}队：{_people_zh(members)}，按应答先后入队。"
    en = f"Team {team_no + 1} of the {zone_kind} zone: {_people_en(members)}, seated in the order of their answers."
    if missing:
        zh += f"缺员出发：{seats}个席位中到位{len(members)}人；{_missing_zh(missing)}已无人可再询问。"
        en += f" It goes short, {len(members)} of {seats} seats: nobody is left to ask for {_missing_en(missing)}."
    else:
        zh += f"{seats}个席位全部到位。"
        en += f" All {seats} seats are taken."
    if lead.role is Role.TEAM_LEAD:
        return Explanation(zh=f"{zh}由队长带队。", en=f"{en} The team lead leads it.")
    return Explanation(
        zh=f"{zh}无队长席位，由资质最高者（{ROLE_ZH[lead.role]}）带队。",
        en=f"{en} It has no team-lead seat, so its most qualified member ({lead.role}) leads it.",
    )


def _people_zh(members: Iterable[Helper]) -> str:
    return "、".join(
        f"{ROLE_ZH[role]}{_tongue(language, '（{}）')}{count}人" for (role, language), count in _tally(members)
    )


def _people_en(members: Iterable[Helper]) -> str:
    return ", ".join(f"{count} {role}{_tongue(language, ' ({})')}" for (role, language), count in _tally(members))


def _missing_zh(missing: Iterable[Missing]) -> str:
    return "、".join(f"{ROLE_ZH[line.role]}{_tongue(line.language, '（{}）')}{count}人" for line, count in missing)


def _missing_en(missing: Iterable[Missing]) -> str:
    return ", ".join(f"{count} {line.role}{_tongue(line.language, ' ({})')}" for line, count in missing)


def _tongue(language: str | None, form: str) -> str:
    return "" if language is None else form.format(language)


def _tally(members: Iterable[Helper]) -> list[tuple[tuple[Role, str | None], int]]:
    counts = Counter((member.role, member.language) for member in members)
    order = list(Role)
    return sorted(counts.items(), key=lambda item: (order.index(item[0][0]), item[0][1] or ""))
