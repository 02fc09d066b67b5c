"""The shipped scenario and network, built once for the tests of this folder."""

from __future__ import annotations

import pytest

from services.cli.scenario.model import Scenario, load_scenario
from services.cli.scenario.network import Network, build_network


@pytest.fixture(scope="session")
def network() -> Network:
    return build_network()


@pytest.fixture(scope="session")
def wenchuan() -> Scenario:
    return load_scenario("wenchuan-2008")
