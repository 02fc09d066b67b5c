"""EDXL-DE envelopes in JSON, as the French SAMU hub exchanges them, and hubs that put CAP's XML inside JSON."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from services.incidents.intake import safejson, values
from services.incidents.intake.cap import read_alert
from services.incidents.intake.containers import escaped
from services.incidents.intake.model import Alert, Notes, Reading, Refused
from services.incidents.intake.safejson import Object

_STATUS: Final = frozenset({"Actual", "Exercise", "System", "Test"})
_KINDS: Final = {"Report": "Alert", "Update": "Update", "Cancel": "Cancel", "Ack": "Ack", "Error": "Error"}
_OTHER_KINDS: Final = frozenset(
    {"Request", "Response", "Dispatch", "SensorConfiguration", "SensorControl", "SensorStatus", "SensorDetection",
     "Unknown", "NoAppropriateDefault"}
)  # fmt: skip


def read_envelope(document: Object, notes: Notes) -> Reading:
    """An envelope. Its contents are messages between dispatch centres, which propose no incident by themselves."""
    edxl = safejson.as_object(document.get("edxl", document), "edxl")
    identifier = safejson.text(edxl, "distributionID", "edxl")
    sender = safejson.text(edxl, "senderID", "edxl")
    sent_at = values.time(safejson.text(edxl, "dateTimeSent", "edxl"), "edxl.dateTimeSent")
    expires = safejson.maybe_text(edxl, "dateTimeExpires")
    if expires:
        values.time(expires, "edxl.dateTimeExpires", zone=UTC)
    status = safejson.text(edxl, "distributionStatus", "edxl")
    if status not in _STATUS:
        raise Refused("edxl.distributionStatus", f"{values.shown(status)} is none of {', '.join(sorted(_STATUS))}")
    kind = safejson.text(edxl, "distributionKind", "edxl")
    if kind not in _KINDS and kind not in _OTHER_KINDS:
        raise Refused("edxl.distributionKind", f"{values.shown(kind)} is no kind of distribution")
    contents = list(safejson.items(edxl.get("content") or [], "edxl.content"))
    names = sorted({name for where, content in contents for name in _message_names(content, where)})
    notes.add("edxl.content", f"carries {', '.join(names) or 'no message'}, which is no alert: no place, no event")
    alert = Alert(
        identifier=identifier, sender=sender, sent_at=sent_at, status=status, msg_type=_KINDS.get(kind, "Ack")
    )
    return Reading(format="edxl-de-json", alerts=(alert,))


def _message_names(content: Object, where: str) -> list[str]:
    path = f"{where}.jsonContent.embeddedJsonContent.message"
    node: Any = content
    for name in ("jsonContent", "embeddedJsonContent", "message"):
        node = safejson.as_object(node, path).get(name) or {}
    known = {"messageId", "sender", "sentAt", "status", "kind", "recipient"}
    return [name for name in safejson.as_object(node, path) if name not in known] or ["an empty message"]


def read_hub(document: Object, notes: Notes) -> Reading:
    """{"alert": {"capXml": ...}}: the CAP inside is what counts."""
    record = safejson.as_object(document.get("alert"), "alert")
    element = escaped(safejson.text(record, "capXml", "alert"), "alert.capXml")
    if isinstance(element, Refused):
        raise element
    name, alert = read_alert(element, "alert.capXml/alert", notes)
    return Reading(format=f"{name}-json", alerts=(alert,))
