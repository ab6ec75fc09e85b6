"""Amounts in the capitals of Chinese accounting, which nobody can alter with a stroke: 壹仟贰佰元整."""

from __future__ import annotations

from collections.abc import Callable

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
LARGEST = 10**16


def in_capitals(minor: int) -> str:
    """An amount in fen as 大写金额, by the rules of the People's Bank for cheques.

    Raises ValueError from 10^16 yuan on, which no form holds.
    """
    yuan, fen = divmod(abs(minor), 100)
    if yuan >= LARGEST:
        raise ValueError(f"too large to be written out: {minor}")
    sign = "负" if minor < 0 else ""
    if not yuan and not fen:
        return "零元整"
    whole = _whole(yuan) + "元" if yuan else ""
    return sign + whole + _cents(fen, after_yuan=bool(yuan))


def _cents(fen: int, *, after_yuan: bool) -> str:
    jiao, rest = divmod(fen, 10)
    if not fen:
        return "整"
    if not rest:
        return DIGITS[jiao] + "角整"
    tens = DIGITS[jiao] + "角" if jiao else ("零" if after_yuan else "")
    return tens + DIGITS[rest] + "分"


def _whole(yuan: int) -> str:
    return _joined(yuan, 8, "亿", _below_yi)


def _below_yi(number: int) -> str:
    return _joined(number, 4, "万", _group)


def _joined(number: int, digits: int, unit: str, written: Callable[[int], str]) -> str:
    """The part above the unit and the part below it; a zero at the head of the lower one is spoken once."""
    high, low = divmod(number, 10**digits)
    if not high:
        return written(low)
    zero = "零" if 0 < low < 10 ** (digits - 1) else ""
    return written(high) + unit + zero + (written(low) if low else "")


def _group(number: int) -> str:
    written, has_gap = "", False
    for place in range(len(PLACES) - 1, -1, -1):
        digit = number // 10**place % 10
        if not digit:
            has_gap = bool(written)
            continue
        written += ("零" if has_gap else "") + DIGITS[digit] + PLACES[place]
        has_gap = False
    return written


DIGITS_WRITTEN_OUT = str.maketrans("〇零○一壹幺二贰三叁四肆五伍六陆七柒八捌九玖", "0001112233445566778899")
"""Numbers as they are spoken digit by digit, or written out so that nobody alters them."""
