"""How the registry answers: JSON documents."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Response


def json_answer(document: Any) -> Response:
    """A document as a response."""
    return Response(orjson.dumps(document), media_type="application/json")
