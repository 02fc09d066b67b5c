"""After the drill ended: is everybody released, and nothing left standing but cases and follow-ups?"""

from __future__ import annotations

from collections.abc import Iterator

from services.cli.scenario.check.model import Invariant, judge
from services.cli.scenario.story import Story

ENDED = ("completed", "cancelled")


def check_released(story: Story) -> Invariant:
    """The incident is closed, its zones lifted, its alert closed, every mission over."""
    types = {record.type for record in story.records}

    def broken() -> Iterator[str]:
        for wanted in ("incident.closed", "zone.lifted", "alert.closed"):
            if wanted not in types:
                yield f"{wanted} is not in the log"
        live = [mission.mission_id for mission in story.missions.values() if mission.state not in ENDED]
        if live:
            yield f"{len(live)} missions are still live"

    return judge(
        "when the drill ended every mission was over and everybody released; cases and follow-ups stay",
        broken(),
        f"{len(story.missions)} missions, {len(story.cases)} cases, {len(story.plans)} plans",
    )
