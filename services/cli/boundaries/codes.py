"""Tables of codes without boundaries: CSV with a header, or JSON, nested as `{code, name, children}` or flat."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.cli.instance.errors import InstanceError

_TIERS: Final = {2: "province", 4: "prefecture", 6: "county", 9: "township", 12: "village"}
_PLACEHOLDERS: Final = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
"""Lines of the Bureau's tables that group counties and are no areas themselves."""
COLUMNS: Final = (
    "code", "name_zh", "name_en", "aliases", "tier", "parent_code", "valid_from", "valid_to", "successor_codes",
    "lat_deg", "lon_deg", "population", "population_year",
)  # fmt: skip
_LISTS: Final = ("aliases", "successor_codes")
_NUMBERS: Final = {"lat_deg": float, "lon_deg": float, "population": int, "population_year": int}


def read_codes(content: bytes, *, is_csv: bool, valid_from: str | None) -> list[dict[str, Any]]:
    """The items of a table. `valid_from` is given to those that say none themselves. Raises InstanceError."""
    try:
        text = content.decode("utf-8-sig")
        items = list(_csv_items(text) if is_csv else _json_items(json.loads(text), None))
    except ValueError as error:
        raise InstanceError(f"the table cannot be read: {error}") from error
    if not items:
        raise InstanceError("the table has no lines")
    if valid_from is not None:
        items = [item if "valid_to" in item else {"valid_from": valid_from, **item} for item in items]
    return items


def full_code(code: str) -> str:
    """A code of 2, 4, 6, 9 or 12 digits, filled up to 6 or 12."""
    return code.ljust(6 if len(code) <= 6 else 12, "0")


def tier_of(code: str) -> str:
    """The tier that a code's digits say."""
    stem = code.rstrip("0")
    return next(tier for digits, tier in _TIERS.items() if digits >= len(stem))


def _csv_items(text: str) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text))
    unknown = sorted(set(reader.fieldnames or ()) - set(COLUMNS))
    if unknown or "code" not in (reader.fieldnames or ()):
        known = ", ".join(COLUMNS)
        raise InstanceError(f"columns must be of {known}, with code; not known: {', '.join(unknown) or '-'}")
    for row in reader:
        yield _item({name: _cell(name, value) for name, value in row.items() if name is not None and value})


def _cell(name: str, value: str) -> Any:
    if name in _LISTS:
        return [part.strip() for part in value.replace("；", ";").split(";") if part.strip()]
    return _NUMBERS[name](value) if name in _NUMBERS else value.strip()


def _json_items(nodes: Any, parent: str | None) -> Iterator[dict[str, Any]]:
    if not isinstance(nodes, list):
        raise InstanceError("the table must be a JSON array")
    for node in nodes:
        if not isinstance(node, Mapping) or not isinstance(node.get("code"), str):
            raise InstanceError("every line of the table must be an object with a code as text")
        code, name = full_code(node["code"]), node.get("name") or node.get("name_zh")
        is_placeholder = name in _PLACEHOLDERS and tier_of(code) == "prefecture"
        if not is_placeholder:
            more = {key: node[key] for key in COLUMNS if key in node}
            yield _item({"name_zh": name, **({"parent_code": parent} if parent else {}), **more})
        yield from _json_items(node.get("children", []), parent if is_placeholder else code)


def _item(fields: Mapping[str, Any]) -> dict[str, Any]:
    code = full_code(str(fields["code"]))
    return {"tier": tier_of(code), **fields, "code": code}
