"""When a case is erased, what its mails said goes with it; the record that they came stays."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from amends.apps.cases.actions.erase import delete_files, eraser
from amends.apps.cases.models import EvidenceFile
from amends.apps.mail.models import IncomingMail


@eraser
def forget_mails(cases: Collection[UUID]) -> None:
    """Empty what people wrote, and drop raw mails that hang on no case: reports about it, and second copies."""
    mails = IncomingMail.objects.filter(Q(case__in=list(cases)) | Q(twin_of__case__in=list(cases)))
    keys = list(mails.values_list("pk", flat=True))
    delete_files(EvidenceFile.objects.filter(incoming_mail__in=keys, case=None))
    IncomingMail.objects.filter(pk__in=keys).update(
        sender="", sender_name="", subject="", text="", files="[]", message_id="", detail=""
    )
