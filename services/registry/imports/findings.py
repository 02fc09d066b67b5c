"""What can be wrong with a file, in the words that people get, English and Chinese. None repeats a personal value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # --- a file as a whole
    "empty": ("the file holds no rows", "文件没有任何数据行"),
    "no-headings": (
        "the first row must hold the column names, such as {examples}",
        "第一行应为列名，例如 {examples}",
    ),
    "encoding": (
        "the text is neither UTF-8 nor GB18030 (byte {byte})",
        "文本既不是 UTF-8 也不是 GB18030（第 {byte} 字节）",
    ),
    "nul": ("the text holds a NUL character: it is no CSV file", "文本含有 NUL 字符，不是 CSV 文件"),
    "quotes": (
        "row {row}: the quotes do not fit together, so rows cannot be told apart",
        "第 {row} 行：引号不配对，无法分行",
    ),
    "too-many-rows": ("has more than {limit} rows", "超过 {limit} 行"),
    "too-many-columns": ("has more than {limit} columns", "超过 {limit} 列"),
    "too-many-cells": ("its used part has more than {limit} cells", "使用区域超过 {limit} 个单元格"),
    "encrypted": (
        "the workbook is encrypted, or in the old .xls form: save it as .xlsx without a password",
        "工作簿已加密或为旧版 .xls：请另存为不带密码的 .xlsx",
    ),
    "not-a-workbook": ("this is no readable .xlsx workbook", "不是可读取的 .xlsx 工作簿"),
    "inflates": (
        "the workbook unpacks to more than {limit} bytes or {parts} parts",
        "工作簿解压后超过 {limit} 字节或 {parts} 个部件",
    ),
    "entities": (
        "the workbook's XML declares a document type or entities; no spreadsheet program writes that",
        "工作簿的 XML 含有文档类型或实体声明，正常的表格软件不会这样写",
    ),
    # --- headings
    "unknown-column": ("there is no such column", "没有这样的列"),
    "unknown-column-near": ("there is no such column; is it {near}?", "没有这样的列；是否为 {near}？"),
    "column-twice": ("columns {first} and {second} are both {field}", "{first} 列与 {second} 列都是 {field}"),
    "column-missing": ("this column is missing", "缺少该列"),
    # --- rows
    "beyond-headings": ("column {column} has a value but no heading", "{column} 列有内容但没有列名"),
    "twice": (
        "row {first} has the same reference; row {row} is left out",
        "与第 {first} 行编号相同；第 {row} 行不导入",
    ),
    "outside": ("lies outside the areas of your account", "不在您账号的管辖区域内"),
    # --- cells
    "missing": ("must not be empty", "不能为空"),
    "too-long": ("has more than {limit} characters", "超过 {limit} 个字符"),
    "too-many": ("has more than {limit} entries", "超过 {limit} 项"),
    "too-few": ("needs at least {limit} entries", "至少需要 {limit} 项"),
    "control": ("holds a control character", "含有控制字符"),
    "not-a-word": ("is none of: {words}", "应为以下之一：{words}"),
    "not-a-word-near": ("is no word for this; is it {near}?", "不是可用的词；是否为 {near}？"),
    "not-a-language": (
        "is no language code of three letters (ISO 639-3) and no known name of a language",
        "不是三字母语言代码（ISO 639-3），也不是已知的语言名称",
    ),
    "not-yes-or-no": ("must be yes or no (是 / 否)", "应为 是 或 否"),
    "not-a-date": (
        "is no date such as 2027-01-31, 2027/1/31 or 2027年1月31日",
        "不是日期，例如 2027-01-31、2027/1/31 或 2027年1月31日",
    ),
    "not-a-number": ("is no number", "不是数字"),
    "not-whole": ("is no whole number", "不是整数"),
    "not-json": ("is no JSON", "不是 JSON"),
    "formula-error": ("holds a spreadsheet error such as #N/A", "单元格为错误值，例如 #N/A"),
    "number-too-precise": (
        "was stored as a number and may have lost digits: format the column as text",
        "按数字存储，可能丢失位数：请将该列设为文本格式",
    ),
    "at-most": ("must be at most {limit}", "不能大于 {limit}"),
    "at-least": ("must be at least {limit}", "不能小于 {limit}"),
    "pattern": ("is not written as this field needs it", "写法不符合要求"),
    "pattern-ref": (
        "may hold letters, digits and . _ : / - only, and begins with a letter or digit",
        "只能含字母、数字和 . _ : / -，并以字母或数字开头",
    ),
    "pattern-area": ("must be a code of 6 or 12 digits", "应为 6 位或 12 位数字代码"),
    "pattern-phone": ("is no telephone number", "不是电话号码"),
    "invalid": ("{said}", "不符合要求：{said}"),
    # --- what the register decides
    "no-station": ("there is no such station in the register", "登记册中没有这个站点"),
    "no-detachment": ("there is no such detachment in the register", "登记册中没有这个支队"),
    # --- undo
    "changed-since": ("was changed since the import, and is left as it is", "导入后已被修改，保持不变"),
    "referred-to": ("is referred to by something newer, and is left as it is", "已被其他记录引用，保持不变"),
    "other-version": (
        "was stored by another version of this software, and is left as it is",
        "由其他版本的软件保存，保持不变",
    ),
    "gone": ("is not in the register any more", "已不在登记册中"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """One thing that is wrong: the row as a spreadsheet numbers it, the heading as the file writes it.

    `row` is None for what concerns the file as a whole. `value` is what stands in the cell, only where that cannot be
    somebody's name or number.
    """

    row: int | None
    code: str
    args: Mapping[str, object] = field(default_factory=dict)
    column: str | None = None
    field: str | None = None
    value: str | None = None

    @property
    def what(self) -> str:
        """In English."""
        return TEXTS[self.code][0].format_map(self.args)

    @property
    def what_zh(self) -> str:
        """In Chinese."""
        return TEXTS[self.code][1].format_map(self.args)


class FileRefused(Exception):
    """The file as a whole cannot be taken. Nothing of it was stored."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__("; ".join(error.what for error in errors))
        self.errors = errors

    @classmethod
    def because(cls, code: str, **args: object) -> FileRefused:
        """With one reason."""
        return cls(RowError(row=None, code=code, args=args))


class CellRefused(Exception):
    """A cell cannot be read. `shown` is its value where that may be repeated."""

    def __init__(self, code: str, *, shown: str | None = None, **args: object) -> None:
        super().__init__(code)
        self.code = code
        self.shown = shown
        self.args_of_text = args
