"""`thirdrescue import`: bring stations or volunteers from a CSV file or a workbook, with every error by row and column.

Exit code 0: every row is in the register (or would be, in a dry run; or is undone); 1: some are not; 2: wrong usage.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import httpx
import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.cli.access import Home, Instance, Name, Url, sign_in
from services.cli.instance.errors import InstanceError

_LOOK_EVERY_S: Final = 0.3
_UPLOAD_TIMEOUT_S: Final = 120.0
_PAGE: Final = 1_000
_SHOWN_MAX: Final = 200
_WORKING: Final = frozenset({"waiting", "checking", "storing", "undoing"})
MEDIA_TYPES: Final = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".tsv": "text/tab-separated-values",
}

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Bring stations or volunteers from a file.")

File = Annotated[Path | None, typer.Argument(help="CSV (any separator, UTF-8 or GB18030) or .xlsx.", dir_okay=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]
AllOrNothing = Annotated[bool, typer.Option("--all-or-nothing", help="Store nothing if any row is wrong.")]
Undo = Annotated[str | None, typer.Option("--undo", help="Undo the import with this id, instead of bringing a file.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the outcome with all errors to this file.")]


@app.command()
def stations(
    file: File = None,
    dry_run: DryRun = False,
    all_or_nothing: AllOrNothing = False,
    undo: Undo = None,
    json_file: JsonFile = None,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Bring stations and detachments."""
    _run("stations", file, dry_run, all_or_nothing, undo, json_file, lambda: sign_in(["registry"], home, url, name))


@app.command()
def volunteers(
    file: File = None,
    dry_run: DryRun = False,
    all_or_nothing: AllOrNothing = False,
    undo: Undo = None,
    json_file: JsonFile = None,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Bring volunteers; the stations they name must be there."""
    _run("volunteers", file, dry_run, all_or_nothing, undo, json_file, lambda: sign_in(["registry"], home, url, name))


@app.command("list")
def list_imports(
    limit: Annotated[int, typer.Option(min=1, max=200, help="So many of the newest.")] = 20,
    json_file: JsonFile = None,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Show past imports: who started each, what it brought, and until when it can be undone."""
    found = sign_in(["registry"], home, url, name).ask("registry", "GET", "/imports", params={"limit": limit})
    if json_file is not None:
        json_file.write_bytes(orjson.dumps(found["items"], option=orjson.OPT_INDENT_2) + b"\n")
    table = Table("导入 Import", "种类 Kind", "状态 State", "发起 Started", "新建/更改/拒绝 New/changed/refused",
                  "可撤销至 Undo until")  # fmt: skip
    table.columns[0].no_wrap = True
    for job in found["items"]:
        counts = job["counts"]
        table.add_row(
            job["import_id"], job["kind"], job["state"] + (" (dry run)" if job["dry_run"] else ""),
            f"{job['requested_at'][:16]}\n{escape(job['started_by'])}",
            f"{counts['created']}/{counts['changed']}/{counts['refused']}",
            (job["undo_possible_until"] or "")[:16],
        )  # fmt: skip
    Console().print(table)


def _run(
    kind: str, file: Path | None, dry_run: bool, all_or_nothing: bool, undo: str | None, json_file: Path | None,
    enter: Any,
) -> None:  # fmt: skip
    if (file is None) == (undo is None):
        raise typer.BadParameter("give a file, or --undo with the id of an import", param_hint="FILE")
    if undo is not None and (dry_run or all_or_nothing):
        raise typer.BadParameter("goes with a file only", param_hint="--dry-run / --all-or-nothing")
    instance: Instance = enter()
    if file is not None:
        begun = _upload(instance, kind, file, dry_run=dry_run, all_or_nothing=all_or_nothing)
    else:
        begun = _kind_of(instance, kind, str(undo))
        instance.ask("registry", "POST", f"/imports/{undo}/undo", headers={"Idempotency-Key": str(uuid4())})
    _follow(instance, begun["import_id"])
    document = _whole(instance, begun["import_id"])
    if json_file is not None:
        json_file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    show(document, Console())
    raise typer.Exit(0 if _is_all_good(document) else 1)


def _kind_of(instance: Instance, kind: str, import_id: str) -> Any:
    """The import that is to be undone; the word on the command line must fit it."""
    begun = instance.ask("registry", "GET", f"/imports/{import_id}", params={"limit": 0})
    if begun["kind"] != kind:
        raise InstanceError(f"import {import_id} brought {begun['kind']}, not {kind}")
    return begun


def _upload(instance: Instance, kind: str, file: Path, **options: bool) -> Any:
    headers = {
        "Content-Type": MEDIA_TYPES.get(file.suffix.lower(), "text/csv"),
        "Content-Length": str(file.stat().st_size) if file.exists() else "0",
        "Idempotency-Key": str(uuid4()),
    }
    try:
        with file.open("rb") as content:
            return instance.ask(
                "registry", "POST", "/imports", params={"kind": kind, **options}, content=content, headers=headers,
                timeout=httpx.Timeout(_UPLOAD_TIMEOUT_S),
            )  # fmt: skip
    except OSError as error:
        raise InstanceError(f"{file} cannot be read: {error.strerror or error}") from error


def _follow(instance: Instance, import_id: str) -> None:
    """Show how far it is until there is nothing left to do."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("waiting", total=None)
        while True:
            job = instance.ask("registry", "GET", f"/imports/{import_id}", params={"limit": 0})
            undone = job["undo"]["restored"] + job["undo"]["left_as_is"]
            counts = job["counts"]
            is_undo = job["state"] in ("undoing", "undone")
            total = counts["created"] + counts["changed"] if is_undo else job["rows"]["total"]
            done = undone if is_undo else job["rows"]["done"]
            progress.update(task, description=job["state"], total=total, completed=done)
            if job["state"] not in _WORKING:
                return
            time.sleep(_LOOK_EVERY_S)


def _whole(instance: Instance, import_id: str) -> dict[str, Any]:
    """The import with all errors that were kept."""
    document: dict[str, Any] = instance.ask("registry", "GET", f"/imports/{import_id}", params={"limit": _PAGE})
    after = document.pop("next_after")
    while after is not None:
        page = instance.ask("registry", "GET", f"/imports/{import_id}", params={"limit": _PAGE, "after": after})
        document["errors"] += page["errors"]
        after = page["next_after"]
    return document


def _is_all_good(document: Mapping[str, Any]) -> bool:
    if document["state"] == "undone":
        return bool(document["undo"]["left_as_is"] == 0)
    return bool(document["state"] == "done" and document["counts"]["refused"] == 0)


def show(document: Mapping[str, Any], console: Console) -> None:
    """The outcome for a person: what is wrong by row and column, then the counts."""
    _show_errors(document["errors"], document["errors_total"], console)
    words = {
        "done": "试运行：以下结果未写入 · dry run, nothing was stored" if document["dry_run"] else "完成 · done",
        "refused": "未导入任何一行 · refused: nothing was stored",
        "failed": "系统故障，可重新导入 · failed here: the log says why; bring the file again",
        "undone": "已撤销 · undone",
    }
    console.print(words.get(document["state"], document["state"]))
    counts = document["counts"]
    if document["state"] == "undone":
        undo = document["undo"]
        console.print(f"恢复 {undo['restored']}，保持不变 {undo['left_as_is']} · "
                      f"{undo['restored']} restored, {undo['left_as_is']} left as they are")  # fmt: skip
    elif document["rows"]["total"] is not None:
        console.print(
            f"新建 {counts['created']}，未变 {counts['unchanged']}，更改 {counts['changed']}，"
            f"拒绝 {counts['refused']} · {counts['created']} created, {counts['unchanged']} unchanged, "
            f"{counts['changed']} changed, {counts['refused']} refused"
        )
    if document["same_file_as"]:
        console.print(f"同一文件曾导入 · this very file was imported before: {document['same_file_as']}")
    if document["state"] == "done" and not document["dry_run"] and counts["created"] + counts["changed"]:
        kind, import_id = document["kind"], document["import_id"]
        console.print(f"撤销 · to undo: thirdrescue import {kind} --undo {import_id}", soft_wrap=True)


def _show_errors(errors: Sequence[Mapping[str, Any]], total: int, console: Console) -> None:
    if not errors:
        return
    table = Table("行 Row", "列 Column", "问题 What is wrong", "值 Value")
    table.columns[0].justify = "right"
    for error in errors[:_SHOWN_MAX]:
        row = "" if error["row"] is None else str(error["row"])
        what = f"{error['what_zh']}\n{error['what']}"
        table.add_row(row, escape(error["column"] or ""), escape(what), escape(error["value"] or ""))
    console.print(table)
    if total > min(len(errors), _SHOWN_MAX):
        shown = min(len(errors), _SHOWN_MAX)
        console.print(f"显示前 {shown} 条，共 {total} 条；--json 保存 {len(errors)} 条 · "
                      f"the first {shown} of {total}; --json FILE has {len(errors)}")  # fmt: skip
