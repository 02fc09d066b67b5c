"""Names in letters: the name's own part by its sound, peoples and rank in English. Pure.

阿坝藏族羌族自治州 is "Aba Tibetan and Qiang Autonomous Prefecture". These are readings, not official English names.
"""

from __future__ import annotations

from typing import Final

PEOPLES: Final = {
    "维吾尔族": "Uyghur", "维吾尔": "Uyghur", "哈尼族": "Hani", "哈萨克族": "Kazakh", "哈萨克": "Kazakh",
    "傈僳族": "Lisu", "拉祜族": "Lahu", "东乡族": "Dongxiang", "纳西族": "Naxi", "景颇族": "Jingpo",
    "柯尔克孜族": "Kyrgyz", "柯尔克孜": "Kyrgyz", "达斡尔族": "Daur", "仫佬族": "Mulam", "布朗族": "Blang",
    "撒拉族": "Salar", "毛南族": "Maonan", "仡佬族": "Gelao", "普米族": "Pumi", "塔吉克": "Tajik", "锡伯": "Xibe",
    "鄂温克族": "Evenk", "保安族": "Bonan", "裕固族": "Yugur", "独龙族": "Derung", "怒族": "Nu", "蒙古族": "Mongol",
    "蒙古": "Mongol", "布依族": "Bouyei", "朝鲜族": "Korean", "土家族": "Tujia", "回族": "Hui", "藏族": "Tibetan",
    "苗族": "Miao", "彝族": "Yi", "壮族": "Zhuang", "满族": "Manchu", "侗族": "Dong", "瑶族": "Yao", "白族": "Bai",
    "傣族": "Dai", "黎族": "Li", "佤族": "Wa", "畲族": "She", "水族": "Shui", "土族": "Tu", "羌族": "Qiang",
    "各族": "Multi-ethnic",
}  # fmt: skip
RANKS: Final = {
    "自治州": "Autonomous Prefecture", "自治县": "Autonomous County", "自治旗": "Autonomous Banner",
    "地区": "Prefecture", "林区": "Forestry District", "特区": "Special District", "矿区": "Mining District",
    "新区": "New Area", "市": "", "县": "County", "区": "District", "盟": "League", "旗": "Banner",
}  # fmt: skip
READINGS: Final = {
    "六合": "Luhe", "蔚县": "Yu", "浚县": "Xun", "繁峙": "Fanshi", "单县": "Shan", "洪洞": "Hongtong",
    "涡阳": "Guoyang", "郫都": "Pidu", "筠连": "Junlian", "什邡": "Shifang", "宕昌": "Tanchang",
    "大城": "Daicheng", "长子": "Zhangzi", "乐亭": "Laoting",
    "乐清": "Yueqing", "乐陵": "Laoling", "闵行": "Minhang",
}  # fmt: skip
"""Of names that pypinyin reads in another way than people do there."""
_SOUNDS: Final = {"都": "du", "长": "chang", "朝": "chao", "乐": "le", "曾": "zeng", "漯": "luo", "殷": "yin"}
"""How characters that have several sounds are read in nearly all names of places."""


def english_name(name: str) -> str:
    """A Chinese name of an area in letters."""
    rank = next((rank for rank in RANKS if name.endswith(rank) and len(name) > len(rank)), "")
    stem, peoples = _split(name.removesuffix(rank))
    own = READINGS.get(name) or READINGS.get(stem) or _spelt(stem)
    return " ".join(part for part in (own, " and ".join(peoples), RANKS.get(rank, "")) if part)


def _split(stem: str) -> tuple[str, list[str]]:
    """The name's own part, and the peoples named behind it."""
    peoples: list[str] = []
    while True:
        people = next((one for one in PEOPLES if stem.endswith(one) and len(stem) > len(one) + 1), None)
        if people is None:
            return stem, peoples
        stem = stem.removesuffix(people)
        peoples.insert(0, PEOPLES[people])


def _spelt(stem: str) -> str:
    """Pinyin in one word; an apostrophe before a vowel inside it."""
    from pypinyin import lazy_pinyin  # its dictionaries take a third of a second

    syllables = [_SOUNDS.get(c, sound) for c, sound in zip(stem, lazy_pinyin(stem, v_to_u=False), strict=True)]
    rest = (f"'{one}" if one[0] in "aeo" else one for one in syllables[1:])
    return (syllables[0] + "".join(rest)).replace("v", "u").capitalize()
