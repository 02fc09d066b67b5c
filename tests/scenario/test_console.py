"""The web console in a real browser, on the instance of the other stories: what `services/web/browser` tells.

Playwright runs once, by the Node that the console is built with, and drives the Chromium of this machine. Each of its
stories is a test here, so that one that fails is named.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from services.cli.console.build import install_packages
from services.cli.console.node import WEB, node_binary
from services.cli.instance.keys import admin_password_file
from tests.scenario.stage import Stage

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(300)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TITLE = re.compile(r'^test\("([^"]+)"', re.MULTILINE)
STORIES = [
    title for path in sorted((WEB / "browser").glob("*.spec.ts")) for title in TITLE.findall(path.read_text("utf-8"))
]


@pytest.fixture(scope="module")
def told(stage: Stage) -> Mapping[str, str]:
    """What came of each story: nothing, or what went wrong in it."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    install_packages()
    environment = os.environ | {
        "CONSOLE_URL": stage.url("web"),
        "CONSOLE_PASSWORD": admin_password_file(stage.layout.secrets).read_text("utf-8").strip(),
        "CHROMIUM": CHROMIUM,
    }
    playwright = (WEB / "node_modules" / ".bin" / "playwright").resolve()
    done = subprocess.run(
        [str(node_binary()), str(playwright), "test", "--reporter=json"],
        cwd=WEB, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return {spec["title"]: _fault(spec) for suite in json.loads(done.stdout)["suites"] for spec in suite["specs"]}


def _fault(spec: Mapping[str, Any]) -> str:
    """Why a story failed; empty when it went well."""
    results = [result for test in spec["tests"] for result in test["results"]]
    if spec["ok"] and all(result["status"] == "passed" for result in results):
        return ""
    said = "\n".join(error["message"] for result in results for error in result["errors"])
    return said or f"did not pass: {[result['status'] for result in results]}"


@pytest.mark.parametrize("story", STORIES)
def test_the_console(told: Mapping[str, str], story: str) -> None:
    assert told[story] == ""
