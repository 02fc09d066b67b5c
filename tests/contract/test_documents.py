"""What the documents say about services, topics, tests and files is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.topics import TOPICS, consumed_by
from services.catalog import SERVICES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")]
DOCUMENTS += sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "services").glob("*/README.md"))
LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)#\s]+)[^)]*\)")
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_readme_lists_every_service(service: object) -> None:
    name = service.name  # type: ignore[attr-defined]
    reads = ", ".join(topic.name for topic in consumed_by(name)) or "-"
    writes = ", ".join(topic.name for topic in TOPICS if topic.producer == name) or "-"
    owns = service.owns  # type: ignore[attr-defined]
    assert row(f"[{name}](services/{name}/README.md)", owns, reads, writes) in README


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_readme_lists_every_topic(topic: object) -> None:
    kept = "last per key" if topic.cleanup == "compact" else "for ever"  # type: ignore[attr-defined]
    assert row(f"`{topic.name}`", topic.key, kept, topic.description) in README  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    broken = [target for target in LINK.findall(text) if not (path.parent / target).exists()]
    assert broken == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_that_are_named_exist(path: Path) -> None:
    missing = [
        f"{file}::{name}"
        for file, name in TEST.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / file).exists() or (name and f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_every_service_has_its_page() -> None:
    headings = ("Owns", "Consumes", "Produces", "Invariants", "When things fail", "Run alone")
    lacking = {
        service.name: missing
        for service in SERVICES
        if service.kind == "product"
        for text in [(ROOT / "services" / service.name / "README.md").read_text(encoding="utf-8")]
        if (missing := [heading for heading in headings if heading.lower() not in text.lower()])
    }
    assert lacking == {}
