"""The peer of the declaring request: a bare FastAPI endpoint with one INSERT, under the same server settings.

Run as `python -m services.cli.bench.path_bare PORT`, with the database's address in THIRDRESCUE_BENCH_POSTGRES.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, Final
from uuid import uuid4

import asyncpg
import orjson
import uvicorn
import uvloop
from fastapi import FastAPI
from fastapi.responses import JSONResponse

DSN_VARIABLE: Final = "THIRDRESCUE_BENCH_POSTGRES"
POOL_CONNECTIONS: Final = 10
INSERT: Final = "INSERT INTO bench.declared (id, body) VALUES ($1, $2)"


def make_app(pool: Any) -> FastAPI:
    """One route."""
    app = FastAPI()

    @app.post("/declared", status_code=201)
    async def declare(body: dict[str, Any]) -> JSONResponse:
        incident_id = uuid4()
        await pool.execute(INSERT, incident_id, orjson.dumps(body).decode())
        return JSONResponse({"incident_id": str(incident_id)}, 201)

    return app


async def serve(port: int) -> None:
    """Serve on loopback until killed."""
    async with asyncpg.create_pool(
        os.environ[DSN_VARIABLE], min_size=POOL_CONNECTIONS, max_size=POOL_CONNECTIONS
    ) as pool:
        config = uvicorn.Config(
            make_app(pool), host="127.0.0.1", port=port, http="httptools", ws="none", lifespan="off", access_log=False,
            log_config=None, server_header=False, loop="none",
        )  # fmt: skip
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
