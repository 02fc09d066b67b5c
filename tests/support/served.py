"""A service rig behind a real socket, served as a process serves it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from services.kit.run import Server, server_config
from tests.support.service_rig import ServiceRig


@asynccontextmanager
async def served(rig: ServiceRig) -> AsyncIterator[httpx.AsyncClient]:
    """A duty officer of everywhere, over HTTP."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = Server(server_config(rig.app, rig.runtime.settings, graceful_s=1))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with (
                rig.client() as known,
                httpx.AsyncClient(base_url=url, headers=known.headers, timeout=60, trust_env=False) as client,
            ):
                yield client
        finally:
            server.should_exit = True
            await serving
