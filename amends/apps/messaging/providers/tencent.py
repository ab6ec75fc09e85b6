"""Tencent Cloud SMS (2021-01-11), requests signed with TC3-HMAC-SHA256.

`tencent://<SecretId>:<SecretKey>@sms.tencentcloudapi.com?app=<SdkAppId>&region=ap-guangzhou&sign=<signature>`. Sources:
cloud.tencent.com/document/product/382, "签名方法 v3", "SendSms", "PullSmsSendStatus", "PullSmsReplyStatus", "回调".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.providers.base import (
    AddressRefused,
    Arrival,
    NotTaken,
    Receipt,
    Take,
    TextRefused,
    international,
    national,
)
from amends.apps.messaging.providers.clouds import CloudSms, call, signature_of, vetted_template

SERVICE = "sms"
VERSION = "2021-01-11"
ZONE = ZoneInfo("Asia/Shanghai")
SETTLES = timedelta(hours=72)
"""Operators' receipts arrive within three days; before, a message that is not listed may still have been taken."""
PULLED_AT_ONCE = 100
CONTENT = "application/json; charset=utf-8"
FOR_NOW = ("LimitExceeded", "InternalError", "RequestLimitExceeded", "FailedOperation.OtherError")
NUMBER_WRONG = (
    "InvalidParameterValue.IncorrectPhoneNumber",
    "FailedOperation.PhoneNumberInBlacklist",
    "InvalidParameterValue.InvalidPhoneNumber",
)


def tc3_authorization(
    *, service: str, host: str, payload: bytes, timestamp: int, key: str, secret: str, content: str = CONTENT
) -> str:
    """The Authorization header over content type, host and payload."""
    day = f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d}"
    canonical = "\n".join([
        "POST", "/", "", f"content-type:{content}", f"host:{host}", "", "content-type;host",
        hashlib.sha256(payload).hexdigest(),
    ])  # fmt: skip
    scope = f"{day}/{service}/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signing = b"TC3" + secret.encode()
    for part in (day, service, "tc3_request"):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(signing, to_sign.encode(), hashlib.sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=content-type;host, Signature={signature}"


class TencentSms(CloudSms):
    """Templates carry the words; `SessionContext` carries our id and comes back with the receipt."""

    name = "tencent"
    usually_settles = SETTLES

    def send(self, message: OutboxMessage, text: str, now: datetime) -> str:
        template, values = vetted_template(message, self.name)
        data = {
            "PhoneNumberSet": [international(message.address)],
            "SmsSdkAppId": self._app,
            "SignName": signature_of(text, self.cloud),
            "TemplateId": template,
            "TemplateParamSet": [value for _, value in values],
            "SessionContext": message.message_id,
        }
        response = self._ask("SendSms", data, now)
        [status] = response.get("SendStatusSet") or [{}]
        code = str(status.get("Code", ""))
        if code == "Ok":
            return str(status.get("SerialNo", ""))
        raise _no(code)

    def has_taken(self, message: OutboxMessage, now: datetime) -> bool | None:
        begun = message.attempted_at or message.created_at
        data = {
            "BeginTime": int(begun.timestamp()) - 60,
            "EndTime": int(now.timestamp()) + 60,
            "Offset": 0,
            "Limit": PULLED_AT_ONCE,
            "PhoneNumber": international(message.address),
            "SmsSdkAppId": self._app,
        }
        rows = self._ask("PullSmsSendStatusByPhoneNumber", data, now).get("PullSmsSendStatusSet") or []
        if any(row.get("SessionContext") == message.message_id for row in rows):
            return True
        # Only receipts are listed: one that never comes proves nothing, so a person decides.
        return None

    def collect(self, waiting: Sequence[OutboxMessage], now: datetime, take: Take) -> None:
        """Receipts and answers since the last time; the carrier gives each out once."""
        data = {"Limit": PULLED_AT_ONCE, "SmsSdkAppId": self._app}
        for row in self._ask("PullSmsSendStatus", data, now).get("PullSmsSendStatusSet") or []:
            arrived = row.get("ReportStatus") == "SUCCESS"
            reference, error = row.get("SessionContext") or row.get("SerialNo"), str(row.get("Description", ""))[:60]
            number, at = national(str(row.get("PhoneNumber", ""))), _at(row.get("UserReceiveTime"), now)
            take(Receipt(str(reference), number, arrived, at, "" if arrived else error))
        for row in self._ask("PullSmsReplyStatus", data, now).get("PullSmsReplyStatusSet") or []:
            at = _at(row.get("ReplyTime"), now)
            number = national(str(row.get("PhoneNumber", "")))
            text = str(row.get("ReplyContent", ""))
            take(Arrival(_reference(number, at, text), number, text, at))

    @property
    def _app(self) -> str:
        return self.cloud.options.get("app", "")

    def _ask(self, action: str, data: Mapping[str, object], now: datetime) -> Mapping[str, Any]:
        payload = json.dumps(data, ensure_ascii=False).encode()
        timestamp = int(now.timestamp())
        headers = {
            "Content-Type": CONTENT,
            "X-TC-Action": action,
            "X-TC-Version": VERSION,
            "X-TC-Timestamp": str(timestamp),
            "X-TC-Region": self.cloud.options.get("region", "ap-guangzhou"),
            "Authorization": tc3_authorization(
                service=SERVICE, host=self.cloud.netloc, payload=payload, timestamp=timestamp, key=self.cloud.key,
                secret=self.cloud.secret,
            ),
        }  # fmt: skip
        response: Mapping[str, Any] = call(self.cloud, "/", payload, headers).get("Response") or {}
        if error := response.get("Error"):
            raise _no(str(error.get("Code", "")))
        return response


def _no(code: str) -> Exception:
    if code.startswith(NUMBER_WRONG):
        return AddressRefused(code)
    return NotTaken(code) if code.startswith(FOR_NOW) else TextRefused(code)


def receipts_pushed(body: object, now: datetime) -> list[Receipt]:
    """What a pushed list of receipts says. Raises ValueError when it is none."""
    return [
        Receipt(
            str(row.get("ext") or row.get("sid") or ""), national(f"+{row.get('nationcode', '86')}{row['mobile']}"),
            row.get("report_status") == "SUCCESS", _local(row.get("user_receive_time"), now),
            "" if row.get("report_status") == "SUCCESS" else str(row.get("errmsg", ""))[:60],
        )
        for row in _rows(body)
    ]  # fmt: skip


def arrivals_pushed(body: object, now: datetime) -> list[Arrival]:
    """What a pushed answer says. Raises ValueError when it is none."""
    found = []
    for row in _rows(body):
        at = datetime.fromtimestamp(int(row["time"]), UTC) if str(row.get("time", "")).isdigit() else now
        number = national(f"+{row.get('nationcode', '86')}{row['mobile']}")
        found.append(Arrival(_reference(number, at, str(row["text"])), number, str(row["text"]), at))
    return found


def _rows(body: object) -> list[dict[str, Any]]:
    rows: list[Any] = body if isinstance(body, list) else [body]
    if not all(isinstance(row, dict) and "mobile" in row for row in rows):
        raise ValueError("not a list of messages")
    return rows


def _reference(number: str, at: datetime, text: str) -> str:
    """Answers carry no id: number, second and words stand for one."""
    return "tencent:" + hashlib.sha256(f"{number}|{int(at.timestamp())}|{text}".encode()).hexdigest()[:40]


def _at(seconds: object, now: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and seconds else now


def _local(text: object, now: datetime) -> datetime:
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE).astimezone(UTC)
    except ValueError:
        return now
