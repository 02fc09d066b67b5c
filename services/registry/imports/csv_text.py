"""Text with separators: its encoding is found by trying, its separator by what it makes of the headings. Pure."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from services.registry.imports.findings import FileRefused

_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
Rows = Iterator[tuple[int, Sequence[str]]]


def readings(content: bytes) -> Sequence[tuple[str, Callable[[], Rows]]]:
    """The text read with each separator. Raises FileRefused for what is no text."""
    encoding = _encoding(content)
    return [
        (f"{encoding}, {name}", lambda separator=separator: _rows(content, encoding, separator))  # type: ignore[misc]
        for separator, name in _SEPARATORS.items()
    ]


def _encoding(content: bytes) -> str:
    """UTF-8 if it is that, else GB18030, which holds GBK and GB2312; UTF-16 only with its mark."""
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), None)
    if encoding is None and b"\0" in content:
        raise FileRefused.because("nul")
    candidates = ("utf-8", "gb18030") if encoding is None else (encoding,)
    places = []
    for candidate in candidates:
        try:
            _check(content, candidate)
        except UnicodeDecodeError as error:
            places.append(error.start)
        else:
            return candidate
    raise FileRefused.because("encoding", byte=max(places) + 1)


def _check(content: bytes, encoding: str) -> None:
    if "\0" in content.decode(encoding):
        raise FileRefused.because("nul")


def _rows(content: bytes, encoding: str, separator: str) -> Rows:
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    number = 0
    try:
        for number, cells in enumerate(csv.reader(text, delimiter=separator, strict=True), start=1):
            yield number, cells
    except csv.Error as error:
        raise FileRefused.because("quotes", row=number + 1) from error
