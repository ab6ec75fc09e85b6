"""Training as those see it who look after it: sessions, who is untrained, records, the effect of a session, quality checks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.timeline import proceeding_entries
from amends.apps.cases.queries import Viewer, desks_with_right, visible_among
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import read_version
from amends.apps.reporting.figures import Figure
from amends.apps.training.effect import effect_of, today_of
from amends.apps.training.learning import add_study, give_module
from amends.apps.training.models import Attempt
from amends.apps.training.performance import sample_of
from amends.apps.training.queries import (
    TRAINING,
    Duty,
    Session,
    desks_learnt_on,
    duties_of,
    participation_of,
    people_of,
    person_of,
    session_in,
    sessions_of,
    studies_in,
)
from amends.core.periods import Period, month_of
from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted, NotVisible
from amends.core.training import Owed, mean_of
from amends.doors.figures import value_words
from amends.doors.files import as_attachment
from amends.doors.papers.formats import day_in_print
from amends.doors.papers.press import pdf_of
from amends.doors.routes import route
from amends.doors.training import owed_words, percent_words, record_sheet_of
from amends.doors.wording import faults, words
from amends.web.forms.drawing import Choice
from amends.web.viewing import viewer_of, zone_of

SESSIONS_SHOWN = 50
PEOPLE_SHOWN = 20


def _trained_desks(request: HttpRequest) -> dict[Desk, Pack]:
    desks = desks_with_right(viewer_of(request), TRAINING)
    if not desks:
        raise NotPermitted(verb="安排和评估培训")
    return desks


def _desk(request: HttpRequest, code: str = "") -> tuple[Desk, Pack, dict[Desk, Pack]]:
    desks = _trained_desks(request)
    wanted = code or request.GET.get("desk", "")
    found = next((desk for desk in desks if desk.code == wanted), None)
    if found is None and wanted:
        raise Http404
    found = found or next((desk for desk, pack in desks.items() if pack.training.modules), next(iter(desks)))
    return found, desks[found], desks


@route(audience="staff", permission="training", kind="training")
def overview(request: HttpRequest) -> HttpResponse:
    """Sessions, the people who are not trained by role and module, and those who have not confirmed the policy in force."""
    desk, pack, desks = _desk(request)
    return _overview(request, desk, pack, desks)


def _overview(request: HttpRequest, desk: Desk, pack: Pack, desks: Mapping[Desk, Pack], **more: Any) -> HttpResponse:
    viewer = viewer_of(request)
    role, module = request.GET.get("role", ""), request.GET.get("module", "")
    people = people_of(desk, now=viewer.now, role=role)
    duties = [one for one in duties_of(desk, pack, people, now=viewer.now) if module in ("", one.name)]
    untrained = [one for one in duties if not one.is_trained]
    page = Paginator(untrained, PEOPLE_SHOWN).get_page(request.GET.get("page"))
    rule = pack.training.sessions
    context = {
        "area": "trainings", "desk": desk, "desks": _choices(desks, desk), "zone": zone_of(pack), "pack": pack,
        "tab": "overview", "kind": rule.proceeding if rule else "", "sessions": _session_lines(desk, pack),
        "counts": _counts(duties), "page": page, "untrained": [(one, owed_words(one.owed)) for one in page.object_list],
        "unconfirmed": [one for one in duties if one.owed is Owed.CONFIRM], "role": role, "module": module,
        "roles": [(name, words(held.title)) for name, held in pack.roles.roles.items() if _is_taught(pack, name)],
        "modules": [(name, one) for name, one in pack.training.modules.items()],
        "people": people_of(desk, now=viewer.now) if role else people,
        "studies": [(one, name, studies_in(desk, name)) for name, one in pack.training.modules.items() if one.studies],
        "typed": {}, "faults": {}, **more,
    }  # fmt: skip
    return render(request, "training/overview.html", context, status=422 if more.get("faults") else 200)


def _is_taught(pack: Pack, role: str) -> bool:
    return any(role in module.for_ for module in pack.training.modules.values())


def _choices(desks: Mapping[Desk, Pack], chosen: Desk) -> list[Choice]:
    return [Choice(desk.code, words(desk.called), is_chosen=desk == chosen) for desk in desks]


def _counts(duties: list[Duty]) -> list[tuple[str, int, int, int, str]]:
    """For each module how many are concerned, trained and not, and the share trained."""
    found: dict[str, list[bool]] = {}
    titles = {duty.name: words(duty.module.title) for duty in duties}
    for duty in duties:
        found.setdefault(duty.name, []).append(duty.is_trained)
    return [
        (titles[name], len(all_of), sum(all_of), len(all_of) - sum(all_of), f"{sum(all_of) * 100 // len(all_of)}%")
        for name, all_of in found.items()
    ]


def _session_lines(desk: Desk, pack: Pack) -> list[tuple[Session, str, str, str]]:
    """Each session with its modules, who came of those invited, and its state in words."""
    rule = pack.training.sessions
    if rule is None:
        return []
    kind = pack.proceedings[rule.proceeding]
    lines = []
    for one in sessions_of(desk, pack)[:SESSIONS_SHOWN]:
        came = f"{len(one.attendees())} / {len(one.places)}" if one.is_held else f"— / {len(one.places)}"
        state = kind.states.get(one.row.state)
        lines.append((one, module_words(pack, one.modules), came, words(state.title) if state else one.row.state))
    return lines


def module_words(pack: Pack, names: tuple[str, ...]) -> str:
    known = pack.training.modules
    return "、".join(words(known[name].title) if name in known else name for name in names)


@route(audience="staff", permission="training", kind="training", methods=["POST"])
def give(request: HttpRequest, desk: str) -> HttpResponse:
    """Give a module to people; what is wrong is said at its field."""
    place, pack, desks = _desk(request, desk)
    viewer, sent = viewer_of(request), request.POST
    known = {person.pk: person for person in people_of(place, now=viewer.now)}
    chosen = [known[int(key)] for key in sent.getlist("person") if key.isdecimal() and int(key) in known]
    try:
        count = give_module(
            place, sent.get("module", ""), chosen, by=viewer.person, now=viewer.now, due_on=_day_in(sent.get("due_on", "")),
            reason=sent.get("reason", ""),
        )  # fmt: skip
    except InvalidData as refusal:
        typed = {**sent.dict(), "people": [person.pk for person in chosen]}
        return _overview(request, place, pack, desks, faults=faults(refusal), typed=typed)
    messages.success(request, gettext("已安排 %(n)s 人学习。") % {"n": count})
    return HttpResponseRedirect(f"{reverse('training_overview')}?desk={place.code}")


def _day_in(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidData([FieldError("/due_on", "bad_date", {"field": "完成期限"})]) from None


@route(audience="staff", permission="training", kind="training", methods=["POST"])
def study(request: HttpRequest, desk: str) -> HttpResponse:
    """Add a published case study to a module."""
    place, pack, desks = _desk(request, desk)
    viewer, sent = viewer_of(request), request.POST
    try:
        add_study(place, sent.get("module", ""), sent.get("study", ""), by=viewer.person, now=viewer.now)
    except InvalidData as refusal:
        return _overview(request, place, pack, desks, faults=faults(refusal), typed=sent.dict())
    messages.success(request, gettext("案例已加入培训模块。"))
    return HttpResponseRedirect(f"{reverse('training_overview')}?desk={place.code}")


# A person


@route(audience="staff", permission="signed_in", kind="training")
def record(request: HttpRequest, desk: str, pk: int) -> HttpResponse:
    """The training record of a person: their own, or for whoever looks after training on the desk."""
    return render(request, "training/record.html", {"area": "trainings", **_record(request, desk, pk)})


def _record(request: HttpRequest, code: str, pk: int) -> dict[str, Any]:
    viewer = viewer_of(request)
    trained = {desk.code: (desk, pack) for desk, pack in desks_with_right(viewer, TRAINING).items()}
    own = {desk.code: (desk, pack) for desk, pack in desks_learnt_on(viewer).items()} if pk == viewer.person.pk else {}
    found = trained.get(code) or own.get(code)
    if found is None:
        raise NotVisible
    desk, pack = found
    person = viewer.person if pk == viewer.person.pk else person_of(desk, pk, now=viewer.now)
    sessions = sessions_of(desk, pack, person=pk)
    taking_part = participation_of(sessions, pk, pack.training.sessions)
    tests = Attempt.objects.filter(desk=desk, person=person, answered_at__isnull=False).order_by("-answered_at")
    modules = pack.training.modules
    return {
        "desk": desk, "pack": pack, "person": person, "zone": zone_of(pack), "participation": taking_part,
        "attendance": percent_words(taking_part.rate), "is_own": pk == viewer.person.pk, "may_train": code in trained,
        "duties": [(one, owed_words(one.owed)) for one in duties_of(desk, pack, [person], now=viewer.now)],
        "sessions": [(one, module_words(pack, one.modules), one.place_of(pk)) for one in sessions],
        "tests": [(row, words(modules[row.module].title) if row.module in modules else row.module) for row in tests],
    }  # fmt: skip


@route(audience="staff", permission="signed_in", kind="training")
def record_paper(request: HttpRequest, desk: str, pk: int) -> HttpResponse:
    """The training record on paper."""
    found = _record(request, desk, pk)
    zone, pack = found["zone"], found["pack"]
    yes, no = gettext("到场"), gettext("缺席")
    tables = [
        (gettext("培训模块"), [gettext("模块"), gettext("状态"), gettext("合格日期")], [[words(one.module.title), owed, _on(one.known.passed_at, zone)] for one, owed in found["duties"]]),
        (gettext("培训场次"), [gettext("主题"), gettext("日期"), gettext("出勤"), gettext("成绩"), gettext("参与程度")], [[one.row.subject, day_in_print(one.day) if one.day else "", "—" if place.attended is None else yes if place.attended else no, _or_dash(place.result), _or_dash(place.involvement)] for one, _, place in found["sessions"]]),
        (gettext("测试"), [gettext("模块"), gettext("日期"), gettext("成绩"), gettext("证书编号")], [[title, _on(row.answered_at, zone), f"{row.score}", row.certificate or "—"] for row, title in found["tests"]]),
    ]  # fmt: skip
    sheet = record_sheet_of(found["desk"], pack, found["person"], tables, viewer=viewer_of(request))
    response = HttpResponse(pdf_of(sheet), content_type="application/octet-stream")
    return as_attachment(response, f"training-{found['person'].username}.pdf")


def _on(moment: Any, zone: Any) -> str:
    return day_in_print(moment.astimezone(zone).date()) if moment else "—"


def _or_dash(value: Any) -> str:
    return "—" if value is None else f"{value}"


# A session


@route(audience="staff", permission="training", kind="training", methods=["GET", "POST"])
def session(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """A session: who came, how it was judged, what changed afterwards, and whether a refresher is due. Posted, it is given."""
    viewer = viewer_of(request)
    desk, pack, one = _session(viewer, key)
    if request.method != "POST":
        return render(request, "training/session.html", _shown(viewer, desk, pack, one))
    people = list(Person.objects.filter(pk__in=one.attendees()))
    reason = gettext("复训：%(title)s（%(number)s）") % {"title": one.row.subject, "number": one.row.number}
    try:
        for name in one.modules:
            give_module(
                desk,
                name,
                people,
                by=viewer.person,
                now=viewer.now,
                due_on=_day_in(request.POST.get("due_on", "")),
                reason=reason,
            )
    except InvalidData as refusal:
        context = _shown(viewer, desk, pack, one) | {"faults": faults(refusal), "typed": request.POST}
        return render(request, "training/session.html", context, status=422)
    messages.success(request, gettext("已安排 %(n)s 人复训。") % {"n": len(people)})
    return HttpResponseRedirect(reverse("training_session", args=[key]))


def _session(viewer: Viewer, key: uuid.UUID) -> tuple[Desk, Pack, Session]:
    row = Proceeding.objects.select_related("desk", "chain", "pack").filter(pk=key).first()
    desks = desks_with_right(viewer, TRAINING)
    rule = desks[row.desk].training.sessions if row is not None and row.desk in desks else None
    if row is None or rule is None or row.kind != rule.proceeding:
        raise NotVisible
    return row.desk, desks[row.desk], session_in(row, rule)


def _shown(viewer: Viewer, desk: Desk, pack: Pack, one: Session) -> dict[str, Any]:
    own = read_version(one.row.pack_id)
    rule = pack.training.sessions
    roles = frozenset(own.roles.roles)
    entries = proceeding_entries(one.row, own, roles=roles)
    records = [entry for entry in entries if rule and entry.form_id in rule.records]
    people = Person.objects.select_related("department").in_bulk([place.person for place in one.places])
    effect = effect_of(viewer, desk, pack, one) if one.is_held else None
    came = [place for place in one.places if place.attended]
    state = own.proceedings[one.row.kind].states.get(one.row.state)
    kinds = {form: words(own.forms[form].title) for form in (rule.records if rule else ()) if form in own.forms}
    return {
        "area": "trainings", "desk": desk, "pack": pack, "zone": zone_of(pack), "one": one, "row": one.row,
        "state": words(state.title) if state else one.row.state, "modules": module_words(pack, one.modules),
        "places": [(people[place.person], place) for place in one.places if place.person in people], "came": len(came),
        "mean_result": mean_of([place.result for place in came if place.result is not None]),
        "mean_involvement": mean_of([place.involvement for place in came if place.involvement is not None]),
        "best": rule.best_involvement if rule else 5,
        "records": [(kinds[form], [e for e in records if e.form_id == form]) for form in kinds],
        "evaluated": one.values.get(rule.evaluated) if rule and rule.evaluated else None,
        "children": list(one.row.children.order_by("begun_at")), "effect": effect,
        "changes": [(c, value_words(c.before), value_words(c.after)) for c in effect.changes] if effect else [],
        "by_person": _by_person(effect) if effect else [], "tracked": _tracked(effect) if effect else [],
        "fallen": [words(indicator.title) for indicator in effect.fallen] if effect else [],
        "margin": pack.training.effect.margin, "usual_due": today_of(pack, viewer.now) + timedelta(days=14),
        "faults": {}, "typed": {},
    }  # fmt: skip


def _by_person(effect: Any) -> list[tuple[Person, list[tuple[Any, str, str]]]]:
    return [
        (person, [(change, value_words(change.before), value_words(change.after)) for change in changes])
        for person, changes in effect.by_person
    ]


def _tracked(effect: Any) -> list[tuple[Any, list[tuple[str, str, int, bool]]]]:
    """Each date with the values of the indicators in order: what it is, in words, their count, and whether it fell."""
    return [(one, [_one_tracked(f, one.fallen) for f in one.values]) for one in effect.tracked]


def _one_tracked(one: Figure, fallen: Sequence[Indicator]) -> tuple[str, str, int, bool]:
    indicator = one.question.indicator
    return words(indicator.title), value_words(one), one.result.sample, indicator in fallen


# Quality


@route(audience="staff", permission="training", kind="training")
def quality(request: HttpRequest) -> HttpResponse:
    """The closed cases that were drawn in a month, who is to score them, and the quality value of each person."""
    viewer = viewer_of(request)
    desk, pack, desks = _desk(request)
    period = month_in(request.GET.get("month", ""), pack, viewer)
    drawn = sample_of(desk, pack, period)
    seen = visible_among(viewer, [str(one.case.pk) for one in drawn])
    values: dict[Person, list[Any]] = {}
    for one in drawn:
        if one.checked is not None and one.case.handler is not None:
            values.setdefault(one.case.handler, []).append(one.checked.value)
    rule = pack.training.quality
    page = Paginator(drawn, PEOPLE_SHOWN).get_page(request.GET.get("page"))
    context = {
        "area": "trainings", "tab": "quality", "desk": desk, "desks": _choices(desks, desk), "pack": pack, "zone": zone_of(pack),
        "rule": rule, "period": period, "page": page, "drawn": len(drawn), "scored": sum(1 for one in drawn if one.checked),
        "lines": [(one, str(one.case.pk) in seen) for one in page.object_list],
        "values": [(person, mean_of(scores), len(scores)) for person, scores in sorted(values.items(), key=lambda one: one[0].sort_key)],
        "month": f"{period.first:%Y-%m}",
    }  # fmt: skip
    return render(request, "training/quality.html", context)


def month_in(text: str, pack: Pack, viewer: Viewer) -> Period:
    """A month as written, 2026-03; the present one where none is. Raises Http404."""
    if not text:
        return month_of(today_of(pack, viewer.now))
    try:
        return month_of(date.fromisoformat(f"{text}-01"))
    except ValueError:
        raise Http404 from None
