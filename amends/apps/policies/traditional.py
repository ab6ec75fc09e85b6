"""Traditional Chinese, derived from Simplified."""

from __future__ import annotations

from functools import lru_cache

import opencc

OTHER_CHARACTERS = (("伙伴", "夥伴"), ("彙報", "匯報"), ("檯賬", "臺賬"))
"""Where OpenCC takes another of the characters that were simplified to one."""
QUOTATION_MARKS = str.maketrans("“”‘’", "「」『』")
"""Traditional Chinese quotes in corners, also in lines that run across."""


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    # Characters only: the phrases of s2twp speak of software, and make an object of complaint (投诉对象) a 物件.
    return opencc.OpenCC("s2tw")


@lru_cache(maxsize=4096)
def traditional(text: str) -> str:
    """The text in Traditional Chinese, in the characters and quotation marks used in Taiwan."""
    converted = str(_converter().convert(text))
    for taken, right in OTHER_CHARACTERS:
        converted = converted.replace(taken, right)
    return converted.translate(QUOTATION_MARKS)
