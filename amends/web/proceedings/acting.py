"""Beginning a proceeding from a page, and taking a step in one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop, ngettext

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.extending import due_now
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
from amends.apps.cases.proceedings.comparing import similar_cases
from amends.apps.cases.proceedings.facts import facts_at, facts_behind
from amends.apps.cases.proceedings.offering import offered_fills
from amends.apps.cases.proceedings.partners import EMAIL, PHONE, address_to_propose
from amends.apps.cases.proceedings.queries import (
    Possible,
    possible_on_case,
    possible_on_desk,
    possible_under,
)
from amends.apps.cases.proceedings.records import with_records
from amends.apps.cases.proceedings.registers import record_called
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.cases.proceedings.taking_over import taken_over
from amends.apps.cases.proceedings.templates import apply_template
from amends.apps.cases.queries import Viewer, actor_of, visible_case
from amends.apps.cases.timeline import labels_of
from amends.apps.policies.models import Desk
from amends.core.decision import form_for
from amends.core.extensions import DUE_BEFORE
from amends.core.facts import CaseFacts
from amends.core.form_data import as_entered
from amends.core.policy.forms import FILE_TYPES, TEXT_TYPES, Field, Form
from amends.core.policy.lifecycle import Transition
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.doors.routes import route
from amends.doors.wording import button_of, moment_words, words
from amends.web.case.seeing import CaseView
from amends.web.forms.drawing import Drawing
from amends.web.guidance.answering import answers_for_typed
from amends.web.library.beginning import study_begun
from amends.web.proceedings.expected import proposed
from amends.web.proceedings.lines import waits_of
from amends.web.proceedings.seeing import ProceedingView, proceeding_view
from amends.web.proceedings.showing import buttons_of, said_so_far, weighed_amounts
from amends.web.steps.answering import Step, answer_step
from amends.web.steps.choosing import action_called, refused_beforehand, title_of, transition_of
from amends.web.steps.closing import Closed, Way, clock_that_binds
from amends.web.viewing import desk_and_pack, viewer_of, zone_of

LISTS = {"inbox": "proceedings", "calls": "calls"}
"""The lists that a step goes back to when it was opened from there."""
NOT_IN_THIS_STATE = gettext_noop("目前“%(state)s”，不能%(verb)s。")


@route(audience="staff", permission="visible", kind="proceeding", methods=["GET", "POST"])
def act(request: HttpRequest, key: uuid.UUID, verb: str) -> HttpResponse:
    """The form of a step, in a drawer or on its own page; sent, it is taken once."""
    seen = proceeding_view(request, key)
    transition = transition_of(seen.kind, seen.proceeding.state, verb, seen.actor.roles)
    form = form_for(seen.pack, transition)
    proceeding = seen.proceeding
    came_from = request.GET.get("from", "")
    back = reverse(LISTS[came_from]) if came_from in LISTS else page_of(proceeding, seen.pack)

    def do(data: dict[str, Any], version: int) -> str:
        caller = seen.viewer.caller(proceeding.desk, seen.pack)
        perform(
            proceeding,
            Wish(verb=verb, data=data, caller=caller, now=seen.viewer.now, version=version, local_zone=seen.zone),
        )
        return back

    def drawing(form: Form) -> Drawing:
        # Whoever says whether a measure had an effect sees before that what will be counted.
        counted = similar_cases(proceeding, seen.pack, verb=verb, now=seen.viewer.now)
        lists = [f.one_for_each for f in form.fields if f.one_for_each] + [transition.settles or ""]
        return Drawing(
            pack=seen.pack, facts=seen.facts.with_values(counted), now=seen.viewer.now, zone=seen.zone, roles=seen.actor.roles,
            settles=transition.settles or "", desk=proceeding.desk,
            labels=labels_of(proceeding, [name for name in lists if name], pack=seen.pack, actor=seen.actor),
        )  # fmt: skip

    address = reverse("proceeding_act", args=[proceeding.pk, verb]) + (
        f"?from={came_from}" if came_from in LISTS else ""
    )
    step = Step(
        viewer=seen.viewer, pack=seen.pack, form=form, title=title_of(transition), address=address, back=back,
        drawn_up=lambda data: with_records(proceeding, [form], data),
        place=f"proceeding:{proceeding.pk}:{verb}", desk=proceeding.desk.code, version=proceeding.version, do=do,
        drawing=drawing, fills=_begun_with(seen, transition, form),
        offline=seen.kind.offline,
        refused=lambda: _refused_beforehand(seen, verb),
        closed=lambda: _closed(seen, transition),
        context=lambda: {
            "area": "proceedings", "about": proceeding.number, "subject": proceeding.subject or words(seen.kind.title),
            "weighed": weighed_amounts(seen) if transition.approves else [],
            # A form that a phone keeps goes without: what was written lies with us.
            "so_far": [] if request.GET.get("kept") else said_so_far(seen),
        },
    )  # fmt: skip
    return answer_step(request, step)


def _refused_beforehand(seen: ProceedingView, verb: str) -> str:
    return refused_beforehand(seen.pack, seen.kind, seen.facts, seen.actor, verb, seen.actions, NOT_IN_THIS_STATE)


def _closed(seen: ProceedingView, transition: Transition) -> Closed | None:
    """What stands in place of the form where the step is not open: its period is over, or the matter has moved on."""
    if action_called(seen.actions, transition.verb) is not None:
        return None
    moves, exits = buttons_of(seen)
    key = seen.proceeding.pk
    return Closed(
        why=_refused_beforehand(seen, transition.verb),
        bound=clock_that_binds(transition, seen.readings),
        instead=[
            Way(button.title, reverse("proceeding_act", args=[key, button.verb]))
            for button in (*moves, *exits)
            if not button.missing
        ],
        waits=waits_of(seen.proceeding),
    )


def _begun_with(seen: ProceedingView, transition: Transition, form: Form) -> dict[str, Any]:
    """What the form of a step begins with: what stands already, but for a record that is one more of its kind."""
    if transition.adds:
        return {}
    standing = _standing(form, seen.facts.values)
    return {
        **_author(form, seen.proceeding, seen.pack, seen.viewer), **standing,
        **_to_partner(form, seen.proceeding, seen.facts), **_written(seen, transition, form), **_standing_rows(seen, form),
    }  # fmt: skip


def _standing(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the proceeding already says, filled in again: codes and amounts; texts lie beside the events."""
    names = [f.id for f in form.fields if f.type not in TEXT_TYPES | FILE_TYPES | {"rows", "computed"}]
    return {name: _plain(as_entered(values[name])) for name in names if values.get(name) is not None}


def _standing_rows(seen: ProceedingView, form: Form) -> dict[str, list[dict[str, Any]]]:
    """The lists that stand already, row by row, as far as they are clear to the reader: a list that is corrected or ruled on
    is gone on with and not typed again.
    """
    roles = seen.actor.roles
    kept = [
        f for f in form.fields
        if f.type == "rows" and not f.one_for_each and f.from_records is None and seen.facts.lists.get(f.id)
        and _is_read_by(f, roles)
    ]  # fmt: skip
    texts = standing_texts(seen.proceeding.chain) if kept else {}
    return {f.id: [_standing_row(f, row, texts, roles) for row in seen.facts.lists[f.id]] for f in kept}


def _standing_row(f: Field, row: Mapping[str, Any], texts: Mapping[str, str], roles: frozenset[str]) -> dict[str, Any]:
    found = {}
    for cell in f.fields:
        if cell.type in FILE_TYPES or not _is_read_by(cell, roles):
            continue
        is_text = cell.type in TEXT_TYPES
        value = texts.get(f"{f.id}.{row['no']}.{cell.id}") if is_text else as_entered(row.get(cell.id))
        if value is not None:
            found[cell.id] = _plain(value)
    return found


def _is_read_by(f: Field, roles: frozenset[str]) -> bool:
    return f.is_clear_to(roles) and (not f.seen_by or bool(roles.intersection(f.seen_by)))


def page_of(proceeding: Proceeding, pack: Pack) -> str:
    """The page on which a proceeding is read: a document has one of its own."""
    is_document = pack.reports.of_kind(proceeding.kind) is not None
    return reverse("document" if is_document else "proceeding", args=[proceeding.pk])


def _written(seen: ProceedingView, transition: Transition, form: Form) -> dict[str, str]:
    """The texts of a document, or of a form that is corrected, as they stand: its author goes on where the last one stopped.

    Left out is what the reader does not read in clear.
    """
    is_document = seen.pack.reports.of_kind(seen.proceeding.kind) is not None
    if not is_document and not _is_corrected(seen.kind, transition):
        return {}
    roles = seen.actor.roles
    names = {
        f.id for f in form.fields
        if f.type in TEXT_TYPES and _is_read_by(f, roles)
    }  # fmt: skip
    return {name: text for name, text in standing_texts(seen.proceeding.chain).items() if name in names}


def _is_corrected(kind: ProceedingKind, transition: Transition) -> bool:
    """Whether the step is to fill in again what another one was filled in with."""
    return transition.verb == "correct" and any(
        t.form == transition.form for t in kind.transitions if t.verb != "correct"
    )


def _author(form: Form, proceeding: Proceeding, pack: Pack, viewer: Viewer) -> dict[str, str]:
    """The name under which a document will stand: of whoever has the form before them, until another one is chosen."""
    found = pack.reports.of_kind(proceeding.kind)
    name = found[1].reporter if found else None
    return {name: str(viewer.person.pk)} if name and form.field(name) else {}


def _to_partner(form: Form, proceeding: Proceeding, facts: CaseFacts) -> dict[str, str]:
    """The registered address of the partner, where the form asks for one."""
    if form.field(EMAIL) is None and form.field(PHONE) is None:
        return {}
    return {name: text for name, text in address_to_propose(proceeding, facts).items() if form.field(name)}


def _plain(value: Any) -> Any:
    """A value as the control of a page holds it."""
    if isinstance(value, Mapping):
        return value.get("amount")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, list) else str(value)


def _filled(value: Any) -> Any:
    """A proposed value as the control of a page holds it; rows are lists of them."""
    if isinstance(value, list):
        return [{name: _plain(inner) for name, inner in row.items()} for row in value]
    return _plain(value)


@route(audience="staff", permission="visible", kind="case", methods=["GET", "POST"])
def begin_on_case(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The form that begins a proceeding on a case, with what the policy proposes filled in."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    pack = pack_of(case)
    facts = facts_at(case, viewer.now)
    possible = _possible(possible_on_case(pack, facts, actor_of(viewer, case)), kind)
    fills = offered_fills(possible, desk=case.desk, pack=pack, facts=facts, now=viewer.now)
    if possible.kind.library is not None:
        fills |= study_begun(CaseView(viewer, case), possible.kind.library)
    return answer_step(request, _beginning(viewer, case.desk, pack, possible, case, fills))


@route(audience="staff", permission="visible", kind="case", methods=["POST"])
def apply(request: HttpRequest, number: str, template: str) -> HttpResponse:
    """Begin a task for every step of a template of handling; back on the case they stand in its list."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    pack = pack_of(case)
    begun = apply_template(
        case, template, facts=facts_of(case), caller=viewer.caller(case.desk, pack), now=viewer.now
    )  # fmt: skip
    messages.success(
        request, ngettext("已下达 %(n)s 项任务。", "已下达 %(n)s 项任务。", len(begun)) % {"n": len(begun)}
    )
    return HttpResponseRedirect(reverse("case", args=[case.number]) + "?tab=proceedings")


@route(audience="staff", permission="signed_in", kind="none", methods=["GET", "POST"])
def begin_on_desk(request: HttpRequest, desk: str, kind: str) -> HttpResponse:
    """The form that begins a proceeding that stands by itself."""
    viewer = viewer_of(request)
    found, pack = desk_and_pack(viewer, desk)
    possible = _possible(possible_on_desk(viewer, found), kind)
    fills, said = proposed(viewer, found, kind, possible.kind, pack, request.GET.get("period", ""), viewer.now)
    return answer_step(request, _beginning(viewer, found, pack, possible, None, fills, said))


@route(audience="staff", permission="visible", kind="proceeding", methods=["GET", "POST"])
def begin_under(request: HttpRequest, key: uuid.UUID, kind: str) -> HttpResponse:
    """The form that begins a proceeding under another one, with what that one knows filled in."""
    seen = proceeding_view(request, key)
    possible = _possible(possible_under(seen.viewer, seen.proceeding), kind)
    form = possible.action.form
    fills = {
        **_standing(form, seen.facts.values),
        **taken_over(seen.viewer, seen.proceeding, possible.kind, form, pack=seen.pack, zone=seen.zone),
    }
    step = _beginning(
        seen.viewer, seen.proceeding.desk, seen.pack, possible, seen.proceeding.case, fills, parent=seen.proceeding
    )
    return answer_step(request, step)


def _possible(found: list[Possible], kind: str) -> Possible:
    possible = next((one for one in found if one.kind_id == kind), None)
    if possible is None:
        raise Http404
    return possible


def _beginning(
    viewer: Viewer, desk: Desk, pack: Pack, possible: Possible, case: Case | None, fills: Mapping[str, Any],
    said: str = "", parent: Proceeding | None = None,
) -> Step:  # fmt: skip
    def do(data: dict[str, Any], version: int) -> str:
        begun = begin_proceeding(
            Beginning(
                kind=possible.kind_id, desk=desk, case=case, version=version if case and not parent else None, data=data,
                caller=viewer.caller(desk, pack), now=viewer.now, local_zone=zone_of(pack), parent=parent,
            )
        )  # fmt: skip
        return page_of(parent or begun, pack)

    def drawing(form: Form) -> Drawing:
        known = (
            {DUE_BEFORE: moment_words(due, zone_of(pack), now=viewer.now)}
            if (due := due_now(case, possible.kind, pack, viewer.now))
            else {}
        )
        facts = CaseFacts(values=known, behind=facts_behind(case=case, parent=parent))
        return Drawing(pack=pack, facts=facts, now=viewer.now, zone=zone_of(pack), roles=frozenset(), desk=desk)

    answering = pack.head.care.answering(possible.action.verb, possible.kind_id)

    def beside(data: Mapping[str, Any]) -> dict[str, Any]:
        answers = answers_for_typed(viewer, desk, pack, answering, data)
        return {"answers": answers, "answers_form": "step-form", "answers_as_typed": True}

    def doubt(data: Mapping[str, Any]) -> str:
        name = str(data.get(possible.kind.title_from or "") or "").strip()
        twin = record_called(name, desk=desk, pack=pack, kind=possible.kind_id) if name else None
        if twin is None:
            return ""
        state = possible.kind.states.get(twin.state)
        named = {"name": name, "number": twin.number, "state": words(state.title) if state else twin.state}
        return gettext("已有同名的“%(name)s”（%(number)s，%(state)s）。确实不是同一个的，请再次提交。") % named

    title, action = words(possible.title), possible.action
    where = _where_begun(possible.kind_id, desk, case, parent)
    offer = possible.offer
    return Step(
        viewer=viewer, pack=pack, form=action.form, title=title,
        place=f"begin:{where.key}:{possible.kind_id}", address=where.address, back=where.back, desk=desk.code,
        version=case.version if case and not parent else 0, do=do, drawing=drawing, doubt=doubt, offline=possible.kind.offline,
        fills={name: _filled(value) for name, value in fills.items()},
        context=lambda: {
            "area": "proceedings", "about": where.about, "subject": where.subject,
            "offered": words(offer.say) if offer else said,
        },
        beside=beside if answering is not None else None,
        button=words(action.title) if action.title else button_of(action.verb),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a proceeding is begun: the key of its draft, its address, where it leads back, and what it is about."""

    key: str
    address: str
    back: str
    about: str
    subject: str


def _where_begun(kind: str, desk: Desk, case: Case | None, parent: Proceeding | None) -> _Where:
    if parent is not None:
        back, address = (reverse("proceeding", args=[parent.pk]), reverse("begin_under", args=[parent.pk, kind]))
        return _Where(str(parent.pk), address, back, parent.number, parent.subject)
    if case is not None:
        back = reverse("case", args=[case.number]) + "?tab=proceedings"
        return _Where(case.number, reverse("begin_on_case", args=[case.number, kind]), back, case.number, case.subject)
    address = reverse("begin_on_desk", args=[desk.code, kind])
    return _Where(desk.code, address, reverse("proceedings"), words(desk.called), "")
