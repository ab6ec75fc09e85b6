"""What the carriers in the cloud share: where they are, how an answer is read, which vetted template stands for a text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qs, quote, unquote

from django.conf import settings

from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.outbound import AnswerLost, CallRefused, NotReached, post
from amends.apps.messaging.providers.base import MaybeSent, NotTaken, TextRefused
from amends.apps.messaging.texting import signature_and_rest


@dataclass(frozen=True, slots=True)
class Cloud:
    """An account with a carrier, as the operator's address names it. `settles` shortens the wait before its list is believed."""

    netloc: str
    key: str
    secret: str
    options: Mapping[str, str]

    @property
    def settles(self) -> timedelta | None:
        seconds = self.options.get("settles", "")
        return timedelta(seconds=int(seconds)) if seconds.isdigit() else None

    @property
    def host(self) -> str:
        return self.netloc.partition(":")[0]

    @property
    def url(self) -> str:
        """https, but for a host on this side of the network that the operator named as such."""
        return f"{'http' if self.netloc in settings.OUTBOUND_PRIVATE else 'https'}://{self.netloc}"


def cloud_at(target: SplitResult) -> Cloud:
    """The account that an address names."""
    netloc = target.netloc.rpartition("@")[2]
    options = {name: values[-1] for name, values in parse_qs(target.query).items()}
    return Cloud(netloc, unquote(target.username or ""), unquote(target.password or ""), options)


@dataclass(frozen=True)
class CloudSms:
    """A carrier of the cloud: an account with it, and how long its list may lack a message that it took."""

    name: ClassVar[str]
    usually_settles: ClassVar[timedelta]
    cloud: Cloud

    @property
    def settles(self) -> timedelta:
        return self.cloud.settles or self.usually_settles


def call(cloud: Cloud, path: str, body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """What the carrier answers, as data. Raises NotTaken when it surely took nothing, MaybeSent when nobody knows."""
    try:
        answer = post(cloud.url + path, body, headers, hosts=[cloud.host])
    except CallRefused as error:
        raise TextRefused(str(error)) from error
    except NotReached as error:
        raise NotTaken(str(error)) from error
    except AnswerLost as error:
        raise MaybeSent(str(error)) from error
    if answer.status in (429, 503):
        raise NotTaken(str(answer.status))
    try:
        data = json.loads(answer.body)
    except ValueError as error:
        raise MaybeSent(f"unreadable answer {answer.status}") from error
    if not isinstance(data, dict):
        raise MaybeSent(f"unreadable answer {answer.status}")
    return data


def vetted_template(message: OutboxMessage, provider: str) -> tuple[str, list[tuple[str, str]]]:
    """The carrier's id of the template and what fills it, in the order of the text. Raises TextRefused without one."""
    vetted = json.loads(message.sealed or "{}").get("vetted") or json.loads(message.vetted or "{}")
    template = vetted.get("ids", {}).get(provider)
    if not template:
        raise TextRefused("no vetted template")
    return str(template), [(str(name), str(value)) for name, value in vetted.get("values", [])]


def signature_of(text: str, cloud: Cloud) -> str:
    """The name that the message is signed with. Raises TextRefused without one."""
    name, _ = signature_and_rest(text, cloud.options.get("sign", ""))
    if not name:
        raise TextRefused("no signature")
    return name


def quoted(text: str) -> str:
    """Percent-encoded as RFC 3986 says."""
    return quote(text, safe="-_.~")
