"""proceedings/<kind>.yaml: a smaller process with states, forms, clocks and rights of its own, on a case or by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from amends.core.periods import Rhythm
from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.conditions import Condition, Known
from amends.core.policy.lifecycle import Process
from amends.core.policy.registers import Acknowledged, Concerns, Draw, Register, ShownAt


class Offer(Ruled):
    """When the events of a case show that the proceeding is due, it is offered with this sentence and these values.

    `demanded` says that the policy insists on it, not merely allows it. `quotes` names a field of the case whose latest
    text stands beside the sentence: the reason in the words of whoever gave it. `fills` gives the value itself, `{fact: name}` for
    a fact of the case, or `{head_of: fact, at: fact}` for who led a department on the day of a date; rows are lists of these.
    """

    when: Condition
    say: Title
    demanded: bool = False
    quotes: Name | None = None
    fills: dict[Name, Any] = {}


class Periodic(Ruled):
    """A proceeding that has to take place again and again: overdue when the last one is older than `every_days`.

    Whoever holds one of the roles in `tell` is reminded once a day while it is overdue.
    """

    every_days: int
    say: Title
    tell: tuple[Name, ...] = ()


class Expected(Ruled):
    """That everybody who holds one of `roles` hands one in for every period: who did and who did not is listed.

    The form has the date `period`, any day of the period; the product finds the period (`period_from`, `period_until`), until
    when it was due (`period_due`: `due_days` after the last day) and how many days late it came (`days_late`). Whoever hands it
    in is kept under the fact `by`. Whoever is still missing is reminded `remind_before` days before the last day, and daily once
    it is due, when the roles in `to`, who receive it, are told as well. Source: SVC-3.2a
    """

    roles: tuple[Name, ...] = Field(min_length=1)
    every: Rhythm
    period: Name
    by: Name
    due_days: int = Field(default=0, ge=0, le=31)
    remind_before: int = Field(default=1, ge=0, le=10)
    to: tuple[Name, ...] = ()


EXPECTED_FACTS = ("period_from", "period_until", "period_due", "days_late")
"""What the product finds out when something expected is handed in."""


class ListPaper(Ruled):
    """That a register prints as a list over a span of days: under the company's `title` and `code`, its columns as a table, a line
    each. `lead` stands above the table, `signature` below it. Source: SVC-3.2b, SVC-3.3a, SVC-3.3b, SVC-3.3c
    """

    title: Title
    code: str | None = None
    lead: Title | None = None
    signature: tuple[Title, ...] = ()


class Comparison(Ruled):
    """Complaints counted before and after something was done, when `verb` is performed: whether it had an effect.

    Similar are the cases of the desk that agree with the proceeding in the facts `same`; what came in after the verb `since` was
    done, for `days` at most, is counted as `similar_after`, what came in for as long before it as `similar_before`.
    """

    same: tuple[Name, ...] = Field(min_length=1)
    days: int = Field(ge=1)
    verb: Name
    since: Name


class Library(Ruled):
    """That what stands in one of `states` is read by everybody of the desk, without its case: a library of studies.

    `title` and `fields` are what readers see, in this order; `category` is the fact by which they search, and by which cases of the
    same main category find them. At the verbs in `checked_at`, texts in which a telephone number, an ID number, an e-mail address,
    the number of an address, or a name, number or address of the case still stands are refused with the places. `prefills` says
    with which texts of the case a fresh form begins: fields of the case, their personal data taken out, or under `steps` the course
    of the case as numbered steps. `beside` are verbs of cases: with their forms studies of the same category are offered.
    Source: EXP-7.1
    """

    title: Name
    category: Name
    fields: tuple[Name, ...] = Field(min_length=1)
    states: tuple[Name, ...] = Field(min_length=1)
    checked_at: tuple[Name, ...] = Field(min_length=1)
    prefills: dict[Name, tuple[Name, ...]] = {}
    steps: Name | None = None
    beside: tuple[Name, ...] = ()


class TakesOver(Piece):
    """With what a fresh form begins that stands under another proceeding: what the latest one of the kind `of` under the same one
    says, the reader's own before those of others. `fields` names for each field of the form the fact it is taken from. Texts with
    personal data are taken over only for whoever reads them unmasked there.
    """

    of: Name
    fields: dict[Name, Name] = Field(min_length=1)


class Payout(Ruled):
    """That something of value goes to the customer, so that the kind stands in the compensation ledger.

    `amount` is the fact with what is granted, whatever its form (`form`) and loss; `standard` the amount that the standard
    gave, `reason` the text that says why it was departed from, `promised` what the customer was promised before: whoever decides
    reads them side by side. It is paid once `verb` is done; `clock` says until when.
    """

    amount: Name
    verb: Name
    form: Name | None = None
    loss: Name | None = None
    standard: Name | None = None
    promised: Name | None = None
    reason: Name | None = None
    clock: Name | None = None


class Gathering(Piece):
    """What lies on the table: other proceedings of the desk, by number, found anew when one of `verbs` is done.

    `late` are those that are open and overdue, `since_last` those that began after the last one of this kind was done.
    """

    id: Name
    title: Title
    proceeding: Name
    which: Literal["late", "since_last"]
    verbs: tuple[Name, ...] = Field(min_length=1)


class Invitation(Piece):
    """That it is a meeting: the fields with its beginning, its length in minutes and its place, for a calendar file."""

    at: Name
    minutes: Name
    place: Name


class Board(Piece):
    """What a card of the improvement board shows: fields with the owner, the kind of cause, and figures before and after."""

    owner: Name
    cause: Name | None = None
    before: Name | None = None
    after: Name | None = None


class ForPartners(Ruled):
    """What partners read through their private link: fields of the proceeding's forms, and facts of its case; nothing else.

    Of rows that name a partner, each reads the own ones alone. `lead` says in a sentence what they are asked for. After
    its end the proceeding can be read for so many days more. `title` is what it is called towards them, where that differs. With `asks_code` the link alone shows nothing: a code that goes to the
    contact on the register opens it.
    """

    lead: Title
    title: Title | None = None
    reads: tuple[Name, ...]
    reads_of_case: tuple[Name, ...] = ()
    readable_days: int = Field(default=14, ge=0, le=30)
    asks_code: bool = False


class Broadcast(Ruled):
    """That a kind is a notice on a known problem: it stands at intake while it is in one of `states`, until the day in `until`.

    It concerns cases in which every fact of `match` agrees with the notice's field of that name, as far as that is filled in; a
    category agrees with those below it. `verb` sends `message` to the complainants of the open cases that it concerns.
    """

    states: tuple[Name, ...] = Field(min_length=1)
    match: dict[Name, Name] = Field(min_length=1)
    until: Name | None = None
    verb: Name | None = None
    message: Name | None = None

    @model_validator(mode="after")
    def _sends_something(self) -> Broadcast:
        if (self.verb is None) != (self.message is None):
            raise ValueError("a broadcast names both verb and message, or neither")
        return self

    def concerns(self, notice: Mapping[str, Any], facts: Known) -> bool:
        """Whether a notice with these values concerns a case; one that leaves everything open concerns all."""
        return all(_agrees(notice.get(field), facts.value(fact)) for fact, field in self.match.items())


def _agrees(wanted: Any, found: Any) -> bool:
    if wanted in (None, "", []):
        return True
    return found == wanted or (isinstance(found, str) and found.startswith(f"{wanted}/"))


class RoomSection(Piece):
    """One part of the page of a proceeding, in the order of the pack; exactly one thing is shown in it.

    `fields` are the latest values of fields; `joined` are fields of rows about the same people or things, put side by side by
    the first field of their rows; `records` is every time one of these forms was filled in, the newest first; `children` are
    the proceedings of these kinds that it started, with owner, date and state; `beside` those of these kinds on the same
    case; `told` is what the customer of the case was told. `does` are verbs whose buttons stand in the part while they are open.
    """

    title: Title
    fields: tuple[Name, ...] = ()
    joined: tuple[Name, ...] = ()
    records: tuple[Name, ...] = ()
    children: tuple[Name, ...] = ()
    beside: tuple[Name, ...] = ()
    told: bool = False
    does: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _shows_one_thing(self) -> RoomSection:
        if (
            sum(bool(part) for part in (self.fields, self.joined, self.records, self.children, self.beside, self.told))
            != 1
        ):
            raise ValueError("a part of the room shows one of fields, joined, records, children, beside and told")
        return self


class ProceedingKind(Process):
    """What may happen around a case: escalation, compensation, attribution, improvement, a task …

    `about` says whether it belongs to a case, stands by itself, or either; one with `under` is begun from the page of an open
    proceeding of one of these kinds and belongs to it, on the same case where that has one (`takes_over` fills its form beforehand). The forms of an `offline` one are kept
    on the phone of whoever opens its page, or the page it is begun from: what is typed without a connection is sent once it is back.
    `once_per` refuses a second one on the same case
    while one with the same values of these facts stands (an empty list: one for each case; left out: any number).
    A state that the kind lists in `void` (refused, withdrawn) does not stand in the way. `shares` names facts that
    the case's own rules may ask about as items of a list with the kind's name; `takes` names facts of the case that are kept
    with the proceeding as they were when it began, so that its clocks may ask for them. Only the roles in `seen_by` and people
    named in it see a confidential one; otherwise whoever sees the case does. `title_from` names the text field
    shown as its subject. A kind that `pays` stands in the compensation ledger, one with a `register` in a list of its own, with what its records
    have to do with (`concerns`); one that `draws` takes a sample of cases; one that has to be
    `acknowledged` waits for everybody in these roles, and one with `shown_at` is linked from cases at these steps. `room` lays out its
    page; left out, the page shows everything that was filled in.
    """

    title: Title
    number: str
    about: Literal["case", "desk", "either"] = "case"
    under: tuple[Name, ...] = ()
    takes_over: TakesOver | None = None
    offline: bool = False
    once_per: tuple[Name, ...] | None = None
    void: tuple[Name, ...] = ()
    offers: tuple[Offer, ...] = ()
    periodic: Periodic | None = None
    expected_from: Expected | None = None
    list_paper: ListPaper | None = None
    library: Library | None = None
    for_partners: ForPartners | None = None
    compares: Comparison | None = None
    pays: Payout | None = None
    clocks: tuple[ClockRule, ...] = ()
    shares: tuple[Name, ...] = ()
    takes: tuple[Name, ...] = ()
    seen_by: tuple[Name, ...] = ()
    title_from: Name | None = None
    gathers: tuple[Gathering, ...] = ()
    invites: Invitation | None = None
    board: Board | None = None
    broadcast: Broadcast | None = None
    note: Title | None = None
    room: tuple[RoomSection, ...] = ()
    register_: Register | None = Field(default=None, alias="register")
    concerns: Concerns | None = None
    draws: Draw | None = None
    acknowledged: Acknowledged | None = None
    shown_at: ShownAt | None = None

    @property
    def listed_as(self) -> Title:
        """What the list of its records is called."""
        return self.register_.title if self.register_ and self.register_.title else self.title
