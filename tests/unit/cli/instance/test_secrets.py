"""The instance's own secrets: made once, private, and only as many as needed handed out."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from jwt import PyJWK

from services.catalog import SERVICES
from services.cli.instance.keys import SIGNERS, admin_password_file, database_password, ensure_secrets, hand_out


def test_everything_is_made_once_and_stays(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    ensure_secrets(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_secrets_are_private_and_differ(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    passwords = [database_password(tmp_path, entry.name) for entry in SERVICES if entry.has_database]
    passwords.append(admin_password_file(tmp_path).read_text().strip())
    assert len(set(passwords)) == len(passwords)
    assert all(len(password) >= 32 for password in passwords)


def test_two_folders_share_no_secret(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        ensure_secrets(tmp_path / name)
    assert not {p.read_text() for p in (tmp_path / "a").iterdir()} & {p.read_text() for p in (tmp_path / "b").iterdir()}


def test_the_key_set_has_the_public_half_of_each_signer_and_no_private_one(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    keys = {key["kid"]: key for key in json.loads((tmp_path / "jwks.json").read_text())["keys"]}
    assert set(keys) == set(SIGNERS)
    for signer in SIGNERS:
        assert "d" not in keys[signer]
        private = load_pem_private_key((tmp_path / f"{signer}.key.pem").read_bytes(), None)
        published = PyJWK(keys[signer]).key
        raw = (Encoding.Raw, PublicFormat.Raw)
        assert private.public_key().public_bytes(*raw) == published.public_bytes(*raw)


def test_a_service_is_handed_only_what_it_needs(tmp_path: Path) -> None:
    folder, shares = tmp_path / "all", tmp_path / "shares"
    folder.mkdir()
    ensure_secrets(folder)
    hand_out(folder, shares)
    given = {entry.name: {path.name for path in (shares / entry.name).iterdir()} for entry in SERVICES}
    assert given["care"] == {"jwks.json"}
    assert "identity.key.pem" in given["identity"]
    assert [name for name, files in given.items() if "identity.key.pem" in files] == ["identity"]
    assert [name for name, files in given.items() if "alerts.key.pem" in files] == ["alerts"]
