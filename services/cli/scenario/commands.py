"""`thirdrescue scenario`: list the scenarios, run one on a running instance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Real disasters as data: list them, run one on this instance.")

Home = Annotated[Path | None, typer.Option("--home", envvar="THIRDRESCUE_HOME", help="Folder of the instance.")]
Lang = Annotated[str, typer.Option("--lang", help="Language of what is told: en or zh.")]


@app.command("list")
def list_them(lang: Lang = "en") -> None:
    """The scenarios there are, with their sources' scale."""
    from services.cli.scenario.model import list_scenarios, load_scenario

    console = Console()
    for name in list_scenarios():
        scenario = load_scenario(name)
        words = scenario.summary.zh if _language(lang) == "zh" else scenario.summary.en
        console.print(f"{name}  {words}", highlight=False, soft_wrap=True)


@app.command("run")
def run_one(
    name: Annotated[str, typer.Argument(help="Name of the scenario; `scenario list` gives them.")],
    home: Home = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
    keep_open: Annotated[bool, typer.Option("--keep-open", help="Do not close the incident at the end.")] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of the simulated network, answers and journeys.")] = None,
    scale: Annotated[float, typer.Option(min=0.01, max=1.0, help="Share of the teams to ask for.")] = 1.0,
    factor: Annotated[float | None, typer.Option(min=1, max=100_000, help="Another speed of the drill clock.")] = None,
    timeout_s: Annotated[float, typer.Option(min=10, max=86_400, help="How long the drill may take.")] = 170.0,
    lang: Lang = "en",
) -> None:
    """Run a scenario as a drill. Exit code 0 only if every invariant held and every quota was filled."""
    import asyncio

    from aiokafka.errors import KafkaError

    from services.cli.instance.errors import InstanceError
    from services.cli.instance.options import layout_at
    from services.cli.scenario.api import ApiError
    from services.cli.scenario.model import ScenarioError
    from services.cli.scenario.runner import RunOptions, exit_code, run
    from services.cli.scenario.team import TeamFault

    options = RunOptions(
        layout=layout_at(home), scenario=name, json_file=json_file, seed=seed, keep_open=keep_open,
        language=_language(lang), scale=scale, factor=factor, timeout_s=timeout_s,
    )  # fmt: skip
    try:
        result = asyncio.run(run(options, Console()))
    except (ScenarioError, ApiError, TeamFault, TimeoutError) as error:
        raise InstanceError(str(error)) from error
    except KafkaError as error:
        raise InstanceError(f"Kafka does not answer ({error}); see `thirdrescue status`") from error
    raise typer.Exit(exit_code(result))


def _language(lang: str) -> Literal["en", "zh"]:
    if lang == "zh":
        return "zh"
    if lang == "en":
        return "en"
    raise typer.BadParameter("the languages are en and zh", param_hint="--lang")
