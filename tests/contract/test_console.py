"""The console's sources keep the house rules, and its types are those of the services' models."""

from __future__ import annotations

from pathlib import Path

from services.cli.console.contract import CONTRACT, rendered
from services.cli.console.node import WEB
from tests.contract.test_house_rules import MAX_FILE_LINES

GENERATED = {"contract.ts", "contract.json"}


def sources() -> list[Path]:
    return [
        path
        for folder in ("src", "browser")
        for path in (WEB / folder).rglob("*")
        if path.is_file() and path.name not in GENERATED
    ]


def test_the_contract_is_made_from_the_models_as_they_are() -> None:
    assert CONTRACT.read_text("utf-8") == rendered(), (
        "run python -m services.cli.console.contract, then npm run types in services/web"
    )


def test_files_are_small_rooms() -> None:
    crowded = {str(path.relative_to(WEB)) for path in sources() if _lines(path) > MAX_FILE_LINES}
    assert crowded == set()


def test_every_typescript_file_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(WEB))
        for path in sources()
        if path.suffix in (".ts", ".tsx")
        and not path.name.endswith((".test.ts", ".spec.ts", "main.tsx"))
        and not path.read_text("utf-8").startswith("/**")
    ]
    assert silent == []


def test_nothing_is_kept_in_the_browser_but_the_language() -> None:
    keeping = {
        path.name
        for path in sources()
        if WEB / "src" in path.parents
        and any(word in path.read_text("utf-8") for word in ("localStorage", "sessionStorage"))
    }
    assert keeping == {"words.ts"}


def test_the_packages_are_locked_without_a_registry() -> None:
    lock = (WEB / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())
