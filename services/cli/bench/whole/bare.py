"""The peer of a declaration: a bare FastAPI endpoint with one INSERT, a process of its own (`python -m` this module).

The event loop, the HTTP parser, the pool and its settings are those of our services. It reads the same body, checks a
few fields with pydantic, writes one row and answers with its id; no identity, no idempotency, no event.
"""

from __future__ import annotations

import gc
import os
import sys
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import orjson
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel

from services.kit import db
from services.kit.settings import KitSettings

DSN_VARIABLE: Final = "THIRDRESCUE_BENCH_DSN"
SCHEMA: Final = "bare"
CREATE: Final = (
    "CREATE SCHEMA IF NOT EXISTS bare; CREATE TABLE IF NOT EXISTS bare.incidents (incident_id uuid PRIMARY KEY, "
    "kind text NOT NULL, level text NOT NULL, title text NOT NULL, occurred_at timestamptz NOT NULL)"
)
_INSERT: Final = "INSERT INTO incidents (incident_id, kind, level, title, occurred_at) VALUES ($1, $2, $3, $4, $5)"


class Row(BaseModel):
    """What is kept of the body."""

    kind: str
    level: str
    title_en: str
    occurred_at: datetime


def create_app(pool: Any) -> FastAPI:
    """One endpoint."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    async def insert(row: Row) -> Response:
        incident_id: UUID = uuid4()
        async with pool.acquire() as connection:
            await connection.execute(_INSERT, incident_id, row.kind, row.level, row.title_en, row.occurred_at)
        return Response(orjson.dumps({"incident_id": str(incident_id)}), 201, media_type="application/json")

    app.add_api_route("/incidents", insert, methods=["POST"], status_code=201)
    return app


async def _serve(port: int) -> None:
    pool = await db.create_pool(os.environ[DSN_VARIABLE], SCHEMA, KitSettings(), schema=SCHEMA)
    config = uvicorn.Config(
        create_app(pool), host="127.0.0.1", port=port, http="httptools", ws="none", lifespan="off", access_log=False,
        log_config=None, server_header=False, timeout_keep_alive=75, backlog=1024, loop="none",
    )  # fmt: skip
    gc.collect()
    gc.freeze()
    await uvicorn.Server(config).serve()
    await pool.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(int(sys.argv[1])))
