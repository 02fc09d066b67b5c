"""Small documents of each kind, written for the tests after the published formats."""

from __future__ import annotations

import json
from typing import Any

from services.incidents.intake.model import Alert, Reading
from services.incidents.intake.read import read

CAP_12 = "urn:oasis:names:tc:emergency:cap:1.2"
CAP_11 = "urn:oasis:names:tc:emergency:cap:1.1"
CAP_10 = "http://www.incident.com/cap/1.0"
RING = "30,100 31,100 31,102 30,100"
AREA = f"<area><areaDesc>valley</areaDesc><polygon>{RING}</polygon></area>"


def info(
    area: str = AREA, *, event: str = "Flood", severity: str = "Severe", language: str = "en-US", more: str = ""
) -> str:
    """An info element with everything required."""
    return (
        f"<info><language>{language}</language><category>Met</category><event>{event}</event>"
        f"<urgency>Immediate</urgency><severity>{severity}</severity><certainty>Likely</certainty>{more}{area}</info>"
    )


def cap(
    body: str | None = None,
    *,
    namespace: str = CAP_12,
    identifier: str = "A1",
    sender: str = "met@example.org",
    sent: str = "2024-05-19T17:18:00+08:00",
    status: str = "Actual",
    msg_type: str = "Alert",
    references: str | None = None,
) -> str:
    """A CAP alert as text."""
    refers = "" if references is None else f"<references>{references}</references>"
    return (
        f'<alert xmlns="{namespace}"><identifier>{identifier}</identifier><sender>{sender}</sender><sent>{sent}</sent>'
        f"<status>{status}</status><msgType>{msg_type}</msgType><scope>Public</scope>{refers}"
        f"{info() if body is None else body}</alert>"
    )


def read_text(text: str, name: str = "file") -> Reading:
    """Read a document given as text."""
    return read(name, text.encode())


def read_json(document: Any, name: str = "file") -> Reading:
    """Read a document given as what JSON can say."""
    return read(name, json.dumps(document).encode())


def only(reading: Reading) -> Alert:
    """The one alert of a reading that was not refused."""
    assert reading.refused is None, reading.refused
    assert len(reading.alerts) == 1
    return reading.alerts[0]


def where(reading: Reading) -> str:
    """The element for which a file was refused."""
    assert reading.refused is not None, reading
    assert reading.refused.why
    assert reading.alerts == ()
    return reading.refused.where
