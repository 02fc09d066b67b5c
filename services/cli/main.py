"""The command line `thirdrescue`. Each command imports what it needs when it runs, so that all of them start fast."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from services.cli.instance.errors import InstanceError

SUB_APPS: dict[str, tuple[str, str]] = {
    "scenario": ("services.cli.scenario.commands", "Real disasters as data: list them, run one on this instance."),
    "bench": ("services.cli.bench.commands", "Measure this instance, beside floors and peers."),
    "quarantine": ("services.cli.quarantine", "What could not be handled: list, show, release, discard."),
    "import-boundaries": (
        "services.cli.boundaries.command",
        "Boundaries and codes of administrative areas: bring a pack in.",
    ),
    "import": ("services.cli.import_roster", "Bring stations or volunteers from a file, or undo an import."),
    "export": ("services.cli.export_roster", "Take stations or volunteers out as a file."),
    "incident": ("services.cli.incident.commands", "Declare incidents, look at them, change them."),
    "intake": ("services.cli.intake", "Alert feeds: check files, or hand them to this instance as proposals."),
}

Home = Annotated[Path | None, typer.Option("--home", envvar="THIRDRESCUE_HOME", help="Folder of the instance.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class LazyGroup(typer.core.TyperGroup):
    """Knows the names of the sub-commands that live elsewhere, and loads one only when it is called."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """All names, without loading anything."""
        return [*super().list_commands(ctx), *SUB_APPS]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """One command; for `--help` of the whole, a stand-in with the one-line help."""
        if cmd_name not in SUB_APPS:
            return super().get_command(ctx, cmd_name)
        module, help_text = SUB_APPS[cmd_name]
        if cmd_name not in sys.argv[1:]:
            return typer.core.TyperCommand(cmd_name, help=help_text)
        try:
            loaded = typer.main.get_command(importlib.import_module(module).app)
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise
            raise InstanceError(f"this copy of Third Rescue has no `{cmd_name}` command") from error
        loaded.name = cmd_name
        return loaded


app = typer.Typer(
    name="thirdrescue",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Third Rescue: coordinates psychological help after a disaster.",
)


@app.command()
def up(
    home: Home = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when ready; leave it running.")] = False,
    ports_from: Annotated[int | None, typer.Option(help="Move all ports: the lowest becomes this one.")] = None,
    listen: Annotated[str, typer.Option(help="Address the services listen on.")] = "127.0.0.1",
    scenario: Annotated[str | None, typer.Option(help="Run this scenario when ready.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the scenario's result here.")] = None,
) -> None:
    """Start everything (or repair what is down), print the addresses, and stay until Ctrl-C.

    THIRDRESCUE_KAFKA=host:port and THIRDRESCUE_POSTGRES=dsn name servers of your own to use instead.
    """
    from services.cli.instance.options import UpOptions, layout_at, outside_parts
    from services.cli.instance.up import up as bring_up

    if json_file is not None and scenario is None:
        raise InstanceError("--json needs --scenario NAME")
    kafka, postgres = outside_parts()
    options = UpOptions(layout_at(home), ports_from, listen, detach, kafka, postgres, scenario, json_file)
    raise typer.Exit(bring_up(options))


@app.command()
def down(home: Home = None) -> None:
    """Stop everything in order."""
    from services.cli.instance.down import down as take_down
    from services.cli.instance.options import layout_at

    take_down(layout_at(home))


@app.command()
def status(home: Home = None, as_json: AsJson = False) -> None:
    """Say what runs and what is ready. Exit code 0: all ready; 1: not all; 3: not running."""
    from services.cli.instance.options import layout_at
    from services.cli.instance.status import show_status

    raise typer.Exit(show_status(layout_at(home), as_json))


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="A service, or kafka, postgres, supervisor.")],
    home: Home = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=100_000, help="How many of the last lines.")] = 50,
) -> None:
    """Print the log of one process."""
    from services.cli.instance.logs import show_log
    from services.cli.instance.options import layout_at

    show_log(layout_at(home), service, lines, follow)


@app.command()
def reset(home: Home = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop everything and remove all its data, keys and accounts. Asks first."""
    from services.cli.instance.down import reset as remove_all
    from services.cli.instance.options import layout_at

    layout = layout_at(home)
    if not yes and not typer.confirm(f"Remove all data of the instance in {layout.home} for ever?"):
        raise InstanceError("nothing was removed")
    remove_all(layout)


@app.command()
def run(names: Annotated[list[str], typer.Argument(help="Services to run in this one process.")]) -> None:
    """Run services in this process, with settings from the environment."""
    from services.catalog import BY_NAME

    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise InstanceError(f"there is no service {unknown[0]!r}; there are: {', '.join(BY_NAME)}")
    if "web" in names:
        if len(names) > 1:
            raise InstanceError("the web console runs in a process of its own: run web")
        from services.web.serve import serve

        raise typer.Exit(serve())
    from services.kit.run import run_services

    raise typer.Exit(run_services(names))


@app.command()
def prepare() -> None:
    """Make roles, schemas and topics (idempotent). Settings from the environment; `up` and containers call it."""
    from services.cli.prepare.command import prepare as make_ready

    make_ready()


@app.command()
def compose(
    env: Annotated[bool, typer.Option("--env", help="Print a .env with fresh random secrets instead.")] = False,
) -> None:
    """Print docker-compose.yml as the catalogue of services makes it."""
    from services.cli.compose import render_compose, render_env

    sys.stdout.write(render_env() if env else render_compose())


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(
    context: typer.Context,
    unit: Annotated[bool, typer.Option("--unit", help="Unit tests only.")] = False,  # noqa: PT028  (no test itself)
) -> None:
    """Check and test everything: ruff, mypy, import rules, pytest. Other arguments go to pytest."""
    from services.cli.testing import run_checks

    raise typer.Exit(run_checks(context.args, unit))


def main() -> None:
    """Run a command; a foreseen failure is one sentence on stderr and exit code 1."""
    try:
        app(prog_name="thirdrescue")
    except InstanceError as error:
        sys.stdout.flush()
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # `thirdrescue logs alerts | head`: the reader has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
