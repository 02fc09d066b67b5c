"""Languages that people are given have names in the register's list, so that no screen shows a bare code."""

from __future__ import annotations

from pathlib import Path

import orjson

from services.registry.volunteers.languages import REFERENCE

NAMED = {language["code"] for language in REFERENCE["languages"]}
PROJECT = Path(__file__).parents[4]


def test_languages_of_import_words_have_names() -> None:
    words = orjson.loads((PROJECT / "services" / "registry" / "imports" / "reference" / "words.json").read_bytes())
    assert set(words["values"]["LanguageCode"]) <= NAMED


def test_languages_of_the_simulated_network_have_names() -> None:
    assumed = orjson.loads((PROJECT / "scenarios" / "network-assumptions.json").read_bytes())
    places = [place for part in assumed.values() if isinstance(part, list) for place in part]
    spoken = {code for place in places if isinstance(place, dict) for code in place.get("language_shares", {})}
    assert len(spoken) > 5
    assert spoken | {assumed["national_language"]} <= NAMED


def test_names_come_in_both_languages_and_codes_are_there_once() -> None:
    for kind in ("languages", "dialects"):
        codes = [one["code"] for one in REFERENCE[kind]]
        assert len(codes) == len(set(codes))
        assert all(one["name_zh"] and one["name_en"] for one in REFERENCE[kind])
