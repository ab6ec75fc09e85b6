"""Heads of a mail: words in any charset, addresses, moments, identities. Whatever is broken reads as far as it goes."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from amends.apps.mail.charsets import decoded

ENCODED = re.compile(r"=\?([^?\s]*)\?([bBqQ])\?([^?]*)\?=")
BETWEEN_WORDS = re.compile(r"(\?=)\s+(=\?)")
IDENTITY = re.compile(r"<([^<>\s]{1,998})>")
PIECE = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.|\\$)*)(?:"|$)|<(?P<angle>[^<>]*)>|\((?P<comment>[^()]*)\)|(?P<comma>[,;])|(?P<colon>:)|(?P<bare>[^"<>(),;:]+|.)'
)
LONGEST_HEAD = 16 * 1024
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Address:
    """Who a head names. `address` is in lower case behind the @, and may be empty where only a name stands."""

    name: str
    address: str


def words_of(message: Message, name: str) -> str:
    """The head's text in one line, encoded words decoded, without control characters; empty where there is none."""
    return in_words(_raw(message, name))


def addresses_of(message: Message, name: str) -> tuple[Address, ...]:
    """The people that a head names, in its order."""
    found = [_address(part) for value in _all_raw(message, name) for part in _parts_of(_one_line(value))]
    return tuple(one for one in found if one.name or one.address)


def identities_of(message: Message, name: str) -> tuple[str, ...]:
    """The message identities of a head, without their angle brackets, each once."""
    text = _one_line(_raw(message, name))
    found = IDENTITY.findall(text) or ([text.strip("<> ")] if text and " " not in text.strip() else [])
    return tuple(dict.fromkeys(found))


def moment_of(message: Message) -> datetime | None:
    """When the sender says it was written; without a zone it counts as UTC."""
    try:
        moment = parsedate_to_datetime(_one_line(_raw(message, "Date")))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def in_words(raw: str) -> str:
    """Encoded words of RFC 2047 decoded, also where a program cut a character between two of them."""
    pieces: list[tuple[bytes, str]] = []
    text, at = "", 0
    line = BETWEEN_WORDS.sub(r"\1\2", _one_line(raw))
    for word in ENCODED.finditer(line):
        if word.start() > at:
            text += _joined(pieces) + line[at : word.start()]
            pieces = []
        charset = word[1].split("*")[0]
        if pieces and pieces[-1][1].lower() == charset.lower():
            pieces[-1] = (pieces[-1][0] + _octets(word[2], word[3]), charset)
        else:
            pieces.append((_octets(word[2], word[3]), charset))
        at = word.end()
    return CONTROLS.sub("", text + _joined(pieces) + line[at:]).strip()


def _joined(pieces: list[tuple[bytes, str]]) -> str:
    return "".join(decoded(octets, charset) for octets, charset in pieces)


def _octets(way: str, text: str) -> bytes:
    octets = text.encode("ascii", "replace")
    if way in "qQ":
        return quopri.decodestring(octets, header=True)
    try:
        return base64.b64decode(octets + b"=" * (-len(octets) % 4))
    except (binascii.Error, ValueError):
        return octets


def _raw(message: Message, name: str) -> str:
    return next(iter(_all_raw(message, name)), "")


def _all_raw(message: Message, name: str) -> list[str]:
    """As received: octets beyond ASCII stand in the head as UTF-8, GB18030 or whatever fits."""
    wanted = name.lower()
    values = [str(value)[:LONGEST_HEAD] for key, value in message.raw_items() if key.lower() == wanted]
    return [decoded(value.encode("ascii", "surrogateescape")) if _has_octets(value) else value for value in values]


def _has_octets(text: str) -> bool:
    return any("\udc80" <= sign <= "\udcff" for sign in text)


def _parts_of(text: str) -> Iterator[list[tuple[str, str]]]:
    """A list of addresses cut at its commas; each as pieces `("quoted" | "angle" | "comment" | "bare", text)`.

    Written out, because the parser of Python before 3.11.10 takes an address out of a quoted name (CVE-2023-27043).
    """
    part: list[tuple[str, str]] = []
    has_address = False
    for piece in PIECE.finditer(text):
        kind = piece.lastgroup or "bare"
        if kind == "comma" or (kind == "colon" and not has_address):
            # The name of a group ends with a colon and names nobody.
            yield part if kind == "comma" else []
            part, has_address = [], False
        else:
            part.append((kind, piece[kind]))
            has_address |= kind == "angle"
    yield part


def _address(pieces: list[tuple[str, str]]) -> Address:
    angles = [text for kind, text in pieces if kind == "angle"]
    bare = "".join(text for kind, text in pieces if kind == "bare").strip()
    quoted = [re.sub(r"\\(.)", r"\1", text) for kind, text in pieces if kind == "quoted"]
    comments = [text for kind, text in pieces if kind == "comment"]
    if angles:
        name = " ".join([*quoted, bare]) if quoted else bare or " ".join(comments)
        return Address(in_words(name).strip(" '\""), _plain(angles[-1].strip()))
    if not bare.startswith("@") and "@" in bare and " " not in bare:
        local = f'"{quoted[0]}"' if quoted else ""
        return Address(in_words(" ".join(comments)), _plain(local + bare))
    return Address(
        in_words(" ".join([*quoted, bare])).strip(),
        _plain(f'"{quoted[0]}"{bare}') if quoted and bare.startswith("@") else "",
    )


def _one_line(text: str) -> str:
    return re.sub(r"\r?\n[ \t]*|\r", " ", text).strip()


def _plain(address: str) -> str:
    local, at, domain = CONTROLS.sub("", address).strip().rpartition("@")
    return f"{local}@{domain.lower()}" if at and local and domain and " " not in domain else ""
