"""What the supervisor is told to run."""

from __future__ import annotations

import configparser
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from services.catalog import SERVICES
from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import Layout
from services.cli.instance.programs import (
    Program,
    ServiceSurroundings,
    dsn_for,
    service_environment,
    service_programs,
)
from services.cli.instance.supervise import render_config

SERVER = "postgresql://root:top@db.example:6543/postgres?sslmode=require"


@pytest.fixture
def around() -> ServiceSurroundings:
    return ServiceSurroundings(
        instance_id="0123",
        kafka="127.0.0.1:1",
        postgres=SERVER,
        database="thirdrescue",
        listen="127.0.0.1",
        ports={entry.name: entry.port for entry in SERVICES},
        state_dir="/home/state",
        secrets_dir="/home/secrets",
        admin_name="admin",
        admin_password_file="/home/secrets/admin.password",
        passwords={entry.name: f"pw-{entry.name}" for entry in SERVICES},
    )


def test_every_service_of_the_catalogue_is_one_program(around: ServiceSurroundings) -> None:
    assert [program.name for program in service_programs(around)] == [entry.name for entry in SERVICES]
    for program in service_programs(around):
        assert list(program.command[-2:]) == ["run", program.name]


def test_a_service_knows_its_own_password_and_no_other(around: ServiceSurroundings) -> None:
    for entry in SERVICES:
        values = " ".join(service_environment(entry, around).values())
        assert "top" not in values
        assert [other.name for other in SERVICES if f"pw-{other.name}@" in values] == [entry.name] * entry.has_database


def test_only_identity_is_told_the_first_account(around: ServiceSurroundings) -> None:
    told = [e.name for e in SERVICES if "THIRDRESCUE_ADMIN_NAME" in service_environment(e, around)]
    assert told == ["identity"]


@pytest.mark.parametrize(
    ("listen", "more"), [("127.0.0.1", ""), ("0.0.0.0", ""), ("::", ""), ("a-host", ""), ("10.1.2.3", ",10.1.2.3")]
)
def test_who_asks_is_believed_of_this_machine_alone(around: ServiceSurroundings, listen: str, more: str) -> None:
    environment = service_environment(_entry("identity"), replace(around, listen=listen))
    assert environment["THIRDRESCUE_TRUSTED_PROXIES"] == "127.0.0.1,::1" + more


def test_a_services_address_keeps_server_and_options() -> None:
    assert dsn_for("alerts", "p@s/s", SERVER, "x") == (
        "postgresql://svc_alerts:p%40s%2Fs@db.example:6543/x?sslmode=require"
    )


def test_the_configuration_says_what_was_meant_to_supervisord_itself(
    tmp_path: Path, around: ServiceSurroundings
) -> None:
    layout = Layout(tmp_path / "a home's")
    layout.create()
    odd = Program("odd", ["/bin/echo", "a b", "it's", "100%", "x;y", "c\\d"], {"A": "1,2='3' 100%", "B": "c\\d"}, 5)
    layout.supervisor_config.write_text(render_config(layout, [odd, *service_programs(around)]))
    options = ServerOptions()
    options.configfile = str(layout.supervisor_config)
    options.realize(args=[])
    processes = {p.name: p for group in options.process_group_configs for p in group.process_configs}
    assert set(processes) == {"odd", *(entry.name for entry in SERVICES)}
    assert shlex.split(processes["odd"].command) == list(odd.command)
    assert processes["odd"].environment == dict(odd.environment)
    alerts, coverage = processes["alerts"].environment, processes["coverage"].environment
    assert alerts == dict(service_environment(_entry("alerts"), around)) | {"THIRDRESCUE_NICENESS": "5"}
    assert int(coverage["THIRDRESCUE_NICENESS"]) > 5, "those that page people go first"
    assert processes["incidents"].environment["THIRDRESCUE_NICENESS"] == "0", "nobody goes before who declares"
    assert not any(process.autostart for process in processes.values())


def test_what_the_configuration_cannot_carry_is_refused(tmp_path: Path) -> None:
    for value in ('a"b', "a\nb"):
        with pytest.raises(InstanceError):
            render_config(Layout(tmp_path), [Program("p", ["/bin/true"], {"A": value}, 1)])


def test_the_configuration_is_plain_ini(tmp_path: Path, around: ServiceSurroundings) -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(render_config(Layout(tmp_path), service_programs(around)))
    assert parser["program:alerts"]["autorestart"] == "true"


def _entry(name: str):  # type: ignore[no-untyped-def]
    return next(entry for entry in SERVICES if entry.name == name)
