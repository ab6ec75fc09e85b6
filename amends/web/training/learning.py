"""What somebody has to learn: their modules, material and case studies, the test, the certificate, and the desk for practice."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.policies.actions import open_practice_desk
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import practice_desks, read_version
from amends.apps.training.effect import today_of
from amends.apps.training.learning import begin_test, confirm_version, hand_in
from amends.apps.training.models import Attempt
from amends.apps.training.queries import (
    Duty,
    Session,
    attempt_of,
    desks_learnt_on,
    duties_of,
    participation_of,
    sessions_of,
    studies_in,
    study_for,
)
from amends.core.policy.pack import Pack
from amends.core.policy.training import ExamQuestion
from amends.core.refusals import InvalidData, Refusal
from amends.core.training import NO, YES, Owed, options_in_order
from amends.doors.files import as_attachment
from amends.doors.papers.press import pdf_of
from amends.doors.routes import route
from amends.doors.training import certificate_of, owed_words, percent_words
from amends.doors.wording import faults, said, words
from amends.web.viewing import PRACTISING, is_practising, viewer_of, zone_of


def learner_of(request: HttpRequest) -> Viewer:
    """The viewer at work: what somebody learns is theirs for good, also when they open it while they practise."""
    viewer = viewer_of(request)
    return Viewer(person=viewer.person, now=viewer.now) if viewer.practising else viewer


@dataclass(frozen=True, slots=True)
class DeskOfLearner:
    """A desk as its learner sees it: what they owe, what they attended, and the tests they passed."""

    desk: Desk
    pack: Pack
    zone: Any
    duties: list[tuple[Duty, str]]
    confirms: list[Duty]
    coming: list[Session]
    past: list[tuple[Session, Any]]
    participation: Any
    attendance: str
    passed: list[tuple[Attempt, str]]
    practises: bool

    @property
    def left(self) -> int:
        return sum(1 for duty, _ in self.duties if duty.owed is not Owed.PASSED)


@route(audience="staff", permission="signed_in", kind="training")
def mine(request: HttpRequest) -> HttpResponse:
    """The viewer's own training, and nobody else's."""
    viewer = learner_of(request)
    places = [_place(request, desk, pack) for desk, pack in desks_learnt_on(viewer).items()]
    return render(request, "training/mine.html", {"area": "training", "places": places})


def _place(request: HttpRequest, desk: Desk, pack: Pack) -> DeskOfLearner:
    viewer = learner_of(request)
    duties = duties_of(desk, pack, [viewer.person], now=viewer.now)
    sessions, today = sessions_of(desk, pack, person=viewer.person.pk), today_of(pack, viewer.now)
    taking_part = participation_of(sessions, viewer.person.pk, pack.training.sessions)
    passed = Attempt.objects.filter(desk=desk, person=viewer.person, passed=True).order_by("-answered_at")
    modules = pack.training.modules
    return DeskOfLearner(
        desk, pack, zone_of(pack), [(duty, owed_words(duty.owed)) for duty in duties],
        [duty for duty in duties if duty.owed is Owed.CONFIRM],
        [one for one in sessions if not one.is_held and one.row.is_open and (one.day or date.max) >= today],
        [(one, one.place_of(viewer.person.pk)) for one in sessions if one.is_held],
        taking_part, percent_words(taking_part.rate),
        [(row, words(modules[row.module].title) if row.module in modules else row.module) for row in passed],
        any(module.practice for module in modules.values()) and viewer.works_on(desk),
    )  # fmt: skip


def _desk(request: HttpRequest, code: str) -> tuple[Desk, Pack]:
    found = next(((d, p) for d, p in desks_learnt_on(learner_of(request)).items() if d.code == code), None)
    if found is None:
        raise Http404
    return found


@route(audience="staff", permission="signed_in", kind="training")
def module(request: HttpRequest, desk: str, name: str) -> HttpResponse:
    """The material of a module, its exercises and case studies, and where the viewer stands with it."""
    viewer = learner_of(request)
    place, pack = _desk(request, desk)
    wanted = pack.training.modules.get(name)
    if wanted is None:
        raise Http404
    duty = next((one for one in duties_of(place, pack, [viewer.person], now=viewer.now) if one.name == name), None)
    tests = Attempt.objects.filter(desk=place, person=viewer.person, module=name).order_by("-begun_at")
    context = {
        "area": "training", "desk": place, "name": name, "module": wanted, "duty": duty, "zone": zone_of(pack),
        "owed": owed_words(duty.owed) if duty else "", "tests": list(tests[:20]), "studies": studies_in(place, name),
        "asked": min(wanted.draw, len(pack.training.banks[wanted.bank].questions)), "works_here": viewer.works_on(place),
    }  # fmt: skip
    return render(request, "training/module.html", context)


@route(audience="staff", permission="signed_in", kind="training", methods=["POST"])
def begin(request: HttpRequest, desk: str, name: str) -> HttpResponse:
    """Begin a test of a module, or go on with the one that was not handed in."""
    viewer = learner_of(request)
    place, pack = _desk(request, desk)
    if name not in pack.training.modules:
        raise Http404
    try:
        attempt = begin_test(place, name, viewer.person, now=viewer.now)
    except Refusal as refusal:
        context = {"area": "training", "sentence": said(refusal), "back": reverse("training_module", args=[desk, name])}
        return render(request, "training/refused.html", context, status=refusal.status)
    return HttpResponseRedirect(reverse("training_test", args=[attempt.pk]))


@route(audience="staff", permission="signed_in", kind="training", methods=["POST"])
def confirm(request: HttpRequest, desk: str) -> HttpResponse:
    """Confirm the version of the policy in force."""
    viewer = learner_of(request)
    place, _ = _desk(request, desk)
    try:
        confirm_version(place, viewer.person, now=viewer.now)
    except Refusal as refusal:
        context = {"area": "training", "sentence": said(refusal), "back": reverse("my_training")}
        return render(request, "training/refused.html", context, status=refusal.status)
    messages.success(request, gettext("已确认知悉新版制度。"))
    return HttpResponseRedirect(reverse("my_training"))


@dataclass(frozen=True, slots=True)
class Shown:
    """A question on the page: its options in the order of this test, what was chosen, what is wrong, and once marked what is right."""

    question: ExamQuestion
    options: list[tuple[str, str]]
    chosen: frozenset[str]
    errors: list[str]
    is_right: bool

    @property
    def answer(self) -> str:
        return "、".join(title for code, title in self.options if code in self.question.right)


@route(audience="staff", permission="signed_in", kind="training", methods=["GET", "POST"])
def test(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """A test: filled in once by whoever it was drawn for, then read with the right answers."""
    viewer = learner_of(request)
    attempt = attempt_of(viewer, key)
    is_own = attempt.person_id == viewer.person.pk
    if request.method != "POST":
        return render(request, "training/test.html", _test(attempt, {}, {}, is_own=is_own))
    if not is_own:
        raise Http404
    answers = {name: request.POST.getlist(name) for name in attempt.asked}
    try:
        result = hand_in(attempt, answers, now=viewer.now)
    except InvalidData as refusal:
        return render(request, "training/test.html", _test(attempt, answers, faults(refusal), is_own=True), status=422)
    except Refusal as refusal:
        attempt.refresh_from_db()
        context = _test(attempt, {}, {}, is_own=True) | {"trouble": said(refusal)}
        return render(request, "training/test.html", context, status=refusal.status)
    done = gettext("已合格，证书可以打印。") if result.passed else gettext("没有达到合格线，可以看完解析后重新测试。")
    messages.success(request, done)
    return HttpResponseRedirect(reverse("training_test", args=[attempt.pk]))


def _test(attempt: Attempt, typed: dict[str, list[str]], wrong: Any, *, is_own: bool) -> dict[str, Any]:
    pack = read_version(attempt.pack_id)
    wanted = pack.training.modules[attempt.module]
    questions = {question.id: question for question in pack.training.banks[wanted.bank].questions}
    given = attempt.given if attempt.answered_at else typed
    shown = []
    for name in attempt.asked:
        question, chosen = questions[name], frozenset(given.get(name, ()))
        titles = {code: words(title) for code, title in question.options.items()} or {
            YES: gettext("对"),
            NO: gettext("错"),
        }
        options = [(code, titles[code]) for code in options_in_order(question, attempt.seed)]
        shown.append(Shown(question, options, chosen, list(wrong.get(name, ())), chosen == frozenset(question.right)))
    return {
        "area": "training", "attempt": attempt, "module": wanted, "sheet": shown, "is_own": is_own, "zone": zone_of(pack),
        "errors": sum(1 for one in shown if one.errors), "faults": wrong,
    }  # fmt: skip


@route(audience="staff", permission="signed_in", kind="training")
def certificate(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The certificate of a passed test as PDF."""
    viewer = learner_of(request)
    attempt = attempt_of(viewer, key)
    if not attempt.passed:
        raise Http404
    sheet = certificate_of(attempt, read_version(attempt.pack_id), viewer=viewer)
    response = HttpResponse(pdf_of(sheet), content_type="application/octet-stream")
    return as_attachment(response, f"{attempt.certificate}.pdf")


@route(audience="staff", permission="signed_in", kind="training")
def study(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """A case study of a module, as published: without names and without the way to its case."""
    row, texts = study_for(learner_of(request), key)
    return render(request, "training/study.html", {"area": "training", "study": row, "texts": texts})


@route(audience="staff", permission="signed_in", kind="training", methods=["POST"])
def practise(request: HttpRequest) -> HttpResponse:
    """Go over to the desks for practice, or back to work. While somebody practises, nothing that is live is within reach."""
    if is_practising(request) or request.POST.get("do") == "end":
        request.session.pop(PRACTISING, None)
        messages.success(request, gettext("练习已结束，回到正式工作。"))
        return HttpResponseRedirect(reverse("my_training"))
    viewer = learner_of(request)
    desks = [desk for desk, pack in desks_learnt_on(viewer).items() if viewer.works_on(desk) and _practises(pack)]
    if not desks:
        raise Http404
    present = set(practice_desks().values_list("practice_of", flat=True))
    for desk in desks:
        if desk.pk not in present:
            open_practice_desk(desk, now=viewer.now, actor=viewer.person.actor_id)
    request.session[PRACTISING] = True
    return HttpResponseRedirect(reverse("queue"))


def _practises(pack: Pack) -> bool:
    return any(module.practice for module in pack.training.modules.values())
