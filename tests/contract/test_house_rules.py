"""The house rules, as tests: small rooms, pure cores, SQL in its files, no word that does not belong."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.kit.migrate import read_folder

ROOT = Path(__file__).parents[2]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
DOMAIN_NOUNS = re.compile(r"\b(incident|station|volunteer|mission|alert|zone|quota|wave|triage|detachment)s?\b", re.I)
MAY_HOLD_SQL = {"services/kit/migrate.py"}  # it runs before there is anything to name queries with
PURE_FILES = {"decide.py", "model.py", "fold.py", "geometry.py"}
IMPURE_CALLS = {"now", "utcnow", "today", "time", "uuid4", "uuid1", "random", "monotonic", "getenv"}
SQL = re.compile(r"^\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b", re.I | re.S)


def sources(*folders: str) -> list[Path]:
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts
    )


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_files_are_small_rooms() -> None:
    crowded = {
        name(path): lines
        for path in sources("schemas", "services", "tests")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_FILE_LINES
    }
    assert crowded == {}


def test_functions_are_short() -> None:
    long = [
        f"{name(path)}:{function.lineno} {function.name}"
        for path in sources("schemas", "services")
        for function in functions(parsed(path))
        if (function.end_lineno or 0) - function.lineno >= MAX_FUNCTION_LINES
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    assert [
        name(path)
        for path in sources("schemas", "services", "tests")
        if path.stat().st_size and not ast.get_docstring(parsed(path))
    ] == []


def test_the_kit_holds_mechanism_only() -> None:
    """No domain noun in its identifiers: what only one service needs lives there."""
    found = []
    for path in sources("services/kit"):
        for node in ast.walk(parsed(path)):
            identifier = (
                getattr(node, "name", None)
                or getattr(node, "id", None)
                or getattr(node, "attr", None)
                or getattr(node, "arg", None)
            )
            if isinstance(identifier, str) and DOMAIN_NOUNS.search(identifier.replace("_", " ")):
                found.append(f"{name(path)}:{getattr(node, 'lineno', 0)} {identifier}")
    assert found == []


@pytest.mark.parametrize("path", [path for path in sources("services") if path.name in PURE_FILES], ids=name)
def test_decisions_draw_no_time_no_chance_and_wait_for_nothing(path: Path) -> None:
    tree = parsed(path)
    impure = [
        f"line {node.lineno}: {ast.unparse(node.func)}()"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in IMPURE_CALLS
        and ast.unparse(node.func.value) in {"datetime", "date", "time", "uuid", "random", "os"}
    ]
    waiting = [
        f"line {node.lineno}: async" for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)
    ]
    assert impure + waiting == []


def test_sql_lives_in_sql_files() -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in sources("services")
        if not name(path).startswith("services/cli/") and name(path) not in MAY_HOLD_SQL
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    assert found == []


def test_nothing_is_swallowed() -> None:
    """`except Exception: pass` and bare excepts hide faults."""
    found = [
        f"{name(path)}:{handler.lineno}"
        for path in sources("schemas", "services")
        for handler in ast.walk(parsed(path))
        if isinstance(handler, ast.ExceptHandler)
        and (handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"})
        and all(isinstance(statement, ast.Pass | ast.Continue) for statement in handler.body)
    ]
    assert found == []


def test_the_project_speaks_of_itself_alone() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    foreign = re.compile(
        "|".join(
            [
                "/wo" + "rk/",
                "/ro" + "ot/",
                "bash_" + "jobs",
                r"registry\.npm" + "js",
                r"pypi\.o" + "rg/simple",
                "files" + r"\.pythonhosted",
                "repo1?" + r"\.maven",
            ]
        )
    )
    found = []
    for line in tracked:
        path = ROOT / line
        if (
            line
            and path.is_file()
            and path.suffix in {".py", ".md", ".sql", ".yml", ".yaml", ".json", ".toml", ".in", ".lock", ".sh", ""}
        ):
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{line}: {match.group()}" for match in [foreign.search(text)] if match]
    assert found == []


@pytest.mark.parametrize("folder", sorted(ROOT.glob("services/*/sql/migrations")), ids=lambda folder: folder.parts[-3])
def test_the_migrations_of_a_service_can_be_read(folder: Path) -> None:
    """Among others, no two have the same number; two who work at once may both take the next one."""
    assert read_folder(folder)
