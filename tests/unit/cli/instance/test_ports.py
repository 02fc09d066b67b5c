"""Ports: planned from the catalogue, and a taken one is named with its holder."""

from __future__ import annotations

import os
import socket

import pytest

from services.catalog import SERVICES
from services.cli.instance.errors import InstanceError
from services.cli.instance.ports import plan_ports, require_free


def test_the_default_ports_are_the_catalogues_and_all_different() -> None:
    ports = plan_ports().by_name()
    assert {entry.name: entry.port for entry in SERVICES}.items() <= ports.items()
    assert len(set(ports.values())) == len(ports) == len(SERVICES) + 3


def test_ports_from_moves_all_by_the_same_distance() -> None:
    before, after = plan_ports().by_name(), plan_ports(20_000).by_name()
    assert min(after.values()) == 20_000
    assert len({after[name] - before[name] for name in before}) == 1


@pytest.mark.parametrize("lowest", [1, 1023, 65_530, 65_536, 10**9])
def test_ports_outside_the_range_are_refused(lowest: int) -> None:
    with pytest.raises(InstanceError, match="--ports-from"):
        plan_ports(lowest)


def test_a_taken_port_is_named_with_its_holder() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(InstanceError, match=rf"port {port} \(for alerts\) is taken by .*{os.getpid()}"):
            require_free({"alerts": port}, "127.0.0.1")
    require_free({"alerts": port}, "127.0.0.1")


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(InstanceError, match=r"cannot be opened on 192\.0\.2\.1"):
        require_free({"alerts": 23_456}, "192.0.2.1")
