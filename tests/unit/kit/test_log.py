"""Log lines: JSON, with nothing in them that was not allowed."""

from __future__ import annotations

import json
import logging
import sys
from uuid import UUID

import asyncpg
import pytest
from pydantic import BaseModel, ValidationError

from services.kit.log import CORRELATION, JsonLines, describe_error, only_allowed

CANARY = "王小明 13800138000"


def line(fields: dict[str, object], message: str = "outbox.relayed") -> dict[str, object]:
    record = logging.LogRecord("services.x", logging.INFO, "x.py", 1, message, (), None)
    record.kit_fields = fields
    return dict(json.loads(JsonLines().format(record)))


def test_allowed_fields_pass_and_others_leave_only_their_name() -> None:
    written = line({"topic": "t", "count": 3, "page_id": UUID(int=1), "name": CANARY, "body": {"phone": CANARY}})
    assert (written["topic"], written["count"], written["page_id"]) == ("t", 3, str(UUID(int=1)))
    assert written["dropped"] == ["body", "name"]
    assert CANARY not in json.dumps(written, ensure_ascii=False)


def test_a_line_carries_its_correlation() -> None:
    token = CORRELATION.set(UUID(int=7))
    try:
        assert line({})["correlation_id"] == str(UUID(int=7))
    finally:
        CORRELATION.reset(token)
    assert "correlation_id" not in line({})


def test_errors_that_quote_data_are_described_without_it() -> None:
    class Person(BaseModel):
        age: int

    with pytest.raises(ValidationError) as invalid:
        Person.model_validate({"age": CANARY})
    assert CANARY not in describe_error(invalid.value)
    assert "age int_parsing" in describe_error(invalid.value)
    violation = asyncpg.UniqueViolationError(f"Key (name)=({CANARY}) already exists.")
    assert CANARY not in describe_error(violation)
    assert "UniqueViolationError 23505" in describe_error(violation)


def test_frames_are_kept_and_values_are_not() -> None:
    try:
        raise asyncpg.UniqueViolationError(CANARY)
    except asyncpg.UniqueViolationError:
        record = logging.LogRecord("services.x", logging.ERROR, "x.py", 1, "http.failed", (), sys.exc_info())
    text = JsonLines().format(record)
    assert CANARY not in text
    assert "test_log.py" in text


def test_long_texts_are_cut_and_odd_values_do_not_break_a_line() -> None:
    written = line({"reason": "x" * 5000, "detail_s": object(), "topics": {"a"}})
    assert len(str(written["reason"])) == 500
    assert written["topics"] == ["a"]
    assert only_allowed({}) == {}
