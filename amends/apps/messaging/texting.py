"""Rules of text messages in China: signature, length in parts, words that opt out, when nobody is disturbed."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_ESCAPED = frozenset("^{}\\[~]|€\f")
_SIGNATURE = re.compile(r"\A【([^【】]{1,30})】")
OPT_OUT_WORDS = frozenset({"退订", "td", "t", "tdn", "n", "取消订阅", "unsubscribe", "stop"})


@dataclass(frozen=True, slots=True)
class Length:
    """How a text is billed: in which alphabet, how many units of it, how many parts."""

    alphabet: str
    units: int
    parts: int


def length_of(text: str) -> Length:
    """Parts of 160/153 septets where the GSM alphabet (3GPP TS 23.038) holds all, else of 70/67 UTF-16 units."""
    if all(c in _GSM or c in _GSM_ESCAPED for c in text):
        units = sum(2 if c in _GSM_ESCAPED else 1 for c in text)
        return Length("GSM-7", units, _parts(units, alone=160, joined=153))
    units = len(text.encode("utf-16-be")) // 2
    return Length("UCS-2", units, _parts(units, alone=70, joined=67))


def _parts(units: int, *, alone: int, joined: int) -> int:
    return 1 if units <= alone else math.ceil(units / joined)


def signature_and_rest(text: str, usual: str = "") -> tuple[str, str]:
    """The name in 【】 that a text begins with and what follows; `usual` where it begins with none."""
    found = _SIGNATURE.match(text)
    return (found.group(1), text[found.end() :].lstrip()) if found else (usual, text)


def signed(text: str, usual: str) -> str:
    """The text with its signature in front; without any it stays as it is."""
    name, rest = signature_and_rest(text, usual)
    return f"【{name}】{rest}" if name else text


def opts_out(text: str) -> bool:
    """Whether an answer says that no more group messages are wanted: nothing but one of the usual words."""
    said = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
    return said in OPT_OUT_WORDS


def when_awake(now: datetime, *, begins: time, ends: time, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the quiet hours that it lies in; the hours may run over midnight."""
    local = now.astimezone(zone)
    clock = local.time()
    is_quiet = begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
    if not is_quiet:
        return now
    day = local.date() + timedelta(days=1 if clock >= ends else 0)
    return datetime.combine(day, ends, tzinfo=zone).astimezone(now.tzinfo)
