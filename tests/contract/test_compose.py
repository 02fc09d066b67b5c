"""docker-compose.yml equals the catalogue, is valid Compose, and has no secret and no open door of its own."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from services.catalog import SERVICES
from services.cli.compose import render_compose, render_env
from services.cli.instance.java import KAFKA_VERSION
from services.cli.instance.layout import PROJECT
from services.cli.instance.programs import ServiceSurroundings, service_environment

ONLY_EMBEDDED = {"THIRDRESCUE_INSTANCE"}
ONLY_CONTAINERS = {"THIRDRESCUE_METRICS_FROM_ANYWHERE"}


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((PROJECT / "docker-compose.yml").read_text("utf-8"))


def test_the_committed_file_is_the_generated_one() -> None:
    assert (PROJECT / "docker-compose.yml").read_text("utf-8") == render_compose(), (
        "run ./thirdrescue compose > docker-compose.yml"
    )


def test_it_is_valid_by_the_compose_schema(compose: Any) -> None:
    package = find_spec("check_jsonschema")  # found, not imported: only its copy of the schema is wanted
    assert package is not None
    assert package.origin is not None
    schema = Path(package.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(compose, json.loads(schema.read_text("utf-8")))


def test_one_container_per_service_from_one_image(compose: Any) -> None:
    assert set(compose["services"]) == {"kafka", "postgres", "prepare"} | {entry.name for entry in SERVICES}
    assert len({compose["services"][entry.name]["image"] for entry in SERVICES}) == 1
    for entry in SERVICES:
        assert compose["services"][entry.name]["command"] == ["run", entry.name]


def test_settings_have_the_same_names_as_in_the_embedded_instance(compose: Any) -> None:
    for entry in SERVICES:
        embedded = set(service_environment(entry, _surroundings())) - ONLY_EMBEDDED
        assert set(compose["services"][entry.name]["environment"]) - ONLY_CONTAINERS == embedded


def test_no_secret_has_a_default(compose: Any) -> None:
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable and not variable.endswith("_FILE"):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?.*\}", value), f"{name}: {variable}"
            if "://" in str(value) and "@" in str(value):
                assert re.match(r"postgresql://\w+:\$\{[A-Z_]+:\?[^}]*\}@", value), f"{name}: {variable}"


def test_the_generated_env_has_every_required_variable_and_never_the_same_secret(compose: Any) -> None:
    required = set(re.findall(r"\$\{([A-Z_]+):\?", json.dumps(compose)))
    first, second = (_parsed(render_env()) for _ in range(2))
    assert required <= set(first)
    for name in required:
        if "PASSWORD" in name:
            assert first[name] != second[name]
            assert len(first[name]) >= 32


def test_ports_are_open_on_loopback_only_and_the_stores_not_at_all(compose: Any) -> None:
    for name, service in compose["services"].items():
        ports = service.get("ports", [])
        assert all(port.startswith("127.0.0.1:") for port in ports), name
        if name in ("kafka", "postgres", "prepare"):
            assert ports == []


def test_the_stores_are_the_versions_of_the_embedded_instance(compose: Any) -> None:
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert compose["services"]["postgres"]["image"] == "postgres:18"


def test_services_believe_the_console_alone_who_asks(compose: Any) -> None:
    console = compose["services"]["web"]["networks"]["default"]["ipv4_address"]
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    assert ip_address(console) in ip_network(network["subnet"])
    assert ip_address(console) not in ip_network(network["ip_range"]), "no other container may be given it"
    for entry in SERVICES:
        trusted = compose["services"][entry.name]["environment"]["THIRDRESCUE_TRUSTED_PROXIES"]
        assert trusted == (console if entry.name != "web" else "${THIRDRESCUE_CONSOLE_PROXIES:-127.0.0.1}")


def test_every_named_volume_is_declared(compose: Any) -> None:
    used = {v.split(":")[0] for s in compose["services"].values() for v in s.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_the_dockerfile_copies_only_what_exists_and_is_let_through() -> None:
    text = (PROJECT / "deploy" / "Dockerfile").read_text("utf-8")
    sources = re.findall(r"^COPY (?!--from)(\S+) ", text, flags=re.MULTILINE)
    allowed = (PROJECT / ".dockerignore").read_text("utf-8").splitlines()
    assert sources
    for source in sources:
        assert (PROJECT / source).exists(), source
        assert f"!{source}" in allowed, source


def _parsed(env: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in env.splitlines() if line and not line.startswith("#"))


def _surroundings() -> ServiceSurroundings:
    return ServiceSurroundings(
        instance_id="x",
        kafka="k:1",
        postgres="postgresql://u:p@h:1/d",
        database="d",
        listen="0.0.0.0",
        ports={entry.name: 1 for entry in SERVICES},
        state_dir="/s",
        secrets_dir="/s",
        admin_name="a",
        admin_password_file="/f",
        passwords={entry.name: "p" for entry in SERVICES},
    )
