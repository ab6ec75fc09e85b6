"""Deferred work of mail: looking into mailboxes, and reading what came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from amends.apps.deferred.registry import job
from amends.apps.mail.erasing import forget_ignored_mails
from amends.apps.mail.fetching import FETCH, fetch_mailbox, order_fetching
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.mail.storing import INGEST
from amends.apps.mail.taking_in import take_in


@job(INGEST)
def ingest(args: dict[str, Any]) -> None:
    """Read one mail and bring it to its end; a failure is tried again, at last the mail waits in quarantine."""
    mail = IncomingMail.objects.filter(pk=args["mail"]).first()
    if mail is not None:
        take_in(mail, now=timezone.now())


@job("poll_mailboxes")
def poll_mailboxes(args: dict[str, Any]) -> None:
    """Every minute: have each mailbox looked into that nobody looks into already."""
    order_fetching(now=timezone.now())


@job(FETCH, limit=timedelta(minutes=5))
def fetch(args: dict[str, Any]) -> None:
    """Take what is new out of one mailbox."""
    mailbox = Mailbox.objects.select_related("desk").get(pk=args["mailbox"])
    fetch_mailbox(mailbox, now=timezone.now())


@job("forget_ignored_mails")
def forget_old_ignored_mails(args: dict[str, Any]) -> None:
    """Every night: what ignored mails said goes after the days that the operator keeps it."""
    before = timezone.now() - timedelta(days=settings.KEEP_IGNORED_DAYS)
    while forget_ignored_mails(before=before):
        pass
