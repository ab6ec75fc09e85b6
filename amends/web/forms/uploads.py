"""Files of a form: taken in as they arrive, kept with the form, attached when it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext

from amends.apps.cases.evidence import Given, rules_of, safe_name, store_upload, too_big
from amends.apps.cases.models import EvidenceFile
from amends.core.policy.forms import FILE_TYPES, Form
from amends.core.policy.pack import Evidence, Pack
from amends.core.refusals import Refusal
from amends.doors.wording import said
from amends.web.forms.posted import Posted
from amends.web.forms.upload_limits import refused_uploads

IDENTITY = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
PREFIX = "_upload-"


def take_uploads(
    request: HttpRequest, form: Form, pack: Pack, entered: Posted, *, owner: str, now: datetime
) -> dict[str, list[str]]:
    """Store files that came with the page itself and add them to what was entered; returns faults by field."""
    errors: dict[str, list[str]] = {}
    rules = rules_of(pack)
    for f in form.fields:
        if f.type not in FILE_TYPES:
            continue
        for upload in request.FILES.getlist(PREFIX + f.id):
            if len(entered.data.get(f.id, ())) >= rules.max_files:
                errors.setdefault(f.id, []).append(_one_too_many(upload.name or "", rules))
                continue
            try:
                given = Given(owner=owner, given_by=owner)
                kept = store_upload(upload, rules=rules, given=given, now=now)
                entered.data.setdefault(f.id, []).append(str(kept.pk))
            except Refusal as refusal:
                errors.setdefault(f.id, []).append(said(refusal))
        if dropped := sentences_of_dropped(request, f.id, rules):
            errors.setdefault(f.id, []).extend(dropped)
    return errors


def _one_too_many(name: str, rules: Evidence) -> str:
    sentence = gettext("一次最多 %(limit)s 个文件，“%(name)s”没有上传。请分次补充。")
    return sentence % {"limit": rules.max_files, "name": safe_name(name)}


def sentences_of_dropped(request: HttpRequest, field: str, rules: Evidence) -> list[str]:
    """What to say of files that were dropped while they arrived: each too big one by name, the ones too many together."""
    dropped = refused_uploads(request, PREFIX + field)
    found = [said(too_big(safe_name(one.name), rules)) for one in dropped if not one.is_one_too_many]
    if more := [safe_name(one.name) for one in dropped if one.is_one_too_many]:
        params = {"limit": settings.EVIDENCE_FILES_PER_MESSAGE, "count": len(more), "names": "、".join(more[:3])}
        sentence = gettext("一次最多 %(limit)s 个文件，另外 %(count)s 个没有上传（%(names)s …）。请分次补充。")
        found.append(sentence % params)
    return found


def kept_uploads(form: Form, entered: Posted, *, owner: str) -> dict[str, EvidenceFile]:
    """The files that the form names and that are the owner's and hang nowhere yet, by id."""
    wanted = [i for f in form.fields if f.type in FILE_TYPES for i in _ids(entered.data.get(f.id))]
    if not wanted:
        return {}
    found = EvidenceFile.objects.filter(pk__in=wanted, owner=owner, case=None, proceeding=None)
    return {str(file.pk): file for file in found}


def _ids(value: object) -> Iterable[str]:
    values = value if isinstance(value, list) else [value]
    return [v for v in values if isinstance(v, str) and IDENTITY.fullmatch(v)]
