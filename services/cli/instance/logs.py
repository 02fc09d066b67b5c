"""`logs`: the last lines of a process's log, and what follows."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import Final

from services.cli.instance.errors import InstanceError
from services.cli.instance.instance import KAFKA, POSTGRES, SERVICE_NAMES
from services.cli.instance.layout import Layout

LOOK_EVERY_S: Final = 0.3


def show_log(layout: Layout, name: str, lines: int, follow: bool) -> None:
    """Print the last lines; with `follow`, go on until Ctrl-C, also over a rotation."""
    known = (*SERVICE_NAMES, KAFKA, POSTGRES, "supervisor")
    if name not in known:
        raise InstanceError(f"there is no process {name!r}; there are: {', '.join(known)}")
    path = layout.log(name)
    if not path.exists():
        raise InstanceError(f"{name} has no log yet in {layout.logs}")
    with path.open(encoding="utf-8", errors="replace") as file:
        sys.stdout.writelines(deque(file, maxlen=lines))
        position = file.tell()
    sys.stdout.flush()
    try:
        while follow:
            time.sleep(LOOK_EVERY_S)
            position = _print_from(layout, name, position)
    except KeyboardInterrupt:
        return


def _print_from(layout: Layout, name: str, position: int) -> int:
    try:
        with layout.log(name).open(encoding="utf-8", errors="replace") as file:
            size = file.seek(0, 2)
            file.seek(position if size >= position else 0)  # smaller than before: it was rotated
            sys.stdout.write(file.read())
            sys.stdout.flush()
            return file.tell()
    except FileNotFoundError:
        return 0
