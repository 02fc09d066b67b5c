"""`thirdrescue intake propose`: hand files of alert feeds to a running instance, which keeps what they propose.

Exit code 0: every file was taken; 1: some were refused (or could not be opened); 2: wrong usage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.cli.access import Home, Instance, Name, Url, sign_in
from services.cli.instance.errors import InstanceError
from services.cli.intake_files import AsJson, Charset, MaxMib, Paths, files_below, missing_of, plain, read_bytes, shown
from services.incidents.intake.model import FILE_BYTES_MAX, Refusal

_TIMEOUT_S: Final = 180.0
_NAME_CHARS_MAX: Final = 500
Source = Annotated[
    str, typer.Option("--source", help="Name of the feed, a-z, 0-9 and -; its policy decides what happens by itself.")
]


def propose(
    paths: Paths,
    source: Source = "files",
    as_json: AsJson = False,
    max_mib: MaxMib = FILE_BYTES_MAX // (1024 * 1024),
    charset: Charset = None,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Hand files to a running instance; people accept there. Exit code 0: all were taken; 1: some were refused."""
    missing = missing_of(paths)
    if missing is not None:
        raise typer.BadParameter(f"there is no file or folder {shown(missing)}", param_hint="PATH")
    instance = sign_in(("incidents",), home, url, name)
    results = ((path, _hand_in(instance, source, path, max_mib * 1024 * 1024, charset)) for path in files_below(paths))
    refused = _print_lines(results) if as_json else _print_table(results)
    raise typer.Exit(1 if refused else 0)


def _hand_in(instance: Instance, source: str, path: Path, bytes_max: int, charset: str | None) -> dict[str, Any]:
    """What the instance made of a file: its answer, or why it was refused."""
    data = read_bytes(path, bytes_max)
    if isinstance(data, Refusal):
        return {"refused": {"where": data.where, "why": data.why}}
    address = f"{instance.origins['incidents']}/incidents/feeds/{source}"
    media_type = "application/octet-stream" + (f"; charset={charset}" if charset else "")
    headers = {"Authorization": f"Bearer {instance.token}", "Content-Type": media_type}
    params = {"name": shown(path)[-_NAME_CHARS_MAX:]}
    try:
        response = instance.client.post(address, content=data, headers=headers, params=params, timeout=_TIMEOUT_S)
    except httpx.HTTPError as error:
        raise InstanceError(f"incidents does not answer: {type(error).__name__}") from error
    if response.is_success:
        return {"refused": None, **response.json()}
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if response.status_code not in (413, 422):
        raise InstanceError(f"incidents answers {response.status_code}: {problem.get('detail', '')}")
    found = next(iter(problem.get("problems", ())), {"where": "file", "what": problem.get("detail", "")})
    return {"refused": {"where": found["where"], "why": found["what"]}}


def _print_lines(results: Iterator[tuple[Path, dict[str, Any]]]) -> int:
    refused = 0
    for path, result in results:
        refused += result["refused"] is not None
        typer.echo(orjson.dumps({"file": shown(path), **result}))
    return refused


def _print_table(results: Iterator[tuple[Path, dict[str, Any]]]) -> int:
    table = Table("文件 File", "格式 Format", "提案 Proposals", "结果 Result")
    table.columns[0].overflow = "fold"
    table.columns[0].ratio, table.columns[3].ratio = 2, 3
    table.expand = True
    total = refused = 0
    for path, result in results:
        total += 1
        refused += result["refused"] is not None
        table.add_row(plain(shown(path)), *_columns(result))
    console = Console()
    console.print(table)
    console.print(f"{total} 个文件，收下 {total - refused}，拒绝 {refused} · {total} files, {refused} refused")
    return refused


def _columns(result: dict[str, Any]) -> tuple[str, str, str]:
    if result["refused"] is not None:
        return "-", "0", plain(f"拒绝 refused: {result['refused']['where']} {result['refused']['why']}")
    counts = Counter(one["outcome"] for one in result["proposals"])
    said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "nothing proposed"
    by_itself = sum("incident_id" in one for one in result["proposals"])
    said += f"; {by_itself} by policy" if by_itself else ""
    return result["format"] or "-", str(result["proposals_in_all"]), said
