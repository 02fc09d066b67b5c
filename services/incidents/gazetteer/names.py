"""Forms of names: what people write for 阿坝藏族羌族自治州 is 阿坝州, 阿坝, Aba or ābà. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_RANKS: Final = (
    "特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区", "林区", "新区", "街道", "省", "市", "县",
    "区", "州", "盟", "旗", "镇", "乡", "村",
)  # fmt: skip
_PEOPLES: Final = (
    "维吾尔族", "哈尼族", "哈萨克族", "傈僳族", "拉祜族", "东乡族", "纳西族", "景颇族", "柯尔克孜族", "达斡尔族",
    "仫佬族", "布朗族", "撒拉族", "毛南族", "仡佬族", "锡伯族", "阿昌族", "普米族", "塔吉克族", "鄂温克族",
    "德昂族", "保安族", "裕固族", "独龙族", "鄂伦春族", "蒙古族", "布依族", "朝鲜族", "土家族", "柯尔克孜",
    "哈萨克", "维吾尔", "塔吉克", "回族", "藏族", "苗族", "彝族", "壮族", "满族", "侗族", "瑶族", "白族", "傣族",
    "黎族", "佤族", "畲族", "水族", "土族", "羌族", "怒族", "各族", "蒙古", "锡伯",
)  # fmt: skip
_SHORT_RANK: Final = {"自治州": "州", "自治县": "县", "自治旗": "旗"}
_WORDS_OF_RANK: Final = frozenset(
    {
        "province", "city", "county", "district", "prefecture", "autonomous", "region", "town", "township", "state",
        "municipality", "banner", "league", "of", "the", "special", "administrative",
        "xian", "shi", "qu", "sheng", "zhou",
    }
)  # fmt: skip
_HAN: Final = re.compile(r"[㐀-鿿]")
_SEPARATORS: Final = re.compile(r"[\s,，、;；/|·•'’`\-_.。:：()（）]+")
_SHORTEST: Final = 2


def is_han(text: str) -> bool:
    """Whether any of it is in Chinese characters."""
    return _HAN.search(text) is not None


def plain(text: str) -> str:
    """One form for all ways of writing the same characters: NFKC, no case, no accents, no separators."""
    return _SEPARATORS.sub("", _bare(text))


def words(text: str) -> list[str]:
    """The parts between separators, each in its plain form."""
    return [word for word in _SEPARATORS.split(_bare(text)) if word]


def han_forms(name: str) -> tuple[str, ...]:
    """A Chinese name in full, then as it is shortened, longest first."""
    full = plain(name)
    forms = [full]
    for rank in _RANKS:
        if full.endswith(rank) and len(full) > len(rank):
            stem = full.removesuffix(rank)
            bare = _without_peoples(stem)
            if rank in _SHORT_RANK:
                forms.append(bare + _SHORT_RANK[rank])
            if bare != stem:
                forms.append(bare + rank)
            forms.append(bare)
            break
    return tuple(form for form in dict.fromkeys(forms) if len(form) >= _SHORTEST)


def latin_forms(name: str) -> tuple[str, ...]:
    """A name in letters in full, then without words that say its rank."""
    parts = words(name)
    bare = [part for part in parts if part not in _WORDS_OF_RANK]
    forms = ["".join(parts), "".join(bare)]
    return tuple(form for form in dict.fromkeys(forms) if len(form) >= _SHORTEST)


@lru_cache(maxsize=4_096)
def pinyin_of(text: str) -> str:
    """How Chinese characters sound, without tones and spaces; ü is v, as it is typed."""
    from pypinyin import lazy_pinyin  # its dictionaries take a third of a second

    return plain("".join(lazy_pinyin(text)))


def sound_of(text: str) -> str:
    """Letters as pinyin: tone numbers go, and ü (already v) stays told from u."""
    return re.sub(r"(?<=[a-z])[1-5]", "", plain(text))


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub(r"u:|[üǖǘǚǜ]", "v", unicodedata.normalize("NFC", folded))
    return "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))


def _without_peoples(stem: str) -> str:
    """Without the names of peoples at its end, as long as something is left."""
    shorter = next((stem.removesuffix(p) for p in _PEOPLES if stem.endswith(p) and len(stem) > len(p) + 1), stem)
    return shorter if shorter == stem else _without_peoples(shorter)
