"""What the console sends, as an OpenAPI document made from the services' own models: its TypeScript types come from it.

    python -m services.cli.console.contract        then `npm run types` in services/web

A test holds the committed document equal to the models, and the console's check holds the types equal to the document.
"""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from services.cli.console.node import WEB
from services.geofencing.preview import PreviewRequest
from services.incidents.amend.model import AreaRequest, DifferentRequest, MergeRequest, PhaseRequest, ReopenRequest
from services.incidents.feeds.model import AcceptRequest, DismissRequest
from services.incidents.model import CloseRequest, DeclareRequest, LevelRequest, NeedsRequest
from services.web.session.api import SessionAnswer, SessionRequest

CONTRACT: Final = WEB / "src" / "api" / "contract.json"
MODELS: Final = (
    DeclareRequest, AcceptRequest, DismissRequest, PreviewRequest, SessionRequest, SessionAnswer,
    LevelRequest, PhaseRequest, NeedsRequest, AreaRequest, MergeRequest, DifferentRequest, CloseRequest, ReopenRequest,
)  # fmt: skip


def contract() -> dict[str, Any]:
    """The document: schemas only, because what is asked is written where it is asked."""
    _, definitions = models_json_schema(
        [(model, "validation") for model in MODELS], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "What the console sends", "version": "1"},
        "paths": {},
        "components": {"schemas": definitions["$defs"]},
    }


def rendered() -> str:
    """As it is committed."""
    return json.dumps(contract(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    CONTRACT.write_text(rendered(), "utf-8")
