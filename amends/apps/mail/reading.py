"""A mail as it can be read: who, when, what, with which files. Pure: octets in, one value out, nothing fetched, nothing run.

Sources: RFC 5322, 2045-2047, 2231; what programs in China write instead.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import Message
from email.parser import BytesParser

from amends.apps.mail.charsets import decoded
from amends.apps.mail.headers import (
    CONTROLS,
    LONGEST_HEAD,
    Address,
    addresses_of,
    identities_of,
    in_words,
    moment_of,
    words_of,
)
from amends.apps.mail.html_text import text_of_html

MOST_OCTETS = 25 * 1024 * 1024
MOST_PARTS = 200
MOST_DEPTH = 20
MOST_HEAD_LINES = 1_000
REPORTS = {"message/delivery-status", "message/global-delivery-status"}
MOST_BLOCKS = 20_000
HEAD_OF_A_PART = re.compile(rb"^content-(?:type|disposition):[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class Unreadable(Exception):
    """The mail goes beyond a limit; `code` says which one."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with the mail, decoded."""

    name: str
    kind: str
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class ReadMail:
    """What a mail says. `text` is plain, with the quoted history; `marks` are the heads by which programs show themselves."""

    sender: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    written_at: datetime | None
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    text: str
    has_html: bool
    attachments: tuple[Attachment, ...]
    marks: tuple[tuple[str, str], ...]

    def mark(self, name: str) -> str:
        """One of the heads by which programs show themselves, in lower case; empty where it is absent."""
        return next((value for key, value in self.marks if key == name), "")


MARKS = (
    "auto-submitted", "precedence", "list-id", "list-unsubscribe", "return-path", "x-auto-response-suppress", "x-autoreply",
    "x-autorespond", "x-failed-recipients", "content-type", "authentication-results", "x-amends-loop",
)  # fmt: skip


def read_mail(octets: bytes) -> ReadMail:
    """What the mail says. Broken structure is read as far as it goes.

    Raises Unreadable beyond 25 MB, 200 parts, 20 levels, 1,000 lines of heads, or 16 kB in the head of a part.
    """
    _check_before_reading(octets)
    body = _Body(octets)
    try:
        message = BytesParser(_Part, policy=policy.compat32).parsebytes(octets)
        body.read(message)
    except RecursionError as too_deep:
        raise Unreadable("too_deep") from too_deep
    identities = identities_of(message, "Message-ID")
    return ReadMail(
        sender=addresses_of(message, "From"),
        to=addresses_of(message, "To"),
        cc=addresses_of(message, "Cc"),
        subject=words_of(message, "Subject"),
        written_at=moment_of(message),
        message_id=identities[0] if identities else "",
        in_reply_to=identities_of(message, "In-Reply-To"),
        references=identities_of(message, "References"),
        text=body.text(),
        has_html=body.has_html,
        attachments=tuple(body.attachments),
        marks=tuple((name, words_of(message, name).lower()) for name in MARKS if message.get(name) is not None),
    )


def _check_before_reading(octets: bytes) -> None:
    """What would take the parser too long is refused before it begins."""
    if len(octets) > MOST_OCTETS:
        raise Unreadable("too_big")
    head = END_OF_HEAD.split(octets, maxsplit=1)[0]
    if head.count(b"\n") > MOST_HEAD_LINES:
        raise Unreadable("too_many_heads")
    if any(len(found[0]) > LONGEST_HEAD for found in HEAD_OF_A_PART.finditer(octets)):
        raise Unreadable("too_long_head")
    blocks = len(END_OF_HEAD.findall(octets)) if b"delivery-status" in octets.lower() else 0
    if max(octets.count(b"\n--"), blocks) > MOST_BLOCKS:
        raise Unreadable("too_many_parts")


class _Part(Message):
    """A part of a mail. A mail within the mail is not taken apart: it is a file, octet for octet as it came."""

    def get_content_maintype(self) -> str:
        maintype = super().get_content_maintype()
        return "letter" if maintype == "message" and self.get_content_type() not in REPORTS else maintype


class _Body:
    """The parts of a mail, put where a reader looks for them."""

    def __init__(self, octets: bytes) -> None:
        line_end = "\r\n" if b"\r\n" in octets else "\n"
        self.as_it_came = policy.compat32.clone(linesep=line_end, max_line_length=None, mangle_from_=False)
        self.texts: list[str] = []
        self.attachments: list[Attachment] = []
        self.has_html = False
        self.parts = 0

    def text(self) -> str:
        return "\n".join(self.texts)

    def read(self, part: Message, depth: int = 0) -> None:
        self.parts += 1
        if depth > MOST_DEPTH:
            raise Unreadable("too_deep")
        if self.parts > MOST_PARTS:
            raise Unreadable("too_many_parts")
        if part.is_multipart() and part.get_content_maintype() == "message":
            self._read_report(part)
        elif part.is_multipart():
            self._read_parts(part, depth)
        elif _is_text(part):
            self._read_text(part)
        else:
            self.attachments.append(_attachment(part, _octets_of(part)))

    def _read_parts(self, part: Message, depth: int) -> None:
        inner = [one for one in part.get_payload() if isinstance(one, Message)]
        for one in _one_of(inner) if part.get_content_subtype() == "alternative" else inner:
            self.read(one, depth + 1)
        if part.get_content_subtype() == "alternative":
            self.has_html |= any(one.get_content_type() == "text/html" for leaf in inner for one in leaf.walk())

    def _read_report(self, part: Message) -> None:
        """What a machine reports of a delivery is text, unless it is meant to be put aside."""
        blocks = (inner.as_bytes(policy=self.as_it_came) for inner in part.get_payload() if isinstance(inner, Message))
        content = b"".join(blocks)
        if _is_file(part):
            # The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1).
            self.attachments.append(_attachment(part, content.removesuffix(self.as_it_came.linesep.encode())))
        else:
            self.texts.append(decoded(content).replace("\r\n", "\n"))

    def _read_text(self, part: Message) -> None:
        text = decoded(_octets_of(part), _charset_of(part)).replace("\r\n", "\n")
        if part.get_content_type() == "text/html":
            self.has_html = True
            text = text_of_html(text)
        if text.strip():
            self.texts.append(text)


def _one_of(alternatives: list[Message]) -> Iterator[Message]:
    """Plain text where there is any, else what is richest; with everything that is no text at all (a calendar, say)."""
    plain = [one for one in alternatives if one.get_content_type() == "text/plain" and _octets_of(one).strip()]
    rich = [
        one
        for one in alternatives
        if one.get_content_type() == "text/html" or one.get_content_maintype() == "multipart"
    ]
    chosen = plain or rich[-1:] or alternatives[:1]
    for one in alternatives:
        if one in chosen or not (one in rich or one.get_content_type() == "text/plain"):
            yield one
        elif plain and one.get_content_maintype() == "multipart":
            # Pictures of the rich version are files of the mail all the same.
            yield from (leaf for leaf in one.walk() if not leaf.is_multipart() and not _is_text(leaf))


def _is_text(part: Message) -> bool:
    """Text to be read; also what calls itself several parts and has none."""
    return (
        part.get_content_type() in {"text/plain", "text/html"} or part.get_content_maintype() == "multipart"
    ) and not _is_file(part)


def _is_file(part: Message) -> bool:
    """What is meant to be put aside; a text that carries a name all the same may say that it belongs here."""
    way = (part.get_content_disposition() or "").lower()
    return way == "attachment" or (bool(_name_of(part)) and way != "inline")


def _octets_of(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _charset_of(part: Message) -> str:
    charset = part.get_param("charset", "")
    return charset[2] if isinstance(charset, tuple) else str(charset or "")


def _attachment(part: Message, content: bytes) -> Attachment:
    return Attachment(_name_of(part), part.get_content_type(), content)


def _name_of(part: Message) -> str:
    raw = part.get_param("filename", None, "content-disposition") or part.get_param("name", "")
    name = (
        decoded(raw[2].encode("latin-1", "replace"), raw[0] or "")
        if isinstance(raw, tuple)
        else in_words(_as_text(str(raw)))
    )
    return CONTROLS.sub("", name).strip().replace("/", "_").replace("\\", "_")


def _as_text(raw: str) -> str:
    return decoded(raw.encode("utf-8", "surrogateescape")) if any("\udc80" <= sign <= "\udcff" for sign in raw) else raw
