"""Where the carrier of text messages hands in receipts and answers: an address with a secret, as it signs nothing.

What it says twice counts once, so a repeated call is harmless; an unreadable one is refused and nothing of it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from amends.apps.messaging.providers import aliyun, tencent
from amends.apps.messaging.receipts import note_arrival, note_receipt
from amends.doors.routes import route

READERS = {"aliyun": aliyun, "tencent": tencent}
THANKS = {"aliyun": {"code": 0, "msg": "OK"}, "tencent": {"result": 0, "errmsg": "OK"}}


@csrf_exempt
@route(audience="public", permission="secret_address", kind="text_message", methods=["POST"])
def receipts(request: HttpRequest, secret: str) -> HttpResponse:
    """What became of messages, pushed by the carrier."""
    return _taken(request, secret, _receipts)


@csrf_exempt
@route(audience="public", permission="secret_address", kind="text_message", methods=["POST"])
def texts(request: HttpRequest, secret: str) -> HttpResponse:
    """What people sent to our number, pushed by the carrier."""
    return _taken(request, secret, _arrivals)


def _receipts(carrier: str, body: object) -> None:
    for receipt in READERS[carrier].receipts_pushed(body, timezone.now()):
        note_receipt(receipt)


def _arrivals(carrier: str, body: object) -> None:
    now = timezone.now()
    for arrival in READERS[carrier].arrivals_pushed(body, now):
        note_arrival(arrival, now=now)


def _taken(request: HttpRequest, secret: str, keep: Callable[[str, object], None]) -> HttpResponse:
    carrier = urlsplit(settings.SMS_URL).scheme
    if not settings.SMS_SECRET or not constant_time_compare(secret, settings.SMS_SECRET) or carrier not in READERS:
        raise Http404
    try:
        with transaction.atomic():
            keep(carrier, json.loads(request.body))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return JsonResponse({"code": "unreadable"}, status=400)
    return JsonResponse(THANKS[carrier])
