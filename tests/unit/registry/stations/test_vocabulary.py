"""Every word of stations has its names and a source."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.registry.stations.reference import Vocabulary, load_vocabulary


def test_every_word_has_its_names_and_a_source() -> None:
    assert load_vocabulary().services


def test_a_word_without_names_or_source_is_refused() -> None:
    broken = load_vocabulary().model_dump(mode="json")
    broken["services"]["referral"]["source"] = "hearsay"
    with pytest.raises(ValidationError, match="unknown sources hearsay"):
        Vocabulary.model_validate(broken)
    del broken["services"]["referral"]
    with pytest.raises(ValidationError, match="no words for referral"):
        Vocabulary.model_validate(broken)
