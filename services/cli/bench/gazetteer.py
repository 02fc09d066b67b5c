"""How fast places are found by name: every area of a table of codes, with the towns of GeoNames beside them.

The floor is a bare dictionary from a name to its areas, which knows nothing but whole names.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from schemas.vocabulary import Tier
from services.cli.bench.report import Report, percentile
from services.cli.boundaries.codes import read_codes
from services.cli.instance.errors import InstanceError
from services.incidents.gazetteer.entries import merged, town_entries
from services.incidents.gazetteer.model import Entry
from services.incidents.gazetteer.names import han_forms, pinyin_of
from services.incidents.gazetteer.search import Index

ON: Final = date(2026, 5, 12)
_NOT_ON_A_KEYBOARD: Final = "某"


def run_gazetteer_bench(table: bytes) -> Report:
    """Check that full names are found, then time each way of writing them."""
    items = read_codes(table, is_csv=False, valid_from=None)
    report = Report("gazetteer")
    began = time.perf_counter()
    index = Index(merged(_areas(items), town_entries()))
    report.add("making the index, with loading the dictionaries", time.perf_counter() - began, "s")
    report.add("places", len(index.entries), "")
    names = [str(item["name_zh"]) for item in items]
    floor = _floor(items)
    _check(index, floor)
    bare_us = _median_us(names, floor.__getitem__)
    report.add("bare look-up of a full name, p50", bare_us, "us")
    queries = {
        "full name": names,
        "short name": [han_forms(name)[-1] for name in names if han_forms(name)],
        "pinyin": [pinyin_of(name) for name in names],
        "with a street behind": [f"{name}解放路8号" for name in names],
        "misspelt": [name[:1] + _NOT_ON_A_KEYBOARD + name[2:] for name in names if len(name) > 2],
    }
    for what, texts in queries.items():
        taken_us = _times_us(texts, lambda text: index.find(text, ON))
        report.add(f"{what}: {len(texts)} queries, p50", percentile(taken_us, 50), "us")
        report.add(f"{what}, p99", percentile(taken_us, 99), "us")
    report.left_out.append("the way over HTTP, and areas with more names than the table has")
    return report


def _areas(items: Iterable[Mapping[str, Any]]) -> list[Entry]:
    return [
        Entry(
            key=one["code"], code=one["code"], name_zh=one["name_zh"], name_en=None, tier=Tier(one["tier"]),
            source="table",
        )
        for one in items
    ]  # fmt: skip


def _floor(items: Iterable[Mapping[str, Any]]) -> Mapping[str, set[str]]:
    floor: dict[str, set[str]] = defaultdict(set)
    for item in items:
        floor[item["name_zh"]].add(item["code"])
    return floor


def _check(index: Index, floor: Mapping[str, set[str]]) -> None:
    """Every full name must give the areas that the bare look-up gives."""
    for name, codes in floor.items():
        found = {one.entry.code for one in index.find(name, ON, limit=50).candidates if not one.is_guess}
        if not codes <= found:
            raise InstanceError(f"{name} gives {sorted(map(str, found))} instead of {sorted(codes)}; nothing was timed")


def _times_us(texts: Sequence[str], ask: Callable[[str], Any]) -> list[float]:
    taken = []
    for text in texts:
        began = time.perf_counter_ns()
        ask(text)
        taken.append((time.perf_counter_ns() - began) / 1_000)
    return taken


def _median_us(texts: Sequence[str], ask: Callable[[str], Any]) -> float:
    return percentile(_times_us(texts, ask), 50)
