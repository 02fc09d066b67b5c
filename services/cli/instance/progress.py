"""What `up` shows while it works: a live table in a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

PIPE_COLUMNS: Final = 160
MARKS: Final = {"ready": "[green]✓[/]", "failed": "[red]✗[/]"}


def table_console() -> Console:
    """For tables: as wide as the terminal; wide enough for every column when the output goes elsewhere."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_COLUMNS)


class Progress:
    """Parts and where each stands. Use as a context; `say` writes a line that stays."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._started = time.monotonic()
        self._parts: dict[str, tuple[str, str, float]] = {}
        self._live = Live(get_renderable=self._table, console=self.console, transient=True, refresh_per_second=8)
        self._lively = self.console.is_terminal

    def __enter__(self) -> Self:
        if self._lively:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lively:
            self._live.stop()
        sys.stdout.flush()

    @property
    def elapsed_s(self) -> float:
        """Since this display was made."""
        return time.monotonic() - self._started

    def say(self, text: str) -> None:
        """A line that stays."""
        self.console.print(text, markup=False)

    def part(self, name: str, state: str, note: str = "") -> None:
        """A part enters a state: working, ready or failed. Said once per change."""
        if self._parts.get(name, ("", "", 0.0))[:2] == (state, note):
            return
        before = self._parts.get(name, ("", "", 0.0))[0]
        self._parts[name] = (state, note, self.elapsed_s)
        if not self._lively and state != before:
            self.say(f"{self.elapsed_s:6.1f} s  {name}: {state}{f' ({note})' if note else ''}")

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for name, (state, note, at) in self._parts.items():
            mark = MARKS.get(state) or Spinner("dots")
            table.add_row(mark, name, f"{state} {note}".strip(), f"{at:.1f} s" if state == "ready" else "")
        return table
