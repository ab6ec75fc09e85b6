"""What lies around the cases of a demo desk: mail that came, posts that were seen, an address book with its messages.

Read from `packs/<id>/demo/around.yaml` and done through the same functions as on a real desk. Nothing leaves the house.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from django.conf import settings

from amends.apps.cases.models import Case
from amends.apps.cases.posts import ignore_post, may_watch, record_post, watch_of
from amends.apps.cases.queries import Viewer
from amends.apps.circulars.book import Given as BookGiven
from amends.apps.circulars.book import add_group, apply_for, approve, enter_approved_on_paper, mark_wrong
from amends.apps.circulars.rights import APPROVE, KEEP, Keeper, keeper_on
from amends.apps.circulars.sending import Draft, preview, put_out, send_off, write_circular
from amends.apps.mail.mailboxes import Given as MailboxGiven
from amends.apps.mail.mailboxes import open_mailbox
from amends.apps.mail.models import Mailbox
from amends.apps.mail.storing import Arrived, store_mail
from amends.apps.mail.taking_in import take_in
from amends.apps.messaging.actions import nothing_leaves
from amends.apps.people.grounds import Manager
from amends.apps.people.models import Person
from amends.apps.policies.files import UNREADABLE, PackFolder, read_yaml
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.jobs.stories.moments import read_span

FILE = "around.yaml"
ON_PAPER = "区域经理"
"""Who approved the entries that were there before the system was."""


@dataclass(frozen=True, slots=True)
class Around:
    """A demo desk at the end of its stories."""

    desk: Desk
    now: datetime

    def ago(self, span: str) -> datetime:
        """So many hours before now: `5h`."""
        return self.now - timedelta(hours=read_span(span).count)

    def people(self) -> Iterable[Person]:
        """Everybody who works on the desk."""
        return Person.objects.filter(is_demo=True, is_active=True, username__startswith=f"{self.desk.code}.").order_by(
            "pk"
        )


def fill_around(desk: Desk, *, now: datetime) -> None:
    """Put there what the demo of the desk's pack tells of; a desk that tells nothing stays as it is."""
    told = told_around(desk.pack_id)
    around = Around(desk, now)
    with nothing_leaves():
        if "mail" in told:
            _let_mail_come(around, told["mail"])
        if "posts" in told:
            _let_posts_be_seen(around, told["posts"])
        if "book" in told:
            _keep_a_book(around, told["book"])


def told_around(pack_id: str) -> Mapping[str, Any]:
    """What the demo of a pack tells of beside its stories; empty where it tells nothing."""
    file = settings.PACKS_DIR / pack_id / "demo" / FILE
    if not file.exists():
        return {}
    raw = read_yaml(PackFolder(file.parent), file, (file.stem,))
    return raw if raw is not UNREADABLE and isinstance(raw, Mapping) else {}


def _let_mail_come(around: Around, told: Mapping[str, Any]) -> None:
    first = around.ago("30h")
    manager = next((m for p in around.people() if (m := Manager(p, first)).manages(around.desk)), None)
    if manager is None or Mailbox.objects.filter(address=told["mailbox"]["address"]).exists():
        return
    mailbox = open_mailbox(around.desk, MailboxGiven(**told["mailbox"]), by=manager)
    for letter in told["letters"]:
        at = around.ago(letter["ago"])
        mail = store_mail(mailbox, Arrived(_as_mail(letter, mailbox, at), at), now=at).mail
        take_in(mail, now=at)


def _as_mail(letter: Mapping[str, Any], mailbox: Mailbox, at: datetime) -> bytes:
    number = Case.objects.filter(desk=mailbox.desk, state_category="active").order_by("-registered_at").first()
    words = {"number": number.number if number else ""}
    name, address = letter["from"]
    mail = EmailMessage()
    if address:
        mail["From"] = f"{name} <{address}>"
    mail["To"] = mailbox.address
    mail["Subject"], mail["Date"] = letter["subject"].format_map(words), format_datetime(at)
    mail["Message-ID"] = f"<{letter['id']}@mail.example.com>"
    if letter.get("auto"):
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(letter["text"].format_map(words))
    return mail.as_bytes()


def _let_posts_be_seen(around: Around, told: Iterable[Mapping[str, Any]]) -> None:
    watch = watch_of(around.desk, pack_in_force(around.desk, around.now))
    finder = next((p for p in around.people() if watch and may_watch(Viewer(p, around.now), watch)), None)
    if watch is None or finder is None:
        return
    for post in told:
        posted = around.ago(post["ago"])
        seen = posted + timedelta(minutes=38)
        data = {
            "post_platform": post["platform"], "post_author": post["author"], "posted_at": posted.isoformat(),
            "post_link": post["link"], "post_text": post["text"],
        }  # fmt: skip
        found = record_post(watch, data, viewer=Viewer(finder, seen))
        if "ignored" in post:
            later = Viewer(finder, seen + timedelta(minutes=9))
            ignore_post(watch, found, reason=post["ignored"], viewer=later)


def _keep_a_book(around: Around, told: Mapping[str, Any]) -> None:
    long_ago, lately = around.ago("1440h"), around.ago("3h")
    keeper = _who_may(around, KEEP, long_ago)
    if keeper is None:
        return
    groups = {title: add_group(title, by=keeper).pk for title in told["groups"]}
    for entry in told["entries"]:
        made = enter_approved_on_paper(
            _as_entry(entry, groups), approved_by=ON_PAPER, approved_on=long_ago.date(), by=keeper
        )
        if entry.get("wrong"):
            mark_wrong(made, by=_at(keeper, lately))
    for entry in told["applications"]:
        applied = apply_for(_as_entry(entry, groups), by=_at(keeper, lately))
        approver = _who_may(around, APPROVE, around.ago("1h"))
        if entry.get("approved") and approver is not None:
            approve(applied, by=approver)
    for circular in told["circulars"]:
        _write(circular, groups, _at(keeper, around.ago("26h")), around)


def _as_entry(entry: Mapping[str, Any], groups: Mapping[str, int]) -> BookGiven:
    return BookGiven(
        company=entry["company"], name=entry["name"], phone=entry["phone"], note=entry.get("note", ""),
        groups=tuple(groups[title] for title in entry["groups"]),
    )  # fmt: skip


def _write(told: Mapping[str, Any], groups: Mapping[str, int], by: Keeper, around: Around) -> None:
    """Written in the morning of the day before, so that no quiet hours are in the way."""
    morning = by.now.astimezone(by.zone).replace(hour=9, minute=40)
    by = _at(by, morning if morning <= around.now else morning - timedelta(days=1))
    draft = Draft(wording=told["wording"], fills=told["fills"], groups=tuple(groups[title] for title in told["groups"]))
    circular = write_circular(draft, by=by)
    if told.get("sent"):
        send_off(circular, seen=preview(circular, by.pack).digest, by=by)
        put_out(circular, by.pack, now=by.now)


def _who_may(around: Around, right: str, now: datetime) -> Keeper | None:
    pack = pack_in_force(around.desk, around.now)
    for person in around.people():
        keeper = keeper_on(person, around.desk, pack, Viewer(person, now).caller(around.desk, pack), now)
        if keeper is not None and keeper.may(right):
            return keeper
    return None


def _at(keeper: Keeper, now: datetime) -> Keeper:
    return Keeper(keeper.person, keeper.desk, keeper.pack, keeper.rights, now)
