"""Helpers of the portal's tests: complaining as a customer would, running what is deferred, reading what arrived."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from amends.apps.deferred.models import Job
from amends.apps.deferred.registry import kind_called, load_kinds

FORM = "/portal/complain/express/complaint/"
ANSWERS = {
    "complainant_name": "欧阳测试",
    "complainant_phone": "13800138000",
    "recorded_category": "service_problem",
    "subject": "派件员态度恶劣",
    "description": "三月五日派件时与门卫争吵，包裹被扔在地上。",
    "demands-0-text": "道歉并赔偿",
    "concerns_parcel": "no",
}


def complain(client: Client, *, token: str = "token-1", **answers: Any):
    """Post the complaint form of the courier desk; a value of None leaves a field out."""
    data = {k: v for k, v in {**ANSWERS, "_token": token, **answers}.items() if v is not None}
    return client.post(FORM, data)


def run_jobs(*kinds: str) -> None:
    """Run every waiting job (of the kinds) once, as the worker would."""
    load_kinds()
    waiting = Job.objects.filter(state=Job.State.WAITING).order_by("priority", "id")
    for job in waiting.filter(kind__in=kinds) if kinds else waiting:
        kind_called(job.kind).run(json.loads(job.args))
        Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)


def texts_sent() -> list[dict[str, str]]:
    """Every text message in the file provider's folder, in order."""
    folder = Path(urlsplit(settings.SMS_URL).path)
    lines = [line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def code_in(text: str) -> str:
    found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
    assert found, text
    return found.group(0)


def link_in(text: str) -> str:
    """The path of the private link in a text."""
    found = re.search(r"/portal/s/[A-Za-z0-9_-]{22}/", text)
    assert found, text
    return found.group(0)


def number_in(page: str) -> str:
    found = re.search(r'id="number" data-number="([^"]+)"', page)
    assert found, page
    return found.group(1)
