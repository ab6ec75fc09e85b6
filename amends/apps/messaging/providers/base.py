"""What every carrier of text messages can do, and how it says what became of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from amends.apps.messaging.models import OutboxMessage

ONE_NUMBER = re.compile(r"\+?\d{5,15}")
CHINA = "86"


class AddressRefused(Exception):
    """The address will never take a message; trying again is pointless."""


class TextRefused(Exception):
    """The carrier will never take this message: template, signature or balance; a person has to act."""


class MaybeSent(Exception):
    """The connection broke when the message may already have been taken: it must not be sent again blindly."""


class NotTaken(Exception):
    """The carrier said no for now: nothing was sent, a later try may succeed."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a message arrived at a telephone, or did not. `reference` is our id or the carrier's."""

    reference: str
    number: str
    delivered: bool
    at: datetime
    error: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A text message that somebody sent to us; `reference` is the same when the carrier tells of it twice."""

    reference: str
    number: str
    text: str
    at: datetime


Take = Callable[[Receipt | Arrival], None]


class SmsProvider(Protocol):
    """Who carries text messages."""

    name: ClassVar[str]

    @property
    def settles(self) -> timedelta:
        """How long after handing over the carrier's list may still lack a message that it took."""
        ...

    def send(self, message: OutboxMessage, text: str, now: datetime) -> str:
        """Hand a text over and return the carrier's id of it, or nothing.

        Raises MaybeSent when it may have been taken; AddressRefused or TextRefused when it never will be; any other
        error when it was not taken.
        """
        ...

    def has_taken(self, message: OutboxMessage, now: datetime) -> bool | None:
        """Whether the carrier knows the message by its id; None when it can not tell (yet)."""
        ...

    def collect(self, waiting: Sequence[OutboxMessage], now: datetime, take: Take) -> None:
        """Hand to `take` what became of messages that wait for a receipt, and what was sent to us, as far as one asks.

        Nothing is confirmed to the carrier before `take` has stored it, where the carrier waits for that.
        """
        ...


def sms_number(address: str) -> str:
    """The number as a provider takes it. Raises AddressRefused when it is none."""
    if not ONE_NUMBER.fullmatch(address):
        raise AddressRefused("malformed")
    return address


def international(address: str) -> str:
    """The number with + and country code; one without is of the Chinese mainland."""
    number = sms_number(address)
    return number if number.startswith("+") else f"+{CHINA}{number}"


def national(number: str) -> str:
    """A number as numbers are kept: without the prefix of the Chinese mainland."""
    plain = number.strip().removeprefix("+").removeprefix("00")
    if plain.startswith(CHINA) and len(plain) == 13:
        return plain.removeprefix(CHINA)
    return plain if len(plain) == 11 and plain.startswith("1") else f"+{plain}" if number.startswith("+") else plain


def is_within(since: datetime | None, span: timedelta, now: datetime) -> bool:
    """Whether so little time has passed since a moment that the carrier's list may lack it."""
    return since is None or now < since + span
