"""Builds the console when its sources, its packages or Node changed; otherwise finds it as it was built.

A build ends in a folder of its own, which then takes the place of the one before in one step, so that a console that
is being used stays whole. Two at once wait for each other.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from filelock import FileLock

from services.cli.console.node import WEB, last_words, node_binary, npm, tool
from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import TOOLS

SOURCES: Final = ("package.json", "package-lock.json", "index.html", "vite.config.ts", "tsconfig.json", "src")
STAMP: Final = ".built-from"
INSTALL_TIMEOUT_S: Final = 300
INSTALL: Final = (
    "ci", "--ignore-scripts", "--no-audit", "--no-fund",
    "--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000",
)  # fmt: skip
"""A registry that is away is soon told: `up` waits for it."""
BUILD_TIMEOUT_S: Final = 120
Told = Callable[[str], None]


class NotBuilt(InstanceError):
    """The console could not be built; everything else can run without it."""


def fingerprint(web: Path = WEB) -> str:
    """Of everything that the built pages come from."""
    digest = hashlib.sha256(str(node_binary()).encode())
    for name in SOURCES:
        path = web / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(str(file.relative_to(web)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current(web: Path = WEB) -> bool:
    """Whether what was built came from the sources as they are now."""
    return _stamp_of(web / "dist") == fingerprint(web)


def ensure_built(tell: Told = lambda _: None) -> None:
    """Build unless that was done. Raises `NotBuilt` with one sentence; what was built before then stays."""
    if is_current():
        return
    TOOLS.mkdir(exist_ok=True)
    with FileLock(TOOLS / "console.lock"):
        if is_current():
            return
        install_packages(tell)
        tell("building pages")
        _build()


def install_packages(tell: Told = lambda _: None, web: Path = WEB) -> None:
    """The packages of package-lock.json, unless they are there. No script of any package runs."""
    lock = web / "package-lock.json"
    wanted = hashlib.sha256(lock.read_bytes() + str(node_binary()).encode()).hexdigest()
    folder = web / "node_modules"
    if _stamp_of(folder) == wanted:
        return
    tell("installing npm packages")
    done = _within(lambda: npm(INSTALL, INSTALL_TIMEOUT_S, web), "npm")
    if done.returncode != 0:
        raise NotBuilt(
            f"the console's npm packages could not be installed ({last_words(done.stdout)}): check the network and "
            "npm's settings (npm config list); everything else runs without the console"
        )
    (folder / STAMP).write_text(wanted, "utf-8")


def _build() -> None:
    fresh, final, old = WEB / "dist.new", WEB / "dist", WEB / "dist.old"
    shutil.rmtree(fresh, ignore_errors=True)
    made_from = fingerprint()
    done = _within(
        lambda: tool("vite", ["build", "--outDir", fresh.name, "--logLevel", "error"], BUILD_TIMEOUT_S), "vite"
    )
    if done.returncode != 0:
        raise NotBuilt(f"the console could not be built ({last_words(done.stdout)}); everything else runs without it")
    (fresh / STAMP).write_text(made_from, "utf-8")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    fresh.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _within(run: Callable[[], subprocess.CompletedProcess[str]], what: str) -> subprocess.CompletedProcess[str]:
    try:
        return run()
    except subprocess.TimeoutExpired as error:
        raise NotBuilt(
            f"the console is not built: {what} did not end within {error.timeout:.0f} s; everything else runs"
        ) from error


def _stamp_of(folder: Path) -> str:
    try:
        return (folder / STAMP).read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
