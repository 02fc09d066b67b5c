"""`thirdrescue test`: every check on the source, then pytest, whose summary line comes last."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from services.cli.instance.layout import PROJECT

PACKAGES: Final = ("schemas", "services", "tests")
CHECKS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("ruff", ("-m", "ruff", "check", "--quiet", ".")),
    ("mypy", ("-m", "mypy", "--no-error-summary")),
    # import-linter has no `python -m` form; its console script is this call.
    ("import rules", ("-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())")),
)
UNIT: Final = ("tests/unit", "-n", "auto", "--dist", "loadfile")


def run_checks(arguments: Sequence[str], unit_only: bool) -> int:
    """Exit code 0 if everything passed. `arguments` go to pytest; a path among them replaces the whole selection."""
    failed = []
    if not unit_only:
        failed = [name for name, command in CHECKS if not _check(name, command)]
    chosen = any((PROJECT / argument.split("::")[0]).exists() for argument in arguments if not argument.startswith("-"))
    selection = () if chosen else UNIT if unit_only else ("tests",)
    if failed:
        # Said before pytest, so that pytest's own summary is the last line.
        print(f"\nchecks that failed: {', '.join(failed)}\n", flush=True)
    code = _python(("-m", "pytest", *selection, *arguments))
    return code or (1 if failed else 0)


def _check(name: str, command: Sequence[str]) -> bool:
    began = time.monotonic()
    print(f"{name} ...", flush=True)
    passed = _python(command) == 0
    print(f"{name}: {'passed' if passed else 'FAILED'} ({time.monotonic() - began:.1f} s)", flush=True)
    return passed


def _python(command: Sequence[str]) -> int:
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    return subprocess.run([sys.executable, *command], cwd=PROJECT, env=environment, check=False).returncode
