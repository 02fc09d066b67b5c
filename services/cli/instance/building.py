"""The console is built while everything else starts; that it could not be is said and stops nothing."""

from __future__ import annotations

import threading
from typing import Final

from services.cli.console.build import NotBuilt, ensure_built, is_current
from services.cli.instance.progress import Progress

PART: Final = "console"


class Building:
    """A build that runs beside the start. A thread that a failed start leaves behind ends with the process."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._thread: threading.Thread | None = None
        if not is_current():
            progress.part(PART, "working")
            self._thread = threading.Thread(target=self._build, name="console-build", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Until it has ended, well or not."""
        if self._thread is not None:
            self._thread.join()

    def _build(self) -> None:
        try:
            ensure_built(lambda doing: self._progress.part(PART, "working", doing))
        except NotBuilt as error:
            self._progress.part(PART, "failed")
            self._progress.say(str(error))
        else:
            self._progress.part(PART, "ready")
