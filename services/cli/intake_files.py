"""The files that the `intake` commands work on: which they are, and their bytes within bounds."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from services.incidents.intake.model import Refusal

Paths = Annotated[list[Path], typer.Argument(help="Files, or folders with everything below them.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per file and line.")]
MaxMib = Annotated[
    int,
    typer.Option(
        "--max-mib", min=1, max=200, envvar="THIRDRESCUE_INTAKE_MAX_MIB", help="Larger files are refused unread."
    ),
]


Charset = Annotated[
    str | None,
    typer.Option("--charset", help="Encoding of what is not UTF-8 and does not say so itself, such as gb18030."),
]


def missing_of(paths: Sequence[Path]) -> Path | None:
    """The first that is not there."""
    return next((path for path in paths if not os.path.lexists(path)), None)


def files_below(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are named, and all below the folders that are, sorted. Links to folders are not followed."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            yield from (Path(folder) / name for name in sorted(names))


def read_bytes(path: Path, bytes_max: int) -> bytes | Refusal:
    """A file's bytes; pipes, devices and files too large or closed to us are refused without reading them."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return Refusal("file", "is no regular file")
        if found.st_size > bytes_max:
            return Refusal("file", f"has {found.st_size} bytes; at most {bytes_max} are read")
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as error:
        return Refusal("file", f"cannot be opened: {error.strerror or error}")


def shown(path: Path) -> str:
    """A path as text, also where its name is not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def plain(text: str) -> str:
    """Text from a file is no markup of the table, and moves no cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text).replace("[", r"\[")
