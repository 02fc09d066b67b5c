"""The importer of the registry in a process of its own, to be killed. Arguments: the database's address."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from services.registry.app import create
from services.registry.imports.runner import Importer
from tests.support.service_rig import open_service

CHUNK_ROWS = 10


async def main(dsn: str) -> None:
    """Work until the end."""
    with TemporaryDirectory() as folder:
        async with open_service("registry", create, dsn, Path(folder)) as rig:
            await Importer(rig.runtime, chunk_rows=CHUNK_ROWS).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
