"""Files of a form: taken in as they arrive, kept with the form, attached when it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.http import HttpRequest

from amends.apps.cases.evidence import Given, rules_of, store_upload
from amends.apps.cases.models import EvidenceFile
from amends.core.policy.forms import Form
from amends.core.policy.pack import Pack
from amends.core.refusals import Refusal
from amends.doors.wording import said
from amends.web.forms.posted import Posted

IDENTITY = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
PREFIX = "_upload-"


def take_uploads(
    request: HttpRequest, form: Form, pack: Pack, entered: Posted, *, owner: str, now: datetime
) -> dict[str, list[str]]:
    """Store files that came with the page itself and add them to what was entered; returns faults by field."""
    errors: dict[str, list[str]] = {}
    for f in form.fields:
        if f.type != "files":
            continue
        for upload in request.FILES.getlist(PREFIX + f.id):
            try:
                given = Given(owner=owner, given_by=owner)
                kept = store_upload(upload, rules=rules_of(pack), given=given, now=now)
                entered.data.setdefault(f.id, []).append(str(kept.pk))
            except Refusal as refusal:
                errors.setdefault(f.id, []).append(said(refusal))
    return errors


def kept_uploads(form: Form, entered: Posted, *, owner: str) -> dict[str, EvidenceFile]:
    """The files that the form names and that are the owner's and hang nowhere yet, by id."""
    wanted = [i for f in form.fields if f.type == "files" for i in _ids(entered.data.get(f.id))]
    if not wanted:
        return {}
    found = EvidenceFile.objects.filter(pk__in=wanted, owner=owner, case=None)
    return {str(file.pk): file for file in found}


def _ids(value: object) -> Iterable[str]:
    values = value if isinstance(value, list) else [value]
    return [v for v in values if isinstance(v, str) and IDENTITY.fullmatch(v)]
