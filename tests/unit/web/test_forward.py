"""Which service a path belongs to, where they answer, and which headers the console's pages carry."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.policy import POLICY, STREAMS
from services.catalog import SERVICES
from services.cli.instance.programs import behind_the_console
from services.kit.settings import SettingsError, load
from services.web.forward import service_of, streams_of
from services.web.pages import SECURITY, is_built
from services.web.settings import WebSettings

PRODUCT = frozenset(entry.name for entry in SERVICES if entry.kind == "product")


def test_every_row_of_the_product_is_reached_at_its_own_service() -> None:
    streams = streams_of(STREAMS)
    for row in POLICY:
        expected = row.service if row.service in PRODUCT else None
        assert service_of(row.path, streams, PRODUCT) == expected, row.path


@pytest.mark.parametrize("path", ["/", "/assets/x.js", "/ready", "/metrics", "/streams/unknown", "/pagegateway/pages"])
def test_nothing_else_is_handed_on(path: str) -> None:
    assert service_of(path, streams_of(STREAMS), PRODUCT) is None


def test_the_stand_in_for_a_provider_is_not_behind_the_console() -> None:
    assert {entry.name for entry in behind_the_console()} == PRODUCT


def test_addresses_are_read_and_wrong_ones_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THIRDRESCUE_WEB_SERVICES", "identity=http://127.0.0.1:1, alerts=http://alerts:8080/")
    assert load(WebSettings).addresses() == {"identity": "http://127.0.0.1:1", "alerts": "http://alerts:8080"}
    for wrong in ("identity", "identity=ftp://x", "a b=http://x", "identity=http://"):
        monkeypatch.setenv("THIRDRESCUE_WEB_SERVICES", wrong)
        with pytest.raises(SettingsError, match="THIRDRESCUE_WEB_SERVICES"):
            load(WebSettings)


def test_the_pages_let_nothing_in() -> None:
    policy = dict(part.strip().split(" ", 1) for part in SECURITY["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in SECURITY["Content-Security-Policy"]


def test_a_folder_without_a_page_is_not_built(tmp_path: Path) -> None:
    assert not is_built(tmp_path)
