"""Shapes made to take for ever: refused, or bounded in time."""

from __future__ import annotations

import time

from services.incidents.intake.propose import propose
from tests.unit.incidents.intake.samples import cap, info, read_text


def test_shapes_without_end_are_refused_or_bounded() -> None:
    areas = "".join(
        f"<area><areaDesc/><polygon>1,{n % 180} 1,{n % 180 + 0.5} 2,1 1,{n % 180}</polygon></area>"
        for n in range(50_001)
    )
    reading = read_text(cap(info(areas)))
    assert reading.refused is not None
    assert "50000" in reading.refused.why
    star = " ".join(f"{n * 7919 % 90},{n * 104729 % 180}" for n in range(20_000))
    began = time.process_time()
    (proposal,) = propose(read_text(cap(info(f"<area><areaDesc>x</areaDesc><polygon>{star}</polygon></area>"))))
    assert time.process_time() - began < 8
    assert proposal.place is not None
    assert any("hull" in note for note in proposal.notes)
