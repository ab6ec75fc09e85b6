"""Alibaba Cloud SMS (dysmsapi 2017-05-25), requests signed with ACS3-HMAC-SHA256.

`aliyun://<AccessKey id>:<secret>@dysmsapi.aliyuncs.com?sign=<signature>`. Sources: help.aliyun.com, "V3版本请求体&签名机制",
"SendSms", "QuerySendDetails", "SmsReport", "SmsUp".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.providers.base import (
    CHINA,
    AddressRefused,
    Arrival,
    NotTaken,
    Receipt,
    Take,
    TextRefused,
    international,
    is_within,
    national,
)
from amends.apps.messaging.providers.clouds import CloudSms, call, quoted, signature_of, vetted_template

ZONE = ZoneInfo("Asia/Shanghai")
VERSION = "2017-05-25"
SETTLES = timedelta(minutes=10)
NUMBER_WRONG = frozenset({"isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT", "isv.INVALID_PARAMETERS"})
FOR_NOW = frozenset({
    "isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL", "isp.SYSTEM_ERROR",
    "isp.RAM_PERMISSION_DENY", "Throttling", "Throttling.User", "Throttling.Api", "ServiceUnavailable",
})  # fmt: skip


def acs3_authorization(
    *, method: str, query: Mapping[str, str], headers: Mapping[str, str], payload: bytes, key: str, secret: str
) -> str:
    """The Authorization header: all headers given are signed, named in small letters."""
    names = ";".join(sorted(headers))
    canonical = "\n".join([
        method, "/", "&".join(f"{quoted(k)}={quoted(query[k])}" for k in sorted(query)),
        *[f"{name}:{headers[name].strip()}" for name in sorted(headers)], "", names, hashlib.sha256(payload).hexdigest(),
    ])  # fmt: skip
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={names},Signature={signature}"


class AliyunSms(CloudSms):
    """Templates carry the words, so a message needs a vetted one; `OutId` carries our id, by which it is found again."""

    name = "aliyun"
    usually_settles = SETTLES

    def send(self, message: OutboxMessage, text: str, now: datetime) -> str:
        template, values = vetted_template(message, self.name)
        number = international(message.address)
        query = {
            "PhoneNumbers": number.removeprefix(f"+{CHINA}").removeprefix("+"),
            "SignName": signature_of(text, self.cloud),
            "TemplateCode": template,
            "TemplateParam": json.dumps(dict(values), ensure_ascii=False),
            "OutId": message.message_id,
        }
        answer = self._ask("SendSms", query, now)
        code = answer.get("Code")
        if code == "OK":
            return str(answer.get("BizId", ""))
        if code in NUMBER_WRONG:
            raise AddressRefused(str(code))
        if code in FOR_NOW:
            raise NotTaken(str(code))
        raise TextRefused(str(code))

    def has_taken(self, message: OutboxMessage, now: datetime) -> bool | None:
        if any(row.get("OutId") == message.message_id for row in self._details(message, now)):
            return True
        return None if is_within(message.attempted_at, self.settles, now) else False

    def collect(self, waiting: Sequence[OutboxMessage], now: datetime, take: Take) -> None:
        for message in waiting:
            for row in self._details(message, now):
                # 1 waits for the operator, 2 failed, 3 arrived.
                if row.get("OutId") == message.message_id and row.get("SendStatus") in (2, 3):
                    arrived = row["SendStatus"] == 3
                    at, error = _moment(row.get("ReceiveDate"), now), "" if arrived else str(row.get("ErrCode", ""))
                    take(Receipt(message.message_id, message.address, arrived, at, error[:60]))

    def _details(self, message: OutboxMessage, now: datetime) -> list[Mapping[str, Any]]:
        """What the carrier lists for the number on the day of the last try."""
        day = (message.attempted_at or now).astimezone(ZONE)
        query = {
            "PhoneNumber": international(message.address).removeprefix(f"+{CHINA}").removeprefix("+"),
            "SendDate": f"{day:%Y%m%d}",
            "PageSize": "50",
            "CurrentPage": "1",
        }
        answer = self._ask("QuerySendDetails", query, now)
        if answer.get("Code") != "OK":
            raise NotTaken(str(answer.get("Code")))
        rows = answer.get("SmsSendDetailDTOs") or {}
        found = rows.get("SmsSendDetailDTO", []) if isinstance(rows, dict) else rows
        return [row for row in found if isinstance(row, dict)]

    def _ask(self, action: str, query: Mapping[str, str], now: datetime) -> Mapping[str, Any]:
        headers = {
            "host": self.cloud.netloc,
            "x-acs-action": action,
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-acs-date": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": uuid4().hex,
            "x-acs-version": VERSION,
        }
        authorization = acs3_authorization(
            method="POST", query=query, headers=headers, payload=b"", key=self.cloud.key, secret=self.cloud.secret
        )
        path = "/?" + "&".join(f"{quoted(k)}={quoted(query[k])}" for k in sorted(query))
        return call(self.cloud, path, b"", {**headers, "Authorization": authorization})


def receipts_pushed(body: object, now: datetime) -> list[Receipt]:
    """What a pushed SmsReport says. Raises ValueError when it is none."""
    return [
        Receipt(
            str(row.get("out_id") or row.get("biz_id") or ""), national(str(row["phone_number"])),
            row.get("success") in (True, "true"), _moment(row.get("report_time"), now), str(row.get("err_code", ""))[:60],
        )
        for row in _rows(body)
    ]  # fmt: skip


def arrivals_pushed(body: object, now: datetime) -> list[Arrival]:
    """What a pushed SmsUp says. Raises ValueError when it is none."""
    return [
        Arrival(
            f"aliyun:{row['sequence_id']}", national(str(row["phone_number"])), str(row["content"]),
            _moment(row.get("send_time"), now),
        )
        for row in _rows(body)
    ]  # fmt: skip


def _rows(body: object) -> list[dict[str, Any]]:
    rows: list[Any] = body if isinstance(body, list) else [body]
    if not all(isinstance(row, dict) and "phone_number" in row for row in rows):
        raise ValueError("not a list of messages")
    return rows


def _moment(text: object, now: datetime) -> datetime:
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE).astimezone(UTC)
    except ValueError:
        return now
