"""`thirdrescue intake`: `check` reads files of alert feeds and says what is in them; `propose` hands them in.

Exit code 0: every file was read; 1: some were refused (or could not be opened); 2: wrong usage.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.cli.intake_files import AsJson, Charset, MaxMib, Paths, files_below, missing_of, plain, read_bytes, shown
from services.cli.propose import propose
from services.incidents.intake.model import FILE_BYTES_MAX, Alert, Reading, Refusal
from services.incidents.intake.read import read

_MIB: Final = 1024 * 1024

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Alert feeds: check files, or hand them to an instance as proposals.",
)


@app.callback()
def _intake() -> None:
    """Alert feeds: check files, or hand them to an instance as proposals."""


app.command()(propose)


@app.command()
def check(
    paths: Paths, as_json: AsJson = False, max_mib: MaxMib = FILE_BYTES_MAX // _MIB, charset: Charset = None
) -> None:
    """Read files and say what is in them. Exit code 0: all were read; 1: some were refused; 2: wrong usage."""
    missing = missing_of(paths)
    if missing is not None:
        raise typer.BadParameter(f"there is no file or folder {shown(missing)}", param_hint="PATH")
    readings = ((path, read_file(path, max_mib * _MIB, charset)) for path in files_below(paths))
    refused = _print_lines(readings) if as_json else _print_table(readings)
    raise typer.Exit(1 if refused else 0)


def read_file(path: Path, bytes_max: int, charset: str | None = None) -> Reading:
    """What a file says, or why it is not read."""
    data = read_bytes(path, bytes_max)
    if isinstance(data, Refusal):
        return Reading(format=None, refused=data)
    return read(shown(path), data, bytes_max=bytes_max, charset=charset)


def as_object(path: Path, reading: Reading) -> dict[str, Any]:
    """The object that is printed for a file. Counts are of what was read, for each alert."""
    refused = reading.refused
    return {
        "file": shown(path),
        "format": reading.format,
        "alerts": [_counts(alert) for alert in reading.alerts],
        "refused": None if refused is None else {"where": refused.where, "why": refused.why},
        "warnings": list(reading.warnings),
    }


def _counts(alert: Alert) -> dict[str, Any]:
    areas = [area for info in alert.infos for area in info.areas]
    return {
        "identifier": alert.identifier,
        "status": alert.status,
        "msg_type": alert.msg_type,
        "references": [str(reference) for reference in alert.references],
        "infos": len(alert.infos),
        "areas": len(areas),
        "polygons": sum(len(area.polygons) for area in areas),
        "circles": sum(len(area.circles) for area in areas),
        "geocodes": sum(len(area.geocodes) for area in areas),
    }


def _print_lines(readings: Iterator[tuple[Path, Reading]]) -> int:
    refused = 0
    for path, reading in readings:
        refused += reading.refused is not None
        typer.echo(orjson.dumps(as_object(path, reading)))
    return refused


def _print_table(readings: Iterator[tuple[Path, Reading]]) -> int:
    table = Table("文件 File", "格式 Format", "警报 Alerts", "面/圆/码 Shapes", "结果 Result")
    table.columns[0].overflow = "fold"
    table.columns[0].ratio, table.columns[4].ratio = 2, 3
    table.expand = True
    total = refused = 0
    for path, reading in readings:
        total += 1
        refused += reading.refused is not None
        table.add_row(*_row(path, reading))
    console = Console()
    console.print(table)
    console.print(f"{total} 个文件，读入 {total - refused}，拒绝 {refused} · {total} files, {refused} refused")
    return refused


def _row(path: Path, reading: Reading) -> tuple[str, ...]:
    counts = [_counts(alert) for alert in reading.alerts]
    if reading.refused is not None:
        result = f"拒绝 refused: {reading.refused.where} {reading.refused.why}"
    elif reading.warnings:
        result = f"已读 read; {reading.warnings[0]}" + (f" (+{n})" if (n := len(reading.warnings) - 1) else "")
    else:
        result = "已读 read"
    sums = (str(sum(count[name] for count in counts)) for name in ("polygons", "circles", "geocodes"))
    return plain(shown(path)), reading.format or "-", str(len(counts)), "/".join(sums), plain(result)
