"""The languages and dialects that the register offers, with their source (`reference/languages.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

REFERENCE: Final[Mapping[str, Any]] = orjson.loads(
    (Path(__file__).parent / "reference" / "languages.json").read_bytes()
)
DIALECTS: Final = frozenset(dialect["code"] for dialect in REFERENCE["dialects"])
"""The codes that may be given for a dialect."""
