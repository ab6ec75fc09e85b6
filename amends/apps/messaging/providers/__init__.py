"""Carriers of text messages, one of them chosen by AMENDS_SMS_URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from amends.apps.messaging.providers.aliyun import AliyunSms
from amends.apps.messaging.providers.base import SmsProvider
from amends.apps.messaging.providers.clouds import cloud_at
from amends.apps.messaging.providers.files import FileSms
from amends.apps.messaging.providers.tencent import TencentSms


def sms_provider() -> SmsProvider:
    """The carrier that AMENDS_SMS_URL names. Raises ValueError for one that is not known."""
    target = urlsplit(settings.SMS_URL)
    if target.scheme == "file":
        return FileSms(Path(target.path))
    if target.scheme == "aliyun":
        return AliyunSms(cloud_at(target))
    if target.scheme == "tencent":
        return TencentSms(cloud_at(target))
    if target.scheme == "smpp":
        # The library is an extra: only who speaks SMPP installs it.
        from amends.apps.messaging.providers.smpp import SmppSms

        return SmppSms(cloud_at(target))
    raise ValueError(f"no SMS provider for {target.scheme}://")
