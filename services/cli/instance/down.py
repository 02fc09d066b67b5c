"""`down` and `reset`: stop everything in order; remove everything."""

from __future__ import annotations

import shutil

from services.cli.instance.errors import InstanceError
from services.cli.instance.instance import Instance
from services.cli.instance.layout import Layout
from services.cli.instance.record import read_record
from services.cli.instance.turn import turn


def down(layout: Layout) -> None:
    """Stop what runs, and clear up what was left behind. Nothing to stop is no error."""
    record = read_record(layout)
    if record is None:
        print(f"there is no instance in {layout.home}")
        return
    instance = Instance(layout, record)
    with turn(layout):
        was_running = instance.supervisor.alive()
        instance.attend(None)
        instance.stop()
    print("stopped" if was_running else "was not running")


def reset(layout: Layout) -> None:
    """Stop, then remove the folder. Only a folder that holds an instance is removed."""
    if not layout.home.exists():
        print(f"there is no instance in {layout.home}")
        return
    if not layout.record.exists() and not layout.secrets.exists():
        raise InstanceError(f"{layout.home} does not look like an instance; nothing was removed")
    try:
        down(layout)
    except InstanceError as error:
        if layout.socket.exists():
            raise
        print(f"note: {error}")  # a damaged record must not keep it from being removed
    shutil.rmtree(layout.home)
    if layout.socket.parent != layout.home:
        shutil.rmtree(layout.socket.parent, ignore_errors=True)
    print(f"removed {layout.home}")
