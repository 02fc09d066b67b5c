"""The run as it goes on: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from services.cli.scenario.phones import Phones
from services.cli.scenario.records import Record
from services.cli.scenario.story import Story
from services.cli.scenario.telling import Line, Teller, elapsed_text

LINES_SHOWN: Final = 14
REFRESH_PER_S: Final = 4


class LiveView:
    """Shows each milestone once. Nothing is decided here."""

    def __init__(self, teller: Teller, console: Console) -> None:
        self._teller = teller
        self._console = console
        self._lines: deque[Line] = deque(maxlen=LINES_SHOWN)
        self._story: Story | None = None
        self._phones: Phones | None = None
        self.began_at = datetime.now(UTC)
        self._live = Live(self, console=console, refresh_per_second=REFRESH_PER_S, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def watch(self, story: Story, phones: Phones) -> None:
        """What the table shows from now on."""
        self._story, self._phones = story, phones

    def note(self, text: str) -> None:
        """A line about the run itself."""
        self._console.print(text, highlight=False)

    def take(self, record: Record) -> None:
        """A record that the story has taken."""
        if self._story is None:
            return
        line = self._teller.milestone(record, self._story)
        if line is None:
            return
        self._lines.append(line)
        if not self._console.is_terminal:
            text = line_text(self._teller, self._story, line, self.began_at)
            self._console.print(text, highlight=False, soft_wrap=True)

    def __rich__(self) -> Group:
        return Group(self._milestones(), self._totals())

    def _milestones(self) -> Table:
        t = self._teller
        table = Table(box=None, pad_edge=False)
        for heading in (t.say("incident time", "事件时间"), t.say("real time", "实际用时"), "", t.say("what", "进展")):
            table.add_column(heading)
        for line in self._lines if self._story else ():
            assert self._story is not None
            table.add_row(t.clock_text(self._story, line.at), elapsed_text(line, self.began_at), line.word, line.text)
        return table

    def _totals(self) -> str:
        t, story, phones = self._teller, self._story, self._phones
        if story is None or phones is None:
            return ""
        arrived = sum(mission.arrived is not None for mission in story.missions.values())
        now = datetime.now(UTC)
        figures = [
            (t.say("places", "名额"), f"{story.places_taken}/{story.places}"),
            (t.say("asked", "已通知"), len(story.asks)),
            (t.say("answers", "应答"), len(story.answers)),
            (t.say("teams", "队伍"), f"{len(story.missions)}/{story.teams_wanted}"),
            (t.say("arrived", "到达"), arrived),
            (t.say("cases", "个案"), len(story.cases)),
            (t.say("plans", "随访计划"), len(story.plans)),
            (t.say("open voids", "缺口"), len(story.voids_open)),
        ]
        when = f"{t.clock_text(story, now)} (+{(now - self.began_at).total_seconds():.0f} s)"
        return "\n" + "  ".join([when, *(f"{name} {value}" for name, value in figures)])


def line_text(teller: Teller, story: Story, line: Line, began_at: datetime) -> str:
    """A milestone as one line of text."""
    return f"{teller.clock_text(story, line.at)}  {elapsed_text(line, began_at):>9}  {line.word:<10}  {line.text}"
