"""One way to a phone: what alerts does not send reaches nobody, so opting out there stops every service."""

from __future__ import annotations

import ast
from pathlib import Path

from services.catalog import SERVICES

ROOT = Path(__file__).parents[2]
MAY_SPEAK_OF_IT = {"alerts", "pagegateway"}


def names_of(path: Path) -> set[str]:
    """Every string and name in a module that speaks of the page gateway."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
        text = node.id if isinstance(node, ast.Name) else text
        if text is not None and ("pagegateway" in text or "page_gateway" in text or "page-gateway" in text):
            found.add(text)
    return found


def test_no_service_but_alerts_can_reach_a_phone() -> None:
    speaking = {
        service.name
        for service in SERVICES
        for path in (ROOT / "services" / service.name).rglob("*.py")
        if names_of(path)
    }
    assert speaking == MAY_SPEAK_OF_IT
