"""Runs a scenario on a running instance: registers the network, declares, then only watches; checks and reports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from rich.console import Console
from rich.progress import Progress

from schemas.topics import TOPICS, consumed_by
from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import Layout
from services.cli.instance.record import Record as InstanceRecord
from services.cli.instance.record import read_record
from services.cli.scenario import declaring
from services.cli.scenario.access import sign_in
from services.cli.scenario.api import Api, Bearer
from services.cli.scenario.check.closing import check_released
from services.cli.scenario.check.collect import Asked, collect
from services.cli.scenario.check.every import check_all
from services.cli.scenario.check.model import ExpectedZone, Invariant
from services.cli.scenario.gateway import Gateway
from services.cli.scenario.live import LiveView
from services.cli.scenario.log_reader import LogReader, wait_until_consumed
from services.cli.scenario.model import Scenario, load_scenario
from services.cli.scenario.network import build_network
from services.cli.scenario.network_model import Network
from services.cli.scenario.registering import Registered, register
from services.cli.scenario.report import Result, document_of, print_result, write_json
from services.cli.scenario.running import Running
from services.cli.scenario.simulated import SimulatedWorld, world_of
from services.cli.scenario.telling import Language, Teller

INCIDENT_SEED: Final = "scenario"
"""Not the incident's id, so that every run of a scenario meets the same people and answers."""
DOWNSTREAM_TIMEOUT_S: Final = 60.0
CLOSING_TIMEOUT_S: Final = 60.0
CONSUMERS: Final = ("geofencing", "alerts")
"""Who must know the network before anything is declared."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to run. `disturb` runs beside the drill (tests kill things there); the drill waits for it to end."""

    layout: Layout
    scenario: str
    json_file: Path | None = None
    seed: int | None = None
    keep_open: bool = False
    language: Language = "en"
    scale: float = 1.0
    factor: float | None = None
    timeout_s: float = 170.0
    disturb: Callable[[Running], Awaitable[None]] | None = None


async def run(options: RunOptions, console: Console) -> Result:
    """Run it to its end. Raises InstanceError where the instance is not there or refuses something."""
    scenario = load_scenario(options.scenario)
    record = _instance(options.layout)
    began_at, began_s = datetime.now(UTC), time.monotonic()
    async with AsyncExitStack() as stack:
        api = Api({service: record.url(service) for service in record.ports})
        stack.push_async_callback(api.close)
        result = await _Run(options, scenario, record.kafka, api, console, stack).run()
    result = replace(result, began_at=began_at, took_s=time.monotonic() - began_s)
    if options.json_file is not None:
        write_json(document_of(result), options.json_file)
    print_result(result, Teller(options.language), console)
    return result


class _Run:
    """The steps of one run."""

    def __init__(
        self,
        options: RunOptions,
        scenario: Scenario,
        kafka: str,
        api: Api,
        console: Console,
        stack: AsyncExitStack,
    ) -> None:
        self._options = options
        self._scenario = scenario
        self._kafka = kafka
        self._api = api
        self._console = console
        self._stack = stack
        self._teller = Teller(options.language)
        self._factor = options.factor or scenario.drill_factor
        self._steps_s: dict[str, float] = {}
        self._step_began_s = time.monotonic()

    async def run(self) -> Result:
        self._introduce()
        bearer = await sign_in(self._api, self._options.layout.secrets)
        await self._tell_of_open_drills(bearer)
        network = build_network(self._options.seed, reference_on=datetime.now(UTC).date().replace(month=1, day=1))
        self._step("sign-in")
        registered = await self._register(bearer, network)
        await self._await_downstream(registered)
        world = world_of(
            network,
            registered.ids,
            seed=network.seed,
            incident_seed=f"{INCIDENT_SEED}/{self._scenario.name}",
            factor=self._factor,
            epicentre=(self._scenario.origin.lat_deg, self._scenario.origin.lon_deg),
        )
        return await self._drill(bearer, network, registered, world)

    async def _drill(self, bearer: Bearer, network: Network, registered: Registered, world: SimulatedWorld) -> Result:
        gateway = Gateway(self._api, self._options.layout.secrets)
        pages_after = await gateway.last_number()
        reader = LogReader(self._kafka, [topic.name for topic in TOPICS])
        await reader.start(from_beginning=False)
        self._stack.push_async_callback(reader.stop)
        view = LiveView(self._teller, self._console)
        running = Running(self._api, world, view.take)
        self._stack.push_async_callback(running.stop)
        running.start(reader, gateway, pages_after)
        try:
            with view:
                finished = await self._watch(bearer, running, view)
            if not finished:
                view.note(self._teller.say("time ran out before everything had happened", "时间已到，尚未全部完成"))
            evidence = await collect(self._kafka, self._api, bearer, gateway, self._asked(running, pages_after))
            invariants = check_all(evidence)
            self._step("checks")
        finally:
            # An open drill would hold its teams, so it is ended also when something went wrong.
            closed = None if self._options.keep_open else await self._close(running, bearer)
        if closed is not None:
            invariants.append(closed)
            self._step("closing")
        return Result(
            scenario=self._scenario.name,
            factor=self._factor,
            seed=network.seed,
            began_at=datetime.now(UTC),
            took_s=0.0,
            network=network,
            home_stations={registered.ids[v.external_ref]: v.home_station_ref for v in network.volunteers},
            evidence=evidence,
            invariants=invariants,
            steps_s=self._steps_s,
        )

    async def _watch(self, bearer: Bearer, running: Running, view: LiveView) -> bool:
        """Declare, and watch until nothing more is to come; False if that took too long."""
        view.watch(running.story, running.phones)
        disturbing = None
        if self._options.disturb is not None:
            disturbing = running.begin(_as_coroutine(self._options.disturb, running))
            await asyncio.sleep(0)  # it may begin before the declaration
        body = declaring.declaration(self._scenario, self._factor, self._options.scale)
        running.name(await declaring.declare(self._api, bearer, body, f"scenario-{uuid4()}"))
        finished = await running.through(self._options.timeout_s, disturbing)
        self._step("drill")
        return finished

    def _introduce(self) -> None:
        title = self._scenario.title.zh if self._options.language == "zh" else self._scenario.title.en
        scale = "" if self._options.scale == 1 else f", {self._options.scale:g} of the teams"
        text = self._teller.say(
            f"{title}: a drill on a clock {self._factor:g} times as fast{scale}. Members, phones, journeys and people "
            "met are simulated; no phone is reached.",
            f"{title}：演练，时钟加速{self._factor:g}倍{scale}。队员、手机、行程与来访者均为模拟，不会联系任何人。",
        )
        self._console.print(text, highlight=False, soft_wrap=True)

    async def _tell_of_open_drills(self, bearer: Bearer) -> None:
        """Another drill that is open holds its teams: they will not be asked in this one."""
        held = await declaring.open_drills(self._api, bearer)
        if held:
            text = self._teller.say(
                f"note: {len(held)} other drills are open and hold their teams: {', '.join(held[:3])}",
                f"注意：另有{len(held)}个演练未结束，其队员不会被再次通知：{'、'.join(held[:3])}",
            )
            self._console.print(text, highlight=False, soft_wrap=True)

    async def _register(self, bearer: Bearer, network: Network) -> Registered:
        with Progress(console=self._console, transient=True, disable=not self._console.is_terminal) as progress:
            task = progress.add_task(self._teller.say("registering the network", "登记服务网络"), total=None)
            registered = await register(
                self._api, bearer, network, lambda done, total: progress.update(task, completed=done, total=total)
            )
        self._step("registering")
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(registered.outcomes.items()))
        self._console.print(
            self._teller.say(
                f"network: {len(network.stations)} stations, {len(network.detachments)} detachments, "
                f"{len(network.volunteers)} volunteers ({outcomes}; {self._steps_s['registering']:.1f} s)",
                f"网络：{len(network.stations)}个服务站、{len(network.detachments)}支支队、"
                f"{len(network.volunteers)}名队员（{outcomes}；{self._steps_s['registering']:.1f}秒）",
            ),
            highlight=False,
            soft_wrap=True,
        )
        return registered

    async def _await_downstream(self, registered: Registered) -> None:
        """Until those who draw zones and ask people know the network."""
        if registered.fresh:
            await self._await_published(registered)
        wanted = {
            f"thirdrescue-{service}": [t.name for t in consumed_by(service) if t.name.endswith("-state")]
            for service in CONSUMERS
        }
        owed = await wait_until_consumed(self._kafka, wanted, DOWNSTREAM_TIMEOUT_S)
        if owed:
            raise InstanceError(f"the network has not arrived everywhere after {DOWNSTREAM_TIMEOUT_S:.0f} s: {owed}")
        self._step("downstream")

    async def _await_published(self, registered: Registered) -> None:
        """Until the register's outbox has put every new state on its topic."""
        reader = LogReader(self._kafka, ["station-state", "volunteer-state"])
        await reader.start(from_beginning=True)
        missing = set(registered.fresh)
        deadline = time.monotonic() + DOWNSTREAM_TIMEOUT_S
        try:
            while missing:
                if time.monotonic() > deadline:
                    raise InstanceError(f"{len(missing)} states of the register were not published")
                missing -= {(raw.key or b"").decode() for raw in await reader.read(0.2)}
        finally:
            await reader.stop()

    def _asked(self, running: Running, pages_after: int) -> Asked:
        return Asked(
            incident_id=running.story.incident_id,
            pages_after=pages_after,
            answers=dict(running.phones.answers),
            cases_opened=running.cases_opened,
            expected_zones=tuple(
                ExpectedZone(place=one.place, lat_deg=one.lat_deg, lon_deg=one.lon_deg, zone_kind=one.zone_kind)
                for one in self._scenario.expected_zones
            ),
            followup_until_on=self._scenario.followup_until_on,
        )

    async def _close(self, running: Running, bearer: Bearer) -> Invariant | None:
        if not running.story.incident_id:
            return None
        await declaring.close(self._api, bearer, running.story.incident_id)
        await running.until(lambda story: check_released(story).held, CLOSING_TIMEOUT_S)
        return check_released(running.story)

    def _step(self, name: str) -> None:
        now_s = time.monotonic()
        self._steps_s[name] = now_s - self._step_began_s
        self._step_began_s = now_s


async def _as_coroutine(disturb: Callable[[Running], Awaitable[None]], running: Running) -> None:
    await disturb(running)


def _instance(layout: Layout) -> InstanceRecord:
    record = read_record(layout)
    if record is None:
        raise InstanceError(f"no instance was ever started in {layout.home}: run `thirdrescue up` first")
    return record


def run_scenario(
    home: Path, name: str, json_path: Path | None = None, *, seed: int | None = None, keep_open: bool = False
) -> int:
    """Run a scenario on the instance in `home`; 0 if every invariant held and every quota is filled, else 1."""
    options = RunOptions(layout=Layout(home), scenario=name, json_file=json_path, seed=seed, keep_open=keep_open)
    return exit_code(asyncio.run(run(options, Console())))


def exit_code(result: Result) -> int:
    """0 if every invariant held, which includes that every quota is filled."""
    return 0 if result.succeeded else 1
