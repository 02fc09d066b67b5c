"""docs/telemetry.md names every metric as the code declares it."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from services.kit import metrics

DOCUMENT = Path(__file__).parents[2] / "docs" / "telemetry.md"
ROW = re.compile(r"^\| `(thirdrescue_\w+)` \| (\w+) \| ([\w, -]+) \| (.+) \|$", re.M)
ID_LIKE = re.compile(r"(_id|name|phone|key)$")


def declared() -> dict[str, tuple[str, str, str]]:
    found = {}
    for value in vars(metrics).values():
        if isinstance(value, MetricWrapperBase):
            family = next(iter(value.describe()))
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = (family.type, ", ".join(value._labelnames) or "-", family.documentation)
    return found


def test_the_table_of_metrics_is_what_the_code_declares() -> None:
    written = {name: (kind, labels, what) for name, kind, labels, what in ROW.findall(DOCUMENT.read_text("utf-8"))}
    assert written == declared()


def test_labels_identify_nobody_and_names_say_their_unit() -> None:
    for name, (kind, labels, _) in declared().items():
        assert not [label for label in labels.split(", ") if ID_LIKE.search(label)], name
        if kind == "histogram":
            assert name.endswith("_seconds")
