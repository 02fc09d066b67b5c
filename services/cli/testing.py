"""`thirdrescue test`: every check on the source, then pytest, whose summary line comes last."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from services.cli.instance.layout import PROJECT

PACKAGES: Final = ("schemas", "services", "tests")
CHECKS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("ruff", ("-m", "ruff", "check", "--quiet", ".")),
    ("mypy", ("-m", "mypy", "--no-error-summary")),
    # import-linter has no `python -m` form; its console script is this call.
    ("import rules", ("-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())")),
    ("console", ("-m", "services.cli.console.check")),
)
UNIT: Final = PROJECT / "tests" / "unit"
QUICK: Final = "THIRDRESCUE_TEST_QUICK"
"""Set for the unit tests alone: properties are tried on fewer examples than in the whole run."""
PROCESSES_MAX: Final = 8


def run_checks(arguments: Sequence[str], unit_only: bool) -> int:
    """Exit code 0 if everything passed. `arguments` go to pytest; a path among them replaces the whole selection."""
    failed = []
    if not unit_only:
        failed = [name for name, command in CHECKS if not _check(name, command)]
    chosen = any((PROJECT / argument.split("::")[0]).exists() for argument in arguments if not argument.startswith("-"))
    if unit_only and not chosen:
        return _run_units(arguments)
    if failed:
        # Said before pytest, so that pytest's own summary is the last line.
        print(f"\nchecks that failed: {', '.join(failed)}\n", flush=True)
    code = _python(("-m", "pytest", *(() if chosen else ("tests",)), *arguments))
    return code or (1 if failed else 0)


def _run_units(arguments: Sequence[str]) -> int:
    """The unit tests on all cores, each process with folders of its own: workers of one run would import all."""
    folders: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(UNIT.rglob("test_*.py")):
        folders[str(path.parent)].append(path)
    sizes = {name: sum(path.stat().st_size for path in files) for name, files in folders.items()}
    shares = shared_out(sizes, min(os.cpu_count() or 1, PROCESSES_MAX))
    environment = os.environ | {"PYTHONPATH": str(PROJECT), QUICK: "1"}
    # Compiling all modules and rewriting all asserts anew takes a tenth of the time, and it is in every process.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with ExitStack() as open_files:
        running = []
        for number, share in enumerate(shares):
            output = open_files.enter_context(TemporaryFile()) if number else None  # the first one is seen as it runs
            files = (str(path.relative_to(PROJECT)) for name in share for path in folders[name])
            command = (sys.executable, "-m", "pytest", *files, *arguments)
            running.append((subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output), output))
        codes = [process.wait() for process, _ in running]
        for _, output in running:
            if output is not None:
                output.seek(0)
                print(output.read().decode(errors="replace"), flush=True)
    return max(codes)


def shared_out(sizes: Mapping[str, int], shares: int) -> list[list[str]]:
    """Names in so many shares of about the same size, largest first."""
    filled: list[tuple[int, list[str]]] = [(0, []) for _ in range(shares)]
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        least = min(range(shares), key=lambda number: (filled[number][0], len(filled[number][1])))
        total, names = filled[least]
        filled[least] = (total + sizes[name], [*names, name])
    return [names for _, names in filled if names]


def _check(name: str, command: Sequence[str]) -> bool:
    began = time.monotonic()
    print(f"{name} ...", flush=True)
    passed = _python(command) == 0
    print(f"{name}: {'passed' if passed else 'FAILED'} ({time.monotonic() - began:.1f} s)", flush=True)
    return passed


def _python(command: Sequence[str]) -> int:
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    return subprocess.run([sys.executable, *command], cwd=PROJECT, env=environment, check=False).returncode
