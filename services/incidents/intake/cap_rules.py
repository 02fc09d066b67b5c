"""What CAP 1.0, 1.1 and 1.2 require: elements in their order, how often, and the words allowed in them.

Sources: OASIS Standard CAP-V1.0 (March 2004), CAP-V1.1 (October 2005) and CAP-V1.2 (July 2010) with their schemas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ONE: Final = (1, 1)
MAYBE: Final = (0, 1)
SOME: Final = (1, None)
ANY: Final = (0, None)

Counts = tuple[int, int | None]
Order = Mapping[str, Counts]
"""Names of the children in their order, each with the least and the greatest number of times."""

_ALERT: Final[Order] = {
    "identifier": ONE, "sender": ONE, "sent": ONE, "status": ONE, "msgType": ONE, "source": MAYBE, "scope": ONE,
    "restriction": MAYBE, "addresses": MAYBE, "code": ANY, "note": MAYBE, "references": MAYBE, "incidents": MAYBE,
    "info": ANY,
}  # fmt: skip
_ALERT_10: Final[Order] = {
    "identifier": ONE, "sender": ONE, "sent": ONE, "status": ONE, "msgType": ONE, "password": MAYBE, "source": MAYBE,
    "scope": MAYBE, "restriction": MAYBE, "addresses": MAYBE, "code": ANY, "note": MAYBE, "references": MAYBE,
    "incidents": MAYBE, "info": ANY,
}  # fmt: skip
_INFO: Final[Order] = {
    "language": MAYBE, "category": SOME, "event": ONE, "responseType": ANY, "urgency": ONE, "severity": ONE,
    "certainty": ONE, "audience": MAYBE, "eventCode": ANY, "effective": MAYBE, "onset": MAYBE, "expires": MAYBE,
    "senderName": MAYBE, "headline": MAYBE, "description": MAYBE, "instruction": MAYBE, "web": MAYBE,
    "contact": MAYBE, "parameter": ANY, "resource": ANY, "area": ANY,
}  # fmt: skip
_INFO_10: Final[Order] = {
    name: (ANY if name == "category" else counts) for name, counts in _INFO.items() if name != "responseType"
}
AREA: Final[Order] = {
    "areaDesc": ONE, "polygon": ANY, "circle": ANY, "geocode": ANY, "altitude": MAYBE, "ceiling": MAYBE,
}  # fmt: skip
PAIR: Final[Order] = {"valueName": ONE, "value": ONE}

_STATUS_10: Final = frozenset({"Actual", "Exercise", "System", "Test"})
_CATEGORY_10: Final = frozenset(
    {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "Other"}
)
_CERTAINTY_10: Final = frozenset({"Very Likely", "Likely", "Possible", "Unlikely", "Unknown"})
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "status": _STATUS_10 | {"Draft"},
    "msgType": frozenset({"Alert", "Update", "Cancel", "Ack", "Error"}),
    "scope": frozenset({"Public", "Restricted", "Private"}),
    "category": _CATEGORY_10 | {"CBRNE"},
    "urgency": frozenset({"Immediate", "Expected", "Future", "Past", "Unknown"}),
    "severity": frozenset({"Extreme", "Severe", "Moderate", "Minor", "Unknown"}),
    "certainty": frozenset({"Observed", "Likely", "Possible", "Unlikely", "Unknown"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the standard. Times without an offset are allowed up to 1.1, where xs:dateTime has none."""

    name: str
    alert: Order
    info: Order
    words: Mapping[str, frozenset[str]]
    is_zone_required: bool
    is_pair_text: bool = False
    """Whether geocodes, event codes and parameters are texts KEY=value (1.0) rather than two elements."""


V1_0: Final = Version(
    name="cap-1.0",
    alert=_ALERT_10,
    info=_INFO_10,
    words={**_WORDS, "status": _STATUS_10, "category": _CATEGORY_10, "certainty": _CERTAINTY_10},
    is_zone_required=False,
    is_pair_text=True,
)
V1_1: Final = Version(
    name="cap-1.1",
    alert=_ALERT,
    info=_INFO,
    # Section 3.2.2: for compatibility with 1.0, "Very Likely" is to be treated as "Likely".
    words={**_WORDS, "certainty": _WORDS["certainty"] | {"Very Likely"}},
    is_zone_required=False,
)
V1_2: Final = Version(name="cap-1.2", alert=_ALERT, info=_INFO, words=V1_1.words, is_zone_required=True)

NAMESPACES: Final[Mapping[str, Version]] = {
    "http://www.incident.com/cap/1.0": V1_0,
    "urn:oasis:names:tc:emergency:cap:1.1": V1_1,
    "urn:oasis:names:tc:emergency:cap:1.2": V1_2,
}
_NEARLY: Final = re.compile(r"(?i)(?:\bcap\b|emergency|incident\.com).*?1[.:_-]?([012])\b")


def version_of(namespace: str) -> tuple[Version | None, bool]:
    """The version that a namespace stands for, and whether it is written as the standard says."""
    if namespace in NAMESPACES:
        return NAMESPACES[namespace], True
    nearly = _NEARLY.search(namespace)
    return ((V1_0, V1_1, V1_2)[int(nearly.group(1))], False) if nearly else (None, False)
