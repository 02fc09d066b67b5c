"""Settings: a wrong value is one sentence that names the variable and repeats no secret."""

from __future__ import annotations

import pytest

from services.kit.settings import KitSettings, SettingsError, load, postgres_dsn


def test_defaults_are_enough_but_for_what_differs_between_machines() -> None:
    settings = load(KitSettings)
    assert settings.request_body_bytes_max == 2 * 2**20
    with pytest.raises(SettingsError, match="THIRDRESCUE_KAFKA"):
        settings.kafka_required()
    with pytest.raises(SettingsError, match="THIRDRESCUE_SECRETS_DIR"):
        settings.secrets_required()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PORT", "99999"), ("HTTP_PORT", "many"), ("STOP_DEADLINE_S", "-1"), ("POOL_CONNECTIONS_MAX", "0"),
        ("LOG_LEVEL", "loud"), ("KAFKA", "kafka"), ("KAFKA", "kafka:0"), ("MEMBER", "a b"),
        ("TRUSTED_PROXIES", "*"), ("TRUSTED_PROXIES", "console"), ("TRUSTED_PROXIES", "10.0.0.0/0"),
        ("TRUSTED_PROXIES", "::/0"), ("TRUSTED_PROXIES", "10.0.0.5/24"), ("TRUSTED_PROXIES", "10.0.0.5,"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"THIRDRESCUE_{name}", value)
    with pytest.raises(SettingsError, match=f"THIRDRESCUE_{name}: ") as error:
        load(KitSettings)
    assert "\n" not in str(error.value)


def test_a_database_address_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THIRDRESCUE_POSTGRES_ALERTS", "postgresql://a:very-secret@h/d")
    dsn = postgres_dsn("alerts")
    assert "very-secret" not in repr(dsn)
    assert dsn.get_secret_value().endswith("@h/d")
    monkeypatch.setenv("THIRDRESCUE_POSTGRES_ALERTS", "very-secret")
    with pytest.raises(SettingsError, match="THIRDRESCUE_POSTGRES_ALERTS") as error:
        postgres_dsn("alerts")
    assert "very-secret" not in str(error.value)


def test_a_missing_database_address_is_named() -> None:
    with pytest.raises(SettingsError, match="THIRDRESCUE_POSTGRES_NOSUCH is not set"):
        postgres_dsn("nosuch")
