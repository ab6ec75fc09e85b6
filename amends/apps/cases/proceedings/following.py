"""What follows from every step of a proceeding inside its transaction: row, clocks, people, case, further proceedings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from amends.apps.cases.actions.perform import Followed, Wish, follower, perform_within
from amends.apps.cases.caring import keep_scores
from amends.apps.cases.changes import note_change
from amends.apps.cases.clocks import refresh_clocks
from amends.apps.cases.converting import register_what_was_told
from amends.apps.cases.evidence import attach
from amends.apps.cases.facts import core_event
from amends.apps.cases.previews import order_previews_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.beginning import Beginning, begin_within
from amends.apps.cases.proceedings.broadcasting import order_telling
from amends.apps.cases.proceedings.concerning import link_concerned
from amends.apps.cases.proceedings.library import refuse_personal
from amends.apps.cases.proceedings.naming import name_cases, title_of
from amends.apps.cases.proceedings.noting import note_on_case
from amends.apps.cases.proceedings.partners import tell_partners
from amends.apps.cases.proceedings.payouts import keep_payout
from amends.apps.cases.proceedings.projection import involve, project_proceeding
from amends.apps.cases.proceedings.registers import keep_line
from amends.apps.cases.proceedings.telling import notify_of_proceeding, tell_complainant_of
from amends.apps.cases.signatures import refuse_what_is_no_signature
from amends.core.approvals import chains_of_state, roles_due
from amends.core.facts import CaseFacts, evolve
from amends.core.masking import masked
from amends.core.periods import name_of, period_around
from amends.core.policy.forms import FILE_TYPES, Field
from amends.core.policy.lifecycle import Notice
from amends.core.roles import complainant_roles
from amends.core.sampling import is_drawn


@follower(Proceeding)
def follow_proceeding(done: Followed) -> Proceeding:
    """Bring everything up to date with an event just appended to the proceeding's chain."""
    proceeding, pack, wish = done.row, done.pack, done.wish
    facts = evolve(done.before, core_event(done.event))
    project_proceeding(proceeding, facts, pack)
    proceeding.subject = _subject(done) or proceeding.subject
    proceeding.changed_at = wish.now
    clocks = refresh_clocks(proceeding, pack=pack, now=wish.now)
    proceeding.save()
    clocks.save()
    involve(proceeding, facts, pack)
    keep_payout(proceeding, facts, pack)
    keep_line(proceeding, facts, pack)
    link_concerned(proceeding, pack, verb=done.event.kind, now=wish.now)
    keep_scores(proceeding, pack, done.event.data.get("set", {}), seq=done.event.seq, at=done.event.at)
    refuse_personal(done)
    name_cases(proceeding, done.decision.payload, pack, wish)
    _attach_files(done)
    note_on_case(proceeding, done.before, facts, marks=done.decision.marks_case, wish=wish, pack=pack)
    register_what_was_told(done)
    for step in done.decision.on_case:
        _perform_on_case(proceeding, step.verb, step.data, wish)
    for start in done.decision.starts:
        if not is_drawn(f"{proceeding.pk}:{start.proceeding}", start.share):
            continue
        begin_within(
            Beginning(
                kind=start.proceeding, desk=proceeding.desk, case=proceeding.case, parent=proceeding, data=start.data,
                caller=wish.caller, now=wish.now, at=wish.at, by_rule=True, local_zone=wish.local_zone,
            )
        )  # fmt: skip
    _tell(done, facts)
    order_telling(proceeding, pack, done.event.kind, seq=done.event.seq, now=wish.now)
    if proceeding.case_id is not None:
        note_change([proceeding.case_id])
    return proceeding


def _subject(done: Followed) -> str:
    """What lists call it: a text that was entered, or the period for which it was handed in."""
    kind, given = done.pack.proceedings[done.row.kind], done.event.data.get("set", {})
    if kind.expected_from is not None and "period_from" in given:
        return name_of(
            period_around(date.fromisoformat(given["period_from"]), kind.expected_from.every), kind.expected_from.every
        )[0]
    name = kind.title_from
    return title_of(text_of_title(done.pack.fields[name], done.decision.texts.get(name, ""))) if name else ""


def text_of_title(f: Field, text: str) -> str:
    """Lists, notices and reports say titles to everybody: what is personal stands there as masked as in its field."""
    return masked(f.personal, text) if f.personal else text


def _attach_files(done: Followed) -> None:
    given = done.event.data.get("set", {})
    files = [file for f in done.pack.fields.values() if f.type in FILE_TYPES for file in given.get(f.id, ())]
    if files:
        refuse_what_is_no_signature(done.pack.fields.values(), given)
        attach(
            files, case=done.row.case, proceeding=done.row, owner=done.wish.uploads_of or done.wish.caller.id,
            now=done.wish.now, kind=given.get("evidence_kind", ""), source=done.decision.texts.get("evidence_source", ""),
        )  # fmt: skip
        order_previews_of(files, now=done.wish.now)


def _perform_on_case(proceeding: Proceeding, verb: str, data: Mapping[str, Any], wish: Wish) -> None:
    """The case moves by the same verb, form and checks as for anybody; the system does it in the name of who acted."""
    if proceeding.case is None:
        return
    perform_within(
        proceeding.case,
        Wish(
            verb=verb, data=data, caller=wish.caller, now=wish.now, at=wish.at, local_zone=wish.local_zone, by_rule=True,
        ),
    )  # fmt: skip


def _tell(done: Followed, facts: CaseFacts) -> None:
    proceeding, pack, wish = done.row, done.pack, done.wish
    texts, key = done.decision.texts, f"{proceeding.pk}:{done.event.seq}"
    if proceeding.case is not None:
        reason = done.decision.reason_for(complainant_roles(pack))
        tell_complainant_of(
            proceeding, done.decision.tells, case=proceeding.case, pack=pack, reason=reason, now=wish.now
        )
    tell_partners(proceeding, done.decision.tells_partner, facts=facts, pack=pack, texts=texts, now=wish.now)
    notices = [*done.decision.notices, *_requests_to_decide(done, facts)]
    notify_of_proceeding(proceeding, notices, pack=pack, now=wish.now, key=key, step=done.decision)


def _requests_to_decide(done: Followed, facts: CaseFacts) -> list[Notice]:
    """A notice to whoever an approval chain asks next, where that is somebody else than before."""
    kind = done.pack.proceedings[done.row.kind]
    found = []
    for name in chains_of_state(kind.transitions, facts.state):
        chain = done.pack.approvals.chains[name]
        due = roles_due(name, chain, facts)
        before = roles_due(name, chain, done.before) if done.before.state == facts.state else ()
        if chain.asks and due and due != before:
            found.append(Notice(to=due, message=chain.asks))
    return found
