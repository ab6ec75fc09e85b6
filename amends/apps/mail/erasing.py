"""When a case is erased, what its mails said goes with it; what was ignored goes after a while. The record that they came stays."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from amends.apps.cases.actions.erase import delete_files, eraser
from amends.apps.cases.leftovers import remove_upload
from amends.apps.cases.models import EvidenceFile
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.policies.models import Desk

NOTHING_SAID = {
    "sender": "", "sender_name": "", "subject": "", "text": "", "files": "[]", "message_id": "", "detail": ""
}  # fmt: skip


@eraser
def forget_mails(cases: Collection[UUID]) -> None:
    """Empty what people wrote, and drop raw mails that hang on no case: reports about it, and second copies."""
    _empty(IncomingMail.objects.filter(Q(case__in=list(cases)) | Q(twin_of__case__in=list(cases))))


def forget_mails_from(senders: Collection[str]) -> None:
    """Empty what came from these addresses and hangs on no case."""
    _empty(IncomingMail.objects.filter(case=None, sender__in=senders))


def forget_mailboxes_of(desks: Collection[Desk], *, now: datetime) -> None:
    """Empty all mail of these desks, and read their mailboxes no more."""
    _empty(IncomingMail.objects.filter(mailbox__desk__in=desks))
    Mailbox.objects.filter(desk__in=desks, closed_at=None).update(closed_at=now, sealed="", error="")


def _empty(mails: QuerySet[IncomingMail]) -> None:
    keys = list(mails.values_list("pk", flat=True))
    delete_files(EvidenceFile.objects.filter(incoming_mail__in=keys, case=None))
    IncomingMail.objects.filter(pk__in=keys).update(**NOTHING_SAID)


def forget_ignored_mails(*, before: datetime, most: int = 500) -> int:
    """Empty what ignored mails on no case said, and drop their raw octets, where they were ignored before a moment; returns
    how many. That they came, when and why they were ignored stays: a mail is never taken for new because it was forgotten.
    """
    old = IncomingMail.objects.annotate(ignored_at=Coalesce("decided_at", "stored_at")).filter(
        state=IncomingMail.State.IGNORED, case=None, raw__isnull=False, ignored_at__lt=before
    )
    found = list(old.select_related("raw").order_by("ignored_at", "pk")[:most])
    for mail in found:
        IncomingMail.objects.filter(pk=mail.pk).update(**NOTHING_SAID)
        if mail.raw is not None:
            remove_upload(mail.raw)
    return len(found)
