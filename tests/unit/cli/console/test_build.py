"""The console is built when something changed, and a failure is one sentence that leaves the rest alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli.console.build import NotBuilt, fingerprint, install_packages, is_current
from services.cli.console.node import last_words

NOWHERE = "http://127.0.0.1:1/"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A console of one package."""
    for name in ("package.json", "package-lock.json", "index.html", "vite.config.ts", "tsconfig.json"):
        (tmp_path / name).write_text("{}", "utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.ts").write_text("1", "utf-8")
    return tmp_path


def test_every_change_of_a_source_is_another_build(web: Path) -> None:
    seen = {fingerprint(web)}
    (web / "src" / "main.ts").write_text("2", "utf-8")
    seen.add(fingerprint(web))
    (web / "src" / "other.ts").write_text("", "utf-8")
    seen.add(fingerprint(web))
    (web / "package-lock.json").write_text("{ }", "utf-8")
    seen.add(fingerprint(web))
    assert len(seen) == 4
    (web / "README.md").write_text("words", "utf-8")
    assert fingerprint(web) in seen


def test_what_was_built_is_current_until_a_source_changes(web: Path) -> None:
    assert not is_current(web)
    (web / "dist").mkdir()
    (web / "dist" / ".built-from").write_text(fingerprint(web), "utf-8")
    assert is_current(web)
    (web / "index.html").write_text("<!doctype html>", "utf-8")
    assert not is_current(web)


def test_a_registry_that_is_away_is_one_sentence(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = {"name": "x", "version": "1.0.0", "dependencies": {"preact": "10.0.0"}}
    (web / "package.json").write_text(json.dumps(package), "utf-8")
    packages = {"": package, "node_modules/preact": {"version": "10.0.0", "integrity": "sha512-AAAA"}}
    lock = {"name": "x", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
    (web / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    monkeypatch.setenv("npm_config_registry", NOWHERE)
    monkeypatch.setenv("npm_config_cache", str(web / "cache"))
    with pytest.raises(NotBuilt, match=r"npm packages could not be installed .* everything else runs") as caught:
        install_packages(web=web)
    assert "\n" not in str(caught.value)


def test_the_words_of_a_failure_are_its_error() -> None:
    output = "npm warn old\nnpm error code ECONNREFUSED\nnpm error more\nnpm notice new version\n"
    assert last_words(output) == "code ECONNREFUSED"
    assert last_words("one\ntwo\n") == "two"
    assert last_words("") == "it said nothing"
