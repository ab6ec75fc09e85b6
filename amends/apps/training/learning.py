"""Learning: a test is drawn and handed in once, a retake is another test, a new policy version is confirmed by those concerned."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from amends.apps.cases.numbers import next_number
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.ledger.actions import append_in_turn
from amends.apps.ledger.models import Chain
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force, read_version, version_in_force
from amends.apps.training.models import Assignment, Attempt, Confirmation, ModuleStudy
from amends.apps.training.queries import known_of
from amends.core.canonical import canonical_json
from amends.core.form_data import checked_text
from amends.core.policy.pack import Pack
from amends.core.policy.training import Module
from amends.core.refusals import CHOSEN, FieldError, InvalidData, NotVisible, Refusal, not_given
from amends.core.training import Marked, Owed, drawn, marked, standing

REASON_LENGTH = 200


class AlreadyHandedIn(Refusal):
    """A test counts once; trying again is another test. Source: EXP-9.1.1"""

    code = "already_handed_in"
    sentence = "这份试卷已经交过，成绩不能更改。需要重考的，请重新开始一次测试。"


class NoTriesLeft(Refusal):
    """So many tests in vain: a trainer looks at it first."""

    code = "no_tries_left"
    sentence = "“%(module)s”已测试 %(times)s 次仍未合格，请联系培训师重新安排后再考。"


class NothingToConfirm(Refusal):
    code = "nothing_to_confirm"
    sentence = "没有需要您确认的新版制度。"


@transaction.atomic
def give_module(
    desk: Desk, module: str, people: Sequence[Person], *, by: Person | None, now: datetime, due_on: date | None = None, reason: str = ""
) -> int:  # fmt: skip
    """Give people a module, also one that they have passed: from now on they are untrained until they pass it again.

    Returns to how many it was given. Raises InvalidData without people, for an unknown module and for a day that has passed.
    """
    pack = pack_in_force(desk, now)
    errors = []
    if module not in pack.training.modules:
        errors.append(FieldError("/module", "unknown_choice", {"field": "培训模块", "value": module[:60]}))
    if not people:
        errors.append(not_given("/person", "员工", way=CHOSEN))
    if due_on is not None and due_on < now.astimezone(ZoneInfo(pack.head.zone)).date():
        errors.append(FieldError("/due_on", "in_past", {"field": "完成期限"}))
    if errors:
        raise InvalidData(errors)
    why = checked_text(reason, pointer="/reason", field="原因", limit=REASON_LENGTH) if reason.strip() else ""
    for person in people:
        Assignment.objects.create(
            desk=desk, person=person, module=module, due_on=due_on, reason=why, given_at=now, given_by=by
        )
        _record(
            desk, person, "give_module", {"module": module, "due_on": due_on.isoformat() if due_on else None}, by, now
        )
    return len(people)


@transaction.atomic
def begin_test(desk: Desk, module: str, person: Person, *, now: datetime) -> Attempt:
    """A test for somebody: the one that they have not handed in yet, else a new one drawn by a seed of its own.

    Raises NotVisible for an unknown module, NoTriesLeft when the tests that the policy allows were taken in vain.
    """
    version = version_in_force(desk, now)
    pack = read_version(version.pk)
    wanted = _module(pack, module)
    # Two windows at once begin one test: the second waits here until the first has drawn it.
    Person.objects.filter(pk=person.pk).update(name=F("name"))
    waiting = Attempt.objects.filter(desk=desk, person=person, module=module, answered_at=None, pack=version).first()
    if waiting is not None:
        return waiting
    known = known_of(desk, pack, [person.pk], now=now).of(person.pk, module)
    if standing(wanted, known, version=pack.version, now=now) is Owed.NO_TRIES:
        raise NoTriesLeft(module=wanted.title, times=wanted.attempts)
    seed = secrets.token_hex(8)
    asked = drawn(pack.training.banks[wanted.bank], wanted.draw, seed)
    attempt = Attempt.objects.create(
        desk=desk, person=person, pack=version, module=module, seed=seed, questions=canonical_json(asked), begun_at=now
    )
    payload = {"module": module, "attempt": str(attempt.pk), "seed": seed, "questions": asked, "version": pack.version}
    _record(desk, person, "begin_test", payload, person, now)
    return attempt


@transaction.atomic
def hand_in(attempt: Attempt, answers: Mapping[str, Sequence[str]], *, now: datetime) -> Marked:
    """Mark a test that was filled in; who passes gets a number for the certificate, and with it confirms the version it was about.

    Raises AlreadyHandedIn the second time, InvalidData at every question left open or answered with what it does not offer.
    """
    pack = read_version(attempt.pack_id)
    module = _module(pack, attempt.module)
    bank = pack.training.banks[module.bank]
    if attempt.answered_at is not None:
        raise AlreadyHandedIn
    given = _checked(attempt, answers, pack, module)
    result = marked(module, bank, attempt.asked, given)
    if not Attempt.objects.filter(pk=attempt.pk, answered_at=None).update(
        answered_at=now,
        answers=canonical_json(given),
        right=len(result.right),
        score=result.score,
        passed=result.passed,
    ):
        raise AlreadyHandedIn
    payload: dict[str, Any] = {
        "module": attempt.module, "attempt": str(attempt.pk), "answers": given, "right": len(result.right),
        "asked": result.asked, "score": result.score, "passed": result.passed,
    }  # fmt: skip
    if result.passed:
        day = now.astimezone(ZoneInfo(pack.head.zone)).date()
        payload["certificate"] = next_number(pack.training.certificate, day=day)
        Attempt.objects.filter(pk=attempt.pk).update(certificate=payload["certificate"])
        _confirm(attempt.desk, attempt.person, attempt.module, pack.version, now)
    _record(attempt.desk, attempt.person, "hand_in_test", payload, attempt.person, now)
    attempt.refresh_from_db()
    return result


def _checked(
    attempt: Attempt, answers: Mapping[str, Sequence[str]], pack: Pack, module: Module
) -> dict[str, list[str]]:
    questions = {question.id: question for question in pack.training.banks[module.bank].questions}
    given, errors = {}, []
    for name in attempt.asked:
        question, chosen = questions[name], sorted(set(answers.get(name, ())))
        allowed = set(question.options) or {"yes", "no"}
        if not chosen:
            errors.append(FieldError(f"/{name}", "unanswered"))
        elif not set(chosen) <= allowed or (question.type != "several" and len(chosen) > 1):
            errors.append(
                FieldError(f"/{name}", "unknown_choice", {"field": question.title, "value": ",".join(chosen)[:60]})
            )
        given[name] = chosen
    if errors:
        raise InvalidData(errors)
    return given


@transaction.atomic
def confirm_version(desk: Desk, person: Person, *, now: datetime) -> int:
    """Somebody confirms the policy version in force for every module that asks for it. Raises NothingToConfirm. Source: EXP-9.1.4"""
    pack = pack_in_force(desk, now)
    known = known_of(desk, pack, [person.pk], now=now)
    owed = [
        name
        for name, module in pack.training.modules.items()
        if standing(module, known.of(person.pk, name), version=pack.version, now=now) is Owed.CONFIRM
    ]
    if not owed:
        raise NothingToConfirm
    for name in owed:
        _confirm(desk, person, name, pack.version, now)
    _record(desk, person, "confirm_policy", {"modules": owed, "version": pack.version}, person, now)
    return len(owed)


def _confirm(desk: Desk, person: Person, module: str, version: int, now: datetime) -> None:
    Confirmation.objects.get_or_create(
        desk=desk, person=person, module=module, version=version, defaults={"confirmed_at": now}
    )


@transaction.atomic
def add_study(desk: Desk, module: str, number: str, *, by: Person, now: datetime) -> ModuleStudy:
    """Add a published case study to a module. Raises InvalidData where the module takes none, or there is no such study. Source: EXP-9.1.3"""
    pack = pack_in_force(desk, now)
    rule = pack.training.studies
    wanted = pack.training.modules.get(module)
    if rule is None or wanted is None or not wanted.studies:
        raise InvalidData([FieldError("/module", "unknown_choice", {"field": "培训模块", "value": module[:60]})])
    study = Proceeding.objects.filter(
        desk=desk, kind=rule.proceeding, state__in=rule.states, number=number.strip()
    ).first()
    if study is None:
        raise InvalidData([FieldError("/study", "no_such_study", {"value": number.strip()[:40]})])
    added, is_new = ModuleStudy.objects.get_or_create(
        desk=desk, module=module, study=study, defaults={"added_at": now, "added_by": by}
    )
    if is_new:
        append_in_turn(
            chain_key=f"desk:{desk.code}", chain_kind=Chain.Kind.DESK, kind="add_study", at=now, recorded_at=now,
            actor=by.actor_id, payload={"module": module, "study": study.number},
        )  # fmt: skip
    return added


def _module(pack: Pack, name: str) -> Module:
    found = pack.training.modules.get(name)
    if found is None:
        raise NotVisible
    return found


def _record(desk: Desk, person: Person, kind: str, payload: dict[str, Any], by: Person | None, now: datetime) -> None:
    append_in_turn(
        chain_key=f"training:{desk.code}:{person.pk}", chain_kind=Chain.Kind.DESK, kind=kind, at=now, recorded_at=now,
        actor=by.actor_id if by else "system", payload=payload,
    )  # fmt: skip
