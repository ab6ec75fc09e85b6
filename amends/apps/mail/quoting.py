"""What somebody wrote anew in a mail, without the history that their program put below it."""

from __future__ import annotations

import re
from bisect import bisect_right

LONGEST_LINE = 1_000
LINES_OF_WROTE = 3
LINES_OF_A_HEAD = 6
"""How far below the first line of an old head its other lines may stand."""

WROTE = re.compile(
    r"^\s*(?:>+\s*)?(?:"
    r"在\s?.{4,120}(?:写道|寫道|来信|來信)\s*[:：]?"
    r"|于\s?.{4,120}(?:写道|寫道)\s*[:：]?"
    r"|.{2,80}\s?(?:于|於)\s?\d{4}\s?年.{4,60}(?:写道|寫道)\s*[:：]?"
    r"|.{0,60}\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}.{0,80}(?:写道|寫道)\s*[:：]"
    r"|.{0,20}\d{1,4}[./-]\d{1,2}[./-]\d{1,4}.{0,80}[<\s][^\s@]{1,64}@[^\s@]{1,255}.{0,40}[:：]"
    r"|(?:On|Am|Le|El|Il|Op|Em)\b.{6,200}\b(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef|escreveu)\s?[^:]{0,80}:"
    r")\s*$",
    re.IGNORECASE,
)
"""`On …, … wrote:` in the words of many programs."""

RULER = re.compile(
    r"^\s*(?:[-_=*]{2,}\s*)(?:"
    r"原始邮件|原始郵件|原邮件|回复的原邮件|回覆的原郵件|转发的邮件|轉寄的郵件|转发邮件信息|Original Message|Forwarded message|Ursprüngliche Nachricht|Reply message"
    r")(?:\s*[-_=*]{2,})?\s*$",
    re.IGNORECASE,
)
"""`---- 原始邮件 ----` of QQ, 163, Outlook."""

HEAD = re.compile(
    r"^\s*[*>]*\s*(发件人|寄件者|寄件人|发送时间|发送日期|寄件日期|日期|时间|收件人|收件者|抄送|副本|主题|主旨|From|Sent|Date|To|Cc|Subject)\s*\*?\s*[:：]",
    re.IGNORECASE,
)
SENDER = {"发件人", "寄件者", "寄件人", "from"}
DEVICE = re.compile(r"^\s*(?:发自我的|從我的|从我的|Sent from my|Get Outlook for|来自我的).{0,40}$", re.IGNORECASE)
QUOTED = re.compile(r"^\s*>")
LONG_RULER = re.compile(r"^\s*[_-]{20,}\s*$")


def newly_written(text: str) -> str:
    """The new part of an answer; everything where nothing looks like history, or where nothing would be left.

    Quoted lines between new ones stay: they are what is being answered.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    kept = lines[: _begin_of_history([line[:LONGEST_LINE].strip() for line in lines])]
    while kept and (not kept[-1].strip() or QUOTED.match(kept[-1]) or LONG_RULER.match(kept[-1])):
        kept.pop()
    if kept and DEVICE.match(kept[-1]):
        kept.pop()
    new = "\n".join(kept).strip()
    return new or text.strip()


def _begin_of_history(lines: list[str]) -> int:
    quoted = [n for n, line in enumerate(lines) if QUOTED.match(line)]
    new = [n for n, line in enumerate(lines) if line and not QUOTED.match(line)]
    for place, line in enumerate(lines):
        if RULER.match(line) or _is_head_of_a_mail(lines, place):
            return place
        if _is_said_to_be_written(lines, place) and not _is_answered_between(quoted, new, place):
            return place
    return len(lines)


def _is_said_to_be_written(lines: list[str], place: int) -> bool:
    """`On …, … wrote:`, which programs break into two or three lines; it begins here, not in a line further down."""
    for end in range(place + 1, place + LINES_OF_WROTE + 1):
        block = lines[place:end]
        if not all(block):
            return False
        later = (" ".join(block[n:]) for n in range(1, len(block)))
        if WROTE.match(" ".join(block)) and not any(
            WROTE.match(one) for one in later if not one.startswith(("于", "於"))
        ):
            return True
    return False


def _is_head_of_a_mail(lines: list[str], place: int) -> bool:
    """发件人 with two more heads close below: what Outlook and Foxmail put above the old mail."""
    first = HEAD.match(lines[place])
    if first is None or first[1].lower() not in SENDER:
        return False
    below = [HEAD.match(line) for line in lines[place + 1 : place + LINES_OF_A_HEAD]]
    return sum(match is not None for match in below) >= 2


def _is_answered_between(quoted: list[int], new: list[int], place: int) -> bool:
    """Whether something new stands between lines quoted below: whoever answers between the lines keeps both."""
    first = bisect_right(quoted, place)
    if first == len(quoted):
        return False
    return bisect_right(new, quoted[first]) < bisect_right(new, quoted[-1])
