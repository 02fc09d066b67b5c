"""The encoding of a document: told by its mark, first bytes, declaration or sender. Never guessed from its words.

What is written in another encoding than UTF-8 is carried over, so that everything after reads UTF-8.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from services.incidents.intake.model import Notes, Refused
from services.incidents.intake.values import shown

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, with whose mark it begins
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ASCII_LIKE: Final = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-?[0-9]{1,2}|latin-?1|windows-125[0-8]|cp125[0-8]|gb2312|gbk|gb18030|big5"
    r"|euc-jp|euc-kr|shift_jis|koi8-r",
    re.IGNORECASE,
)
"""Encodings in which a byte of ASCII is that character, so that what is looked for in bytes cannot be hidden."""
_WIDE: Final = re.compile(r"utf-?(16|32)(-?[lb]e)?|(iso-10646-)?ucs-?[24]", re.IGNORECASE)
_DECLARED: Final = re.compile(rb"""\A(\s*<\?xml[^>]{0,200}?)\s+encoding\s*=\s*["']([^"']{1,40})["']""")
_CHINESE: Final = "gb18030"
_BY_NULS: Final = {
    "000x": "utf-32-be",
    "x000": "utf-32-le",
    "0x0x": "utf-16-be",
    "x0x0": "utf-16-le",
    "0xxx": "utf-16-be",  # `{` and a character of another script
    "x0xx": "utf-16-le",
}


def as_utf8(data: bytes, notes: Notes, charset: str | None = None) -> bytes:
    """The document in UTF-8 without a mark. `charset` is what its sender says of it. Raises Refused."""
    mark, marked = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", None))
    body = data[len(mark) :]
    found = marked or _by_first_bytes(body) or _as_stated(body, charset)
    if found is None or found == "utf-8":
        return _as_declared(body, notes)
    text = _decoded(body, found).removeprefix("\ufeff").encode()
    notes.add("encoding", f"is {found}, carried over to UTF-8")
    return _DECLARED.sub(rb"\1", text, count=1)


def why_not_utf8(data: bytes) -> str | None:
    """What a document that should be UTF-8 is instead; None if it is UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        at = f"is not UTF-8, at byte {error.start}"
    else:
        return None
    try:
        data.decode(_CHINESE)
    except UnicodeDecodeError:
        return at
    return f"{at}; it may be GB18030 (GBK), which is read if its sender says so (charset=gb18030)"


def _as_stated(body: bytes, charset: str | None) -> str | None:
    """What the sender says, where the document says nothing: servers often state one charset for all they send."""
    if charset is None or _DECLARED.match(body) or why_not_utf8(body) is None:
        return None
    if not ASCII_LIKE.fullmatch(charset):  # a wide one would have shown in the first bytes
        raise Refused("encoding", f"{shown(charset)} is stated and not read, and the document {why_not_utf8(body)}")
    return charset.lower()


def _by_first_bytes(body: bytes) -> str | None:
    """XML and JSON begin with a character of ASCII, so that NULs among the first four bytes tell how wide one is."""
    return _BY_NULS.get("".join("0" if byte == 0 else "x" for byte in body[:4]))


def _as_declared(body: bytes, notes: Notes) -> bytes:
    """XML that says UTF-16 in bytes that cannot be that: programs carry it over and forget the declaration."""
    declared = _DECLARED.match(body)
    if declared is None or not _WIDE.fullmatch(name := declared.group(2).decode("ascii", "replace")):
        return body
    why_not = why_not_utf8(body)
    if why_not is not None:
        raise Refused("?xml encoding", f"{shown(name)} is declared, and the document {why_not}")
    notes.add("?xml encoding", f"{shown(name)} is declared; it is UTF-8")
    return body[: declared.end(1)] + body[declared.end() :]


def _decoded(body: bytes, name: str) -> str:
    try:
        return body.decode(name)
    except UnicodeDecodeError as error:
        raise Refused("encoding", f"begins as {name}, and is not that at byte {error.start}") from error
