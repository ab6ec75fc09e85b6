"""Bytes of mail become text: what senders call their charset is often less than what they wrote."""

from __future__ import annotations

import codecs

WIDER = {
    # gb2312 has 6,763 characters; whoever names it writes all of gbk, and the newest programs all of gb18030.
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "cp936", "gb_2312-80", "euc-cn", "gb18030"), "gb18030"),
    **dict.fromkeys(("big5", "x-big5", "big5-eten"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "ascii"), "cp1252"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr"), "cp949"),
    **dict.fromkeys(("shift_jis", "x-sjis"), "cp932"),
    **dict.fromkeys(("utf8", "utf-8"), "utf-8"),
}
KNOWN = {
    *WIDER.values(), "utf-16", "utf-16le", "utf-16be", "utf-32", "hz", "iso2022_jp", "iso2022_kr", "euc_jp", "koi8-r", "koi8-u",
    "tis-620", *(f"iso8859-{n}" for n in range(2, 17) if n != 12), *(f"cp{n}" for n in (437, 850, 852, 866, *range(1250, 1259))),
}  # fmt: skip
"""Charsets of mail programs. Other codecs of Python are no charsets, or take for ever over some octets."""
LIKELY = ("utf-8", "gb18030")
LAST = "cp1252"
"""One byte, one character: keeps the rest readable. Its five holes become U+FFFD."""
CODECS = {codecs.lookup(name).name for name in KNOWN}


def decoded(octets: bytes, charset: str = "") -> str:
    """The text of the octets: by the charset that is named, else as UTF-8 or GB18030 where one fits without an error."""
    named = _codec(charset)
    if named == LAST and _fits(octets, "utf-8"):
        # us-ascii and latin1 are what programs say that say nothing.
        return octets.decode("utf-8")
    if named and _fits(octets, named):
        return octets.decode(named)
    fitting = next((codec for codec in LIKELY if _fits(octets, codec)), None)
    return octets.decode(fitting or named or LAST, errors="replace")


def _codec(charset: str) -> str:
    named = charset.strip(" \t\"'").lower()
    try:
        found = codecs.lookup(WIDER.get(named, named)).name
    except (LookupError, ValueError):
        return ""
    return found if found in CODECS else ""


def _fits(octets: bytes, codec: str) -> bool:
    try:
        octets.decode(codec)
    except (UnicodeDecodeError, ValueError):
        return False
    return True
