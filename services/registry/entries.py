"""Reading a batch: each item on its own, so that the good ones are taken and the others told what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import ValidationError

from services.kit.problems import Finding, pointer
from services.registry.model import Outcome, Request

E = TypeVar("E", bound=Request)
By = Literal["ref", "code"]
"""The field that names an item: an operator's own reference, or an area's code."""
_REF: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,119}")
PROBLEMS_PER_ITEM_MAX: Final = 10


@dataclass(frozen=True)
class Items(Generic[E]):
    """The items of one call by their position: those that can be read, and what is wrong with the others."""

    by: By
    refs: Sequence[str | None]
    entries: Mapping[int, E]
    refused: Mapping[int, Sequence[Finding]]


def where_of(position: int) -> str:
    """The pointer of an item."""
    return f"/items/{position}"


def read_items(model: type[E], raw: Sequence[Any], by: By = "ref") -> Items[E]:
    """Read every item. A reference that comes twice is refused the second time. Values are not repeated in messages:
    some are names."""
    entries: dict[int, E] = {}
    refused: dict[int, Sequence[Finding]] = {}
    first: dict[str, int] = {}
    for position, item in enumerate(raw):
        try:
            entry = model.model_validate(item)
        except ValidationError as error:
            refused[position] = _findings(error, position)
            continue
        ref = getattr(entry, by)
        if ref in first:
            what = f"this reference is given twice; item {first[ref]} has it too"
            refused[position] = (Finding(where=f"{where_of(position)}/{by}", what=what),)
            continue
        first[ref] = position
        entries[position] = entry
    return Items(by=by, refs=[_ref(item, by) for item in raw], entries=entries, refused=refused)


def report(
    items: Items[E], outcomes: Mapping[int, tuple[str, Outcome]], refused: Mapping[int, Sequence[Finding]]
) -> Any:
    """The answer of a batch call: one result per item in the order given, and counts by outcome."""
    results = []
    for position, ref in enumerate(items.refs):
        found = outcomes.get(position)
        problems = refused.get(position) or items.refused.get(position, ())
        results.append(
            {
                items.by: ref,
                "id": found[0] if found else None,
                "outcome": found[1].value if found else Outcome.REFUSED.value,
                "problems": [{"where": problem.where, "what": problem.what} for problem in problems],
            }
        )
    counts = {outcome.value: sum(result["outcome"] == outcome.value for result in results) for outcome in Outcome}
    return {"items": results, "counts": counts}


def _ref(item: Any, by: By) -> str | None:
    """The reference to repeat in the answer, if it can be one."""
    ref = item.get(by) if isinstance(item, dict) else None
    return ref if isinstance(ref, str) and _REF.fullmatch(ref) else None


def _findings(error: ValidationError, position: int) -> tuple[Finding, ...]:
    found = error.errors(include_url=False, include_input=False, include_context=False)[:PROBLEMS_PER_ITEM_MAX]
    return tuple(Finding(where=pointer(("body", "items", position, *item["loc"])), what=item["msg"]) for item in found)
