"""What can be known to be wrong before anything is started."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import PROJECT, Layout

LEAST_PYTHON: Final = (3, 11)
LEAST_FREE_BYTES: Final = 1 << 30
UNUSABLE: Final = ("%", '"', ":", ";", "\n", "\\")
NEEDED: Final = ("supervisor", "aiokafka", "asyncpg", "fastapi", "uvicorn", "psutil", "faust-streaming")


def check_python() -> None:
    """The interpreter and the packages without which nothing works."""
    if sys.version_info < LEAST_PYTHON:
        needed = ".".join(map(str, LEAST_PYTHON))
        raise InstanceError(f"Python {needed} or newer is needed, this is {sys.version.split()[0]}")
    for name in NEEDED:
        try:
            version(name)
        except PackageNotFoundError as error:
            raise InstanceError(
                f"the Python package {name} is missing: remove .venv and run ./thirdrescue again"
            ) from error


def check_folder(layout: Layout) -> None:
    """The home can be made, written to, and has room."""
    for path in (layout.home, PROJECT):
        bad = next((character for character in UNUSABLE if character in str(path)), None)
        if bad is not None:
            raise InstanceError(f"the folder {path} has {bad!r} in its name, which Java or the supervisor cannot take")
    try:
        layout.create()
        with tempfile.TemporaryFile(dir=layout.home) as probe:
            probe.write(b"probe")
            probe.flush()
            os.fsync(probe.fileno())
        free = shutil.disk_usage(layout.home).free
    except OSError as error:
        raise InstanceError(
            f"the folder {layout.home} cannot be used ({error.strerror}): choose another with --home"
        ) from error
    if free < LEAST_FREE_BYTES:
        raise InstanceError(
            f"the folder {layout.home} has {free >> 20} MB free and {LEAST_FREE_BYTES >> 20} MB are needed: "
            "make room or choose another with --home"
        )
