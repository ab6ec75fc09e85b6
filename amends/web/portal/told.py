"""What passed between a customer and the company: what was told, answered and added; nothing of the work inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop

from amends.apps.cases.models import Case
from amends.apps.cases.timeline import Entry, ShownValue, entries_of
from amends.apps.ledger.models import Event as LedgerEvent
from amends.core.policy.forms import Form
from amends.core.policy.pack import Pack
from amends.core.roles import complainant_roles
from amends.doors.wording import happened, in_words
from amends.web.portal.asking import NOT_FOR_CUSTOMERS
from amends.web.portal.progress import in_full

YOURS = {
    "register": gettext_noop("您提交了反映"),
    "agree": gettext_noop("您接受了处理结果"),
    "refuse": gettext_noop("您没有接受处理结果"),
    "add_information": gettext_noop("您补充了情况"),
    "raise_question": gettext_noop("您提了问题"),
    "add_evidence": gettext_noop("您补充了材料"),
    "rate": gettext_noop("您作出了评价"),
    "withdraw": gettext_noop("您撤回了反映"),
    "reopen": gettext_noop("您要求重新处理"),
    "urge": gettext_noop("您催办了一次"),
    "object": gettext_noop("您提出了异议"),
}
OURS = {
    "register": gettext_noop("我们登记了您的反映"),
    "dispatch": gettext_noop("我们转给了负责的部门"),
    "sign_in": gettext_noop("负责的部门已经接手"),
    "tell": gettext_noop("我们答复了您"),
    "answer": gettext_noop("我们答复了您"),
    "decline": gettext_noop("我们答复了您：不属于受理范围"),
    "promise": gettext_noop("我们承诺了答复时间"),
    "transfer": gettext_noop("我们移交给了其他机构"),
    "carry_out": gettext_noop("我们完成了处理措施"),
    "close": gettext_noop("我们办结了这件事"),
    "agree": gettext_noop("我们记下了：您接受处理结果"),
    "refuse": gettext_noop("我们记下了：您不接受处理结果"),
    "withdraw": gettext_noop("我们记下了：您撤回反映"),
    "reopen": gettext_noop("我们重新处理这件事"),
    "no_answer": gettext_noop("我们没有联系到您"),
}
ADDRESSED = frozenset({"tell", "answer", "decline", "promise", "transfer", "close", "carry_out"})
"""Verbs whose form is written for the customer; of other forms nothing is shown."""
ANSWERS = frozenset({"tell", "answer", "decline"})
ANSWERED_BY_CUSTOMER = frozenset({"agree", "refuse", "withdraw", "reopen", "no_answer"})
ANSWER_TEXT = "answer_text"


@dataclass(frozen=True, slots=True)
class Passed:
    """One thing that passed: who, what, when, and the words."""

    verb: str
    title: str
    at: str
    is_yours: bool
    is_answer: bool
    values: tuple[ShownValue, ...]
    round: int


@dataclass(slots=True)
class Exchange:
    """Everything a customer reads on an opened case."""

    reported: tuple[ShownValue, ...] = ()
    passed: list[Passed] = field(default_factory=list)

    @property
    def answer(self) -> Passed | None:
        """The latest answer of the company."""
        return next((one for one in reversed(self.passed) if one.is_answer), None)


def exchange_of(case: Case, pack: Pack, events: list[LedgerEvent]) -> Exchange:
    """What the customer told and was told, oldest first. Staff are never named."""
    roles = complainant_roles(pack)
    found = Exchange()
    for event, entry in zip(events, entries_of(case, events, pack, roles=roles), strict=True):
        yours = event.actor.startswith(("complainant:", "portal:"))
        if event.kind == "register":
            found.reported = tuple(_of_customers(entry, pack, pack.channels.kinds[case.kind].form))
        if yours or event.kind in ANSWERED_BY_CUSTOMER or _was_told(event, pack):
            found.passed.append(_passed(event, entry, pack, yours=yours))
    return found


def _was_told(event: LedgerEvent, pack: Pack) -> bool:
    return any(True for _ in _messages(event.kind, event.data.get("from"), event.data.get("to"), pack))


def _messages(verb: str, origin: str | None, target: str | None, pack: Pack) -> Iterable[str]:
    """The messages that tell the complainant of this move."""
    for transition in pack.lifecycle.from_state(origin):
        if transition.verb == verb and transition.target(origin) == target:
            for told in transition.messages():
                yield told.message


def _passed(event: LedgerEvent, entry: Entry, pack: Pack, *, yours: bool) -> Passed:
    zone = ZoneInfo(pack.head.zone)
    title = (YOURS if yours else OURS).get(entry.verb)
    if entry.verb == "register":
        values: tuple[ShownValue, ...] = ()
    elif yours:
        values = tuple(_of_customers(entry, pack, event.data.get("form", "")))
    else:
        values = tuple(_told(entry, pack.forms.get(event.data.get("form", "")))) if entry.verb in ADDRESSED else ()
    return Passed(
        verb=entry.verb,
        title=in_words(title) if title else happened(entry.verb),
        at=in_full(entry.at, zone),
        is_yours=yours,
        is_answer=entry.verb in ANSWERS and not yours,
        values=values,
        round=entry.round,
    )


def _of_customers(entry: Entry, pack: Pack, form_id: str) -> Iterable[ShownValue]:
    """What the customer filled in, under the words in which it was asked."""
    fields, form = pack.fields, pack.forms.get(form_id)
    for value in entry.values:
        known = (form.field(value.id) if form else None) or fields.get(value.id)
        if known is None or known.type not in NOT_FOR_CUSTOMERS:
            asked = known.asked_as.title if known and known.asked_as else None
            yield value._replace(title=asked) if asked else value


def _told(entry: Entry, form: Form | None) -> Iterable[ShownValue]:
    """Of a form that was written for the customer: the answer where there is one, else the texts it must hold.

    What a form merely may hold is a note of the staff.
    """
    required = {f.id for f in form.fields if f.required is True and not f.seen_by} if form else set()
    has_answer = any(value.id == ANSWER_TEXT for value in entry.values)
    for value in entry.values:
        if (
            value.id == ANSWER_TEXT
            or value.id == "promised_reply_at"
            or value.id in required
            and (value.kind == "text" or (value.kind == "long_text" and not has_answer))
        ):
            yield value
