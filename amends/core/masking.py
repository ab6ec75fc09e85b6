"""Personal data as everybody sees them until somebody with the right asks for more."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "＊＊＊"


def masked(kind: str, text: str) -> str:
    """The text with its personal part hidden, by the `personal` kind of its field.

    A telephone number keeps three digits in front and four behind, an address its place down to the district, an
    e-mail its first letter and domain, an ID number its last four, a name its first character. What customers tell
    (`content`) is shown: whoever sees the case works with it.
    """
    if not text or kind == "content":
        return text
    return _MASKS.get(kind, _all)(text)


def _all(text: str) -> str:
    return HIDDEN


def _phone(text: str) -> str:
    digits = text.strip()
    if len(digits) < 8:
        return HIDDEN
    return f"{digits[:3]}****{digits[-4:]}"


def _email(text: str) -> str:
    name, at, domain = text.partition("@")
    return f"{name[:1]}***@{domain}" if at and name else HIDDEN


def _id_number(text: str) -> str:
    return f"**************{text[-4:]}" if len(text) >= 8 else HIDDEN


_DISTRICT = re.compile(r"^.{0,30}?(?:自治区|省|市).{0,20}?(?:区|县|旗|市)|^.{0,12}?(?:省|市|自治区|区|县)")


def _address(text: str) -> str:
    found = _DISTRICT.match(text)
    return f"{found.group(0)}＊＊＊" if found else HIDDEN


def _name(text: str) -> str:
    return f"{text[:1]}＊＊" if text else HIDDEN


_MASKS = {"phone": _phone, "email": _email, "id_number": _id_number, "address": _address, "name": _name}


def masked_contact(text: str) -> str:
    """A way to reach somebody, of whichever kind."""
    return _email(text) if "@" in text else _phone(text)


_CALLED = re.compile(r"[\u4e00-\u9fff](先生|女士|小姐|师傅|老师|经理|主任|阿姨|大哥|大姐)")
_REACHED = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<!\d)[\d][\d \-—]{5,}[\dXx](?!\d)")
_PLACE = re.compile(
    r"(?<=[路街道巷号弄村苑区])\s*\d+\s*(?:号|弄|栋|幢|楼|单元|室)(?:\s*\d*\s*(?:号|栋|幢|楼|单元|室))*"
)
_SHORTEST_NAME = 2


def anonymous(text: str, said: Iterable[str]) -> str:
    """What somebody told, without anybody's name, number, mail address or house number: fit for a report.

    `said` are names and other personal data known to the matter; they go wherever they stand. Dates keep their figures.
    """
    for word in sorted({one.strip() for one in said}, key=len, reverse=True):
        if len(word) >= _SHORTEST_NAME:
            text = text.replace(word, "某某")
    text = _REACHED.sub(lambda found: found[0] if _is_day(found[0]) else HIDDEN, text)
    return _PLACE.sub(HIDDEN, _CALLED.sub(r"某\1", text))


def _is_day(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", text) is not None
