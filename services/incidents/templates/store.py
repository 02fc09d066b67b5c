"""Edited need templates, and the reference data with them in place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import aiosql
from pydantic import TypeAdapter

from schemas.values import NeedLine
from schemas.vocabulary import IncidentKind, Level, Phase
from services.incidents.reference import Reference

_SQL: Final = aiosql.from_path(
    Path(__file__).parents[1] / "sql" / "templates.sql", "asyncpg", mandatory_parameters=False
)
_NEEDS: Final = TypeAdapter(tuple[NeedLine, ...])


class Templates:
    """The reference data as it now is, kept in memory as long as no template was edited."""

    def __init__(self, built_in: Reference) -> None:
        self.built_in = built_in
        self._version = 0
        self._reference = built_in

    @property
    def known(self) -> Reference:
        """The data as it was when somebody read it last; an edit by another process comes a little later."""
        return self._reference

    async def at(self, connection: Any, version: int) -> Reference:
        """The data at this version, which the caller has just read; it is read anew only if it is another."""
        if version != self._version:
            edited = {
                (IncidentKind(row["kind"]), Level(row["level"]), Phase(row["phase"])): _NEEDS.validate_python(
                    row["needs"]
                )
                for row in await connection.fetch(_SQL.newest_templates.sql)
            }
            self._reference = replace(self.built_in, needs={**self.built_in.needs, **edited})
            self._version = version
        return self._reference

    async def now(self, connection: Any) -> Reference:
        """The data as it now is."""
        return await self.at(connection, await connection.fetchval(_SQL.templates_version.sql))


async def read_edited(connection: Any) -> list[dict[str, Any]]:
    """The newest version of every template that was edited."""
    return [dict(row) for row in await connection.fetch(_SQL.newest_templates.sql)]


async def save(
    connection: Any,
    key: tuple[IncidentKind, Level, Phase],
    needs: tuple[NeedLine, ...],
    source: str,
    *,
    now: datetime,
    actor: str | None,
) -> int:
    """Keep a new version of a template; returns its number."""
    kind, level, phase = key
    text = _NEEDS.dump_json(needs).decode()
    version: int = await connection.fetchval(
        _SQL.insert_template.sql, kind.value, level.value, phase.value, text, source, now, actor
    )
    return version
