"""Writing to the customer of a case: what the form says beside its fields, and what became of what was written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext

from amends.apps.cases.timeline import reporter_is_hidden
from amends.apps.cases.writing import Reach, reach_of, written_on
from amends.apps.ledger.models import Event
from amends.apps.messaging.models import OutboxMessage
from amends.core.desk_wordings import LONGEST
from amends.core.masking import masked_contact
from amends.core.policy.lifecycle import Sends
from amends.web.case.seeing import CaseView
from amends.web.forms.drawing import Drawing
from amends.web.sent.states import channel_words, receipt_words, state_words, why_words
from amends.web.templatetags.amends_words import at

State = OutboxMessage.State
WRITE = "write"


def prepare_letter(what: Drawing, seen: CaseView, sends: Sends) -> None:
    """Say beside the fields where a message would go and when, and begin with a channel that reaches the customer."""
    f = seen.pack.fields[sends.by]
    reaches = [reach_of(seen.case, seen.pack, option.id, now=seen.viewer.now) for option in f.options]
    first = next((reach.channel for reach in reaches if reach.address and not reach.has_opted_out), "")
    what.starts_with = {sends.by: first, **what.starts_with}
    is_hidden = reporter_is_hidden(seen.case, seen.pack, seen.actor.roles)
    for reach in reaches:
        if to := sends.to.get("sms" if reach.channel == "sms" else "email"):
            what.said_beside[to] = _where_to(reach, is_hidden=is_hidden)
    what.said_beside[sends.by] = _when(reaches, seen)
    limit = {"limit": LONGEST["sms"]}
    what.said_beside[sends.text] = gettext("短信连同签名、编号最多 %(limit)s 字，每 70 字左右算一条。") % limit


def _when(reaches: Iterable[Reach], seen: CaseView) -> str:
    until = next((reach.kept_until for reach in reaches if reach.kept_until), None)
    if until is None:
        return gettext("提交后立即发给客户，不能撤回。")
    return gettext("现在是免打扰时段，短信 %(time)s 后发出；邮件立即发出。") % {"time": at(until, seen.zone)}


def _where_to(reach: Reach, *, is_hidden: bool) -> str:
    if not reach.address:
        return (
            gettext("客户没有留下手机号码，请填写。")
            if reach.channel == "sms"
            else gettext("客户没有留下邮箱，请填写。")
        )
    address = {"address": gettext("客户留下的地址") if is_hidden else masked_contact(reach.address)}
    if reach.has_opted_out:
        return gettext("%(address)s 的机主已退订短信，请改用邮件或另填号码。") % address
    return gettext("留空就发到 %(address)s。") % address


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of something that was written to the customer."""

    channel: str
    address: str
    state: str
    tone: str
    why: str = ""


def sent_with(seen: CaseView, events: Iterable[Event]) -> dict[int, Sent]:
    """What became of each message that staff wrote, by the event with which it left; no query where none was written."""
    if not any(event.kind == WRITE for event in events):
        return {}
    is_hidden = reporter_is_hidden(seen.case, seen.pack, seen.actor.roles)
    return {seq: _sent(row, seen, is_hidden=is_hidden) for seq, row in written_on(seen.case).items()}


def _sent(row: OutboxMessage, seen: CaseView, *, is_hidden: bool) -> Sent:
    state = receipt_words().get(row.receipt) or state_words()[row.state]
    bad = row.state in (State.FAILED, State.UNKNOWN, State.WITHHELD) or row.receipt == OutboxMessage.Receipt.FAILED
    good = row.state == State.SENT and not bad
    why = why_words(row.error) if bad else ""
    if row.state == State.WAITING and row.not_before and row.not_before > seen.viewer.now:
        why = gettext("免打扰时段，%(time)s 后发出") % {"time": at(row.not_before, seen.zone)}
    return Sent(
        channel_words().get(row.channel, row.channel), "" if is_hidden else masked_contact(row.address), state,
        "late" if bad else "good" if good else "line", why,
    )  # fmt: skip
