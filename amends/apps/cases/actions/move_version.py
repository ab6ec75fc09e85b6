"""Moving open cases to another version of their policy: listed, previewed, done in batches, taken back the same way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, QuerySet

from amends.apps.cases.actions.perform import Wish, append_and_follow, as_stored, facts_known
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case, MovedCase, VersionMove
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import open_proceedings
from amends.apps.cases.queries import open_cases
from amends.apps.deferred.actions import enqueue
from amends.apps.ledger.actions import append_in_turn
from amends.apps.people.directory import OrganisationOfDesk, standing_of
from amends.apps.people.models import Person
from amends.apps.people.rights import Ground, standing_with
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import pack_in_force, read_version
from amends.core.directory import Caller
from amends.core.moving import CanNotMove, Hindrance, decide_move, decide_to_follow
from amends.core.policy.base import Title
from amends.core.refusals import NotPermitted, Refusal, Stale
from amends.core.roles import actor_on_case
from amends.core.verbs import MOVE_VERSION, VERBS

RIGHT = "manage_pack"
JOB = "move_cases"
LISTED_AT_ONCE = 1000


class NothingToMove(Refusal):
    """No open case of the desk stands under another version."""

    code = "nothing_to_move"
    status = 409
    sentence = "没有需要改用这个版本的未结个案。"


class NotReversible(Refusal):
    """The move is still going on, or was taken back already."""

    code = "not_reversible"
    status = 409
    sentence = "这次改用还在进行，或者已经撤回，不能再撤回。"


def cases_to_move(desk: Desk, to: PackVersion, *, source: int | None = None) -> QuerySet[Case]:
    """The open cases of a desk that stand under another version of its policy, or under that `source` version."""
    cases = open_cases(Case.objects.filter(desk=desk, pack__pack_id=to.pack_id)).exclude(pack=to)
    return cases if source is None else cases.filter(pack__version=source)


@transaction.atomic
def begin_move(
    *, desk: Desk, to: PackVersion, caller: Caller, now: datetime, source: int | None = None
) -> VersionMove:  # fmt: skip
    """List every open case that is to move and hand the list to the worker; recorded on the desk's chain.

    Raises NotPermitted without the right to manage the policy, NothingToMove when the list would be empty.
    """
    _refuse_without_right(desk, caller, now)
    rows = list(cases_to_move(desk, to, source=source).order_by("received_at", "pk").values_list("pk", "pack_id"))
    if not rows:
        raise NothingToMove
    move = VersionMove.objects.create(desk=desk, to=to, begun_by=caller.id, begun_at=now)
    return _listed(move, [(case, before, to.pk) for case, before in rows], now=now)


@transaction.atomic
def begin_reversal(move: VersionMove, *, caller: Caller, now: datetime) -> VersionMove:
    """List the cases that a move moved, to move each back to the version it came from.

    Raises NotPermitted, and NotReversible while the move is going on or once it was taken back.
    """
    _refuse_without_right(move.desk, caller, now)
    if move.finished_at is None or move.reverses_id is not None or VersionMove.objects.filter(reverses=move).exists():
        raise NotReversible
    moved = move.cases.filter(state=MovedCase.State.MOVED).order_by("pk")
    rows = list(moved.values_list("case_id", "after_id", "before_id"))
    if not rows:
        raise NothingToMove
    back = VersionMove.objects.create(desk=move.desk, reverses=move, begun_by=caller.id, begun_at=now)
    return _listed(back, rows, now=now)


def _listed(move: VersionMove, rows: Sequence[tuple[UUID, int, int]], *, now: datetime) -> VersionMove:
    listed = [MovedCase(move=move, case_id=case, before_id=before, after_id=after) for case, before, after in rows]
    MovedCase.objects.bulk_create(listed, batch_size=LISTED_AT_ONCE)
    to = move.to.version if move.to else None
    _record(move, "move_begun", {"move": move.pk, "to": to, "reverses": move.reverses_id, "cases": len(rows)}, now=now)
    enqueue(JOB, {"move": move.pk}, now=now)
    return move


def work_off(move: VersionMove, *, now: datetime, most: int) -> bool:
    """Move at most `most` of the cases that wait, each in a transaction of its own; True once none is left.

    Harmless to repeat: a case that was moved is marked in the same transaction. The right is asked again for every case.
    """
    waiting = move.cases.filter(state=MovedCase.State.WAITING).order_by("pk").select_related("move__desk")
    for row in list(waiting[:most]):
        _move_one(row, caller_of(move, now), now=now)
    if move.cases.filter(state=MovedCase.State.WAITING).exists():
        return False
    _finish(move, now=now)
    return True


@transaction.atomic
def _finish(move: VersionMove, *, now: datetime) -> None:
    if not VersionMove.objects.filter(pk=move.pk, finished_at=None).update(finished_at=now):
        return
    move.finished_at = now
    counted = dict(move.cases.values_list("state").annotate(Count("pk")).order_by())
    done, left = counted.get(MovedCase.State.MOVED, 0), counted.get(MovedCase.State.REFUSED, 0)
    _record(move, "move_finished", {"move": move.pk, "moved": done, "refused": left}, now=now)


def _move_one(row: MovedCase, caller: Caller, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            move_case(row.case, to=row.after, before=row.before, move=row.move_id, caller=caller, now=now)
            _mark(row, MovedCase.State.MOVED)
    except Stale:
        # Somebody acted on the case in this moment; it waits for the next batch.
        return
    except CanNotMove as refusal:
        _mark(row, MovedCase.State.REFUSED, refusal.hindrances)
    except Refusal as refusal:
        _mark(row, MovedCase.State.REFUSED, [Hindrance(refusal.sentence, dict(refusal.params))])


def _mark(row: MovedCase, state: MovedCase.State, found: Iterable[Hindrance] = ()) -> None:
    text = json.dumps([[h.sentence, h.params] for h in found], ensure_ascii=False, default=_as_data)
    MovedCase.objects.filter(pk=row.pk, state=MovedCase.State.WAITING).update(state=state, hindrances=text)


def _as_data(value: object) -> object:
    return value.model_dump(by_alias=True, exclude_none=True) if isinstance(value, Title) else str(value)


@transaction.atomic
def move_case(case: Case, *, to: PackVersion, before: PackVersion, move: int, caller: Caller, now: datetime) -> Case:
    """Move one open case, and its open proceedings, from the version it is known to stand under to another; one event each.

    Raises NotPermitted, CanNotMove with every reason (it may have moved already), and Stale when somebody else acted first.
    """
    fresh = Case.objects.select_related("desk", "chain", "complainant", "department", "handler").get(pk=case.pk)
    if fresh.pack_id != before.pk:
        raise CanNotMove(to.version, [Hindrance("个案已经改用另一版制度。", {})])
    old, new, facts = pack_of(fresh), read_version(to.pk), facts_of(fresh)
    ground = _ground(fresh.desk, caller, now)
    if ground is None:
        raise NotPermitted(verb=VERBS[MOVE_VERSION].button)
    actor = actor_on_case(old, caller, facts, OrganisationOfDesk(fresh.desk, old, now))
    following = list(open_proceedings([fresh]))
    decision = decide_move(
        old=old, new=new, facts=facts, actor=actor, role=ground.role, move=move,
        proceedings=[(one.kind, one.state) for one in following],
    )  # fmt: skip
    fresh.pack = to
    wish = Wish(verb=MOVE_VERSION, data={}, caller=caller, now=now)
    moved = append_and_follow(fresh, pack=new, before=facts, decision=decision, wish=wish)
    for proceeding in following:
        _move_along(proceeding, to, role=ground.role, move=move, wish=wish)
    return moved


def _move_along(proceeding: Proceeding, to: PackVersion, *, role: str, move: int, wish: Wish) -> None:
    """Move an open proceeding with its case, as an event of its own chain, so that its clocks know their versions too."""
    fresh = as_stored(proceeding)
    old, new, facts = pack_of(fresh), read_version(to.pk), facts_known(fresh)
    if old.version == new.version:
        return
    decision = decide_to_follow(old=old, new=new, facts=facts, role=role, move=move)
    fresh.pack = to
    append_and_follow(fresh, pack=new, before=facts, decision=decision, wish=wish)


def caller_of(move: VersionMove, now: datetime) -> Caller:
    """Whoever began a move, with what they hold now."""
    kind, _, number = move.begun_by.partition(":")
    if kind != "person":
        return Caller(id=move.begun_by, is_system=move.begun_by == "system")
    person = Person.objects.get(pk=int(number))
    return standing_of(person, now).caller(move.desk, pack_in_force(move.desk, now))


def _ground(desk: Desk, caller: Caller, now: datetime) -> Ground | None:
    if caller.is_system:
        return Ground()
    if (
        caller.person is not None
        and Person.objects.filter(pk=caller.person, is_administrator=True, is_active=True).exists()
    ):
        return Ground()
    return standing_with(RIGHT, caller, pack_in_force(desk, now))


def _refuse_without_right(desk: Desk, caller: Caller, now: datetime) -> None:
    if _ground(desk, caller, now) is None:
        raise NotPermitted(verb=VERBS[MOVE_VERSION].button)


def _record(move: VersionMove, kind: str, payload: dict[str, object], *, now: datetime) -> None:
    append_in_turn(
        chain_key=f"desk:{move.desk.code}", chain_kind="desk", kind=kind, at=now, recorded_at=now, actor=move.begun_by,
        payload=payload,
    )  # fmt: skip


def versions_in_use(desk: Desk) -> dict[int, int]:
    """How many open cases of a desk stand under each version of its policy; one query."""
    cases = open_cases(Case.objects.filter(desk=desk, pack__pack_id=desk.pack_id))
    return dict(cases.values_list("pack__version").annotate(Count("pk")).order_by(F("pack__version").desc()))
