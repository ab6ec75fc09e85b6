"""SMPP 3.4 through smpplib: `smpp://<system id>:<password>@host:2775?source=<number>&sign=<signature>`.

The words themselves are handed over, cut into linked parts. Receipts and answers come as deliver_sm while the line is
open; each is stored before it is confirmed, so that the centre gives it out again after a crash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from smpplib import consts, exceptions, gsm
from smpplib.client import Client

from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.outbound import LONGEST_CALL, CallRefused, NotReached, checked_address
from amends.apps.messaging.providers.base import (
    AddressRefused,
    Arrival,
    MaybeSent,
    NotTaken,
    Receipt,
    Take,
    TextRefused,
    international,
    national,
)
from amends.apps.messaging.providers.clouds import Cloud
from amends.apps.messaging.texting import length_of, signed

USUAL_PORT = 2775
LISTENS = 1.0
"""Seconds of silence after which nothing more is waiting to be given out."""
MOST_AT_ONCE = 500
NUMBER_WRONG = frozenset({consts.SMPP_ESME_RINVDSTADR, consts.SMPP_ESME_RINVDSTTON, consts.SMPP_ESME_RINVDSTNPI})
FOR_NOW = frozenset({consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL, consts.SMPP_ESME_RSYSERR})
_IS_RECEIPT = 0x04
_RECEIPT = re.compile(r"id:(?P<id>\S+).*?stat:(?P<stat>[A-Z]+)(?:.*?err:(?P<err>\S+))?", re.DOTALL)
_ENDED = frozenset({"DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "REJECTD"})


@dataclass(frozen=True, slots=True)
class SmppSms:
    """One bound line for a message or for a look at what arrived; nothing is kept open between them."""

    name: ClassVar[str] = "smpp"
    cloud: Cloud

    @property
    def settles(self) -> timedelta:
        # A message whose answer was lost has no id to ask for.
        return timedelta(0)

    def send(self, message: OutboxMessage, text: str, now: datetime) -> str:
        number = international(message.address).removeprefix("+")
        parts, coding, esm_class = _parts(signed(text, self.cloud.options.get("sign", "")))
        with self._line("bind_transmitter") as line:
            ids = [self._hand_over(line, part, coding, esm_class, number) for part in parts]
        return ids[-1]

    def has_taken(self, message: OutboxMessage, now: datetime) -> bool | None:
        return None

    def collect(self, waiting: Sequence[OutboxMessage], now: datetime, take: Take) -> None:
        def received(pdu: Any) -> int | None:
            found = _read(pdu, now)
            if found is not None:
                take(found)
            return None

        with self._line("bind_receiver") as line:
            line.set_message_received_handler(received)
            line._socket.settimeout(LISTENS)
            for _ in range(MOST_AT_ONCE):
                try:
                    line.read_once(auto_send_enquire_link=False)
                except TimeoutError:
                    return

    def _hand_over(self, line: Client, part: bytes, coding: int, esm_class: int, number: str) -> str:
        """One part. Raises MaybeSent when the line broke after it left."""
        try:
            line.send_message(
                source_addr_ton=consts.SMPP_TON_UNK, source_addr_npi=consts.SMPP_NPI_ISDN,
                source_addr=self.cloud.options.get("source", ""), dest_addr_ton=consts.SMPP_TON_INTL,
                dest_addr_npi=consts.SMPP_NPI_ISDN, destination_addr=number, short_message=part, data_coding=coding,
                esm_class=esm_class, registered_delivery=True,
            )  # fmt: skip
            answer = line.read_pdu()
        except (OSError, exceptions.ConnectionError) as error:
            raise MaybeSent(type(error).__name__) from error
        if not answer.is_error():
            return _text(answer.message_id)
        code = f"SMPP {answer.status:#x}"
        if answer.status in NUMBER_WRONG:
            raise AddressRefused(code)
        raise NotTaken(code) if answer.status in FOR_NOW else TextRefused(code)

    @contextmanager
    def _line(self, bind: str) -> Iterator[Client]:
        host, _, port = self.cloud.netloc.partition(":")
        number = int(port or USUAL_PORT)
        try:
            address, number = checked_address(host, number)
            line = Client(address, number, timeout=LONGEST_CALL, allow_unknown_opt_params=True)
            line.connect()
            getattr(line, bind)(system_id=self.cloud.key, password=self.cloud.secret)
        except CallRefused as error:
            raise TextRefused(str(error)) from error
        except (NotReached, OSError, exceptions.ConnectionError, exceptions.PDUError) as error:
            raise NotTaken(type(error).__name__) from error
        try:
            yield line
        finally:
            _hang_up(line)


def _hang_up(line: Client) -> None:
    try:
        line.unbind()
    except (OSError, exceptions.ConnectionError, exceptions.PDUError):
        pass
    finally:
        line.disconnect()


def _parts(text: str) -> tuple[list[bytes], int, int]:
    coding = consts.SMPP_ENCODING_DEFAULT if length_of(text).alphabet == "GSM-7" else consts.SMPP_ENCODING_ISO10646
    try:
        parts, coding, esm_class = gsm.make_parts(text, coding)
    except UnicodeError:
        parts, coding, esm_class = gsm.make_parts(text, consts.SMPP_ENCODING_ISO10646)
    return parts, coding, esm_class


def _read(pdu: Any, now: datetime) -> Receipt | Arrival | None:
    """What a deliver_sm says; None for one that settles nothing yet."""
    body = getattr(pdu, "message_payload", None) or pdu.short_message or b""
    number = national("+" + _text(pdu.source_addr).removeprefix("+"))
    if not pdu.esm_class & _IS_RECEIPT:
        text = _decoded(body, pdu.data_coding)
        reference = hashlib.sha256(f"{number}|{pdu.sequence}|{now:%Y%m%d}|{text}".encode()).hexdigest()[:40]
        return Arrival(f"smpp:{reference}", number, text, now)
    found = _RECEIPT.search(_decoded(body, pdu.data_coding))
    if found is None or found["stat"] not in _ENDED:
        return None
    arrived = found["stat"] == "DELIVRD"
    error = "" if arrived else " ".join(filter(None, (found["stat"], found["err"])))
    return Receipt(found["id"], number, arrived, now.astimezone(UTC), error[:60])


def _decoded(body: bytes, coding: int) -> str:
    if coding == consts.SMPP_ENCODING_ISO10646:
        return body.decode("utf-16-be", "replace")
    return body.decode("latin-1")


def _text(value: Any) -> str:
    return (value.decode("latin-1") if isinstance(value, bytes) else str(value or "")).rstrip("\0")
