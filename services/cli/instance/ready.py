"""Is it ready? Asks every process over HTTP, all at once."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

ASK_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True)
class Readiness:
    """A process's own answer. `checks` names what it waits for."""

    ready: bool
    checks: Mapping[str, Any] = field(default_factory=dict)

    def waiting_for(self) -> str:
        """The failing checks in words."""
        return ", ".join(sorted(name for name, value in self.checks.items() if value in (False, "failing", "down")))


def ask(url: str) -> Readiness:
    """GET {url}/ready. Anything but a 200 is not ready."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=ASK_TIMEOUT_S)
    try:
        connection.request("GET", "/ready")
        response = connection.getresponse()
        body = json.loads(response.read() or b"{}")
        checks = body.get("checks") if isinstance(body, dict) else None
        return Readiness(response.status == 200, checks if isinstance(checks, dict) else {})
    except (OSError, http.client.HTTPException, ValueError):
        return Readiness(False)
    finally:
        connection.close()


def ask_all(urls: Mapping[str, str]) -> dict[str, Readiness]:
    """Every process's answer by name."""
    with ThreadPoolExecutor(max_workers=max(1, len(urls))) as pool:
        return dict(zip(urls, pool.map(ask, urls.values()), strict=True))
