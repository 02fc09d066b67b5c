"""What is sent: the body from a file and options, and the key by which the same command declares once."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from services.cli.instance.errors import InstanceError

FILE_BYTES_MAX: Final = 2 * 1024 * 1024
"""What the instance takes."""
STDIN: Final = Path("-")
_PREVIEWED: Final = (
    "kind", "level", "place", "radius_m", "magnitude", "intensity_observations", "intensity_contours", "venues"
)  # fmt: skip


def read_document(path: Path | None) -> dict[str, Any]:
    """The JSON object of a file, or of the standard input for `-`; nothing for no file."""
    if path is None:
        return {}
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with path.open("rb") as file:
                data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise InstanceError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > FILE_BYTES_MAX:
        raise InstanceError(f"{path} has more than {FILE_BYTES_MAX} bytes; the instance takes no more")
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise InstanceError(f"{path} is not UTF-8, at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise InstanceError(f"{path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
    if not isinstance(document, dict):
        raise InstanceError(f"{path} must hold a JSON object")
    return document


def _no_number(word: str) -> Any:
    raise InstanceError(f"{word} is no number in JSON")


def place_of(
    *, lat_deg: float | None, lon_deg: float | None, address: str | None, place_codes: list[str] | None
) -> dict[str, Any] | None:
    """The place that the options say, in one way only; None if they say none."""
    ways: list[dict[str, Any]] = []
    if lat_deg is not None or lon_deg is not None:
        if lat_deg is None or lon_deg is None:
            raise InstanceError("--lat and --lon go together")
        ways.append({"lat_deg": lat_deg, "lon_deg": lon_deg})
    if address is not None:
        ways.append({"address": address})
    if place_codes:
        ways.append({"area_codes": place_codes})
    if len(ways) > 1:
        raise InstanceError("say the place in one way: --lat and --lon, --address, or --place-code")
    return ways[0] if ways else None


def joined(document: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The file's words with those of the options in their place."""
    left_out: tuple[Any, ...] = (None, [])
    return {**document, **{name: it for name, it in said.items() if it is not False and it not in left_out}}


def canonical(body: Mapping[str, Any]) -> bytes:
    """The body as it is sent: the same words, in whatever order and spacing, are the same bytes."""
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def key_of(body: Mapping[str, Any]) -> str:
    """The key of a declaration, made from its words."""
    return f"cli-{hashlib.sha256(canonical(body)).hexdigest()[:48]}"


def previewed(declared: Mapping[str, Any]) -> dict[str, Any]:
    """What the preview must know of a declaration."""
    return {name: declared[name] for name in _PREVIEWED if declared.get(name) is not None}
