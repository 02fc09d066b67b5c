"""What a page says. No place, no name, no kind of incident: whoever sees a locked phone learns nothing."""

from __future__ import annotations

from typing import Final

from schemas.values import Explanation
from schemas.vocabulary import PagePurpose

DRILL_MARK: Final = "【演练/DRILL】"

_TEXTS: Final = {
    PagePurpose.ASK: Explanation(
        zh="有新的求助{level_zh}，请打开应用答复。", en="New request{level_en}: open the app to answer."
    ),
    PagePurpose.MISSION: Explanation(
        zh="您的任务已下达{level_zh}，请打开应用查看。", en="Your mission is ready{level_en}: open the app."
    ),
    PagePurpose.STAND_DOWN: Explanation(
        zh="此前的求助已不再需要您前往，谢谢。", en="The earlier request no longer needs you, thank you."
    ),
}


def page_text(purpose: PagePurpose, level: str | None, *, exercise: bool) -> Explanation:
    """The text of a page in both languages. A drill's begins with the mark, whatever it says."""
    level_zh, level_en = (f"（{level}级响应）", f" (level {level})") if level else ("", "")
    text = _TEXTS[purpose]
    said = Explanation(zh=text.zh.format(level_zh=level_zh), en=text.en.format(level_en=level_en))
    return marked(said, exercise=exercise)


def marked(text: Explanation, *, exercise: bool) -> Explanation:
    """The text; a drill's begins with the mark."""
    return Explanation(zh=DRILL_MARK + text.zh, en=DRILL_MARK + text.en) if exercise else text
