"""Moving an open case to another version of its policy: whether it can stand there, and what is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amends.core.decision import Decision
from amends.core.directory import Actor
from amends.core.facts import CaseFacts, Event
from amends.core.grading import priority_of
from amends.core.policy.base import Title
from amends.core.policy.conditions import holds
from amends.core.policy.lifecycle import RESTING, Transition
from amends.core.policy.pack import Pack
from amends.core.refusals import Refusal
from amends.core.verbs import MOVE_VERSION

MOVING = Transition.model_construct(verb=MOVE_VERSION, from_=(), to="same", by=())
"""What the other parts of the product learn of a move: no state is left, nobody is told."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """One reason why a case can not stand under a version, as a sentence with its parameters."""

    sentence: str
    params: dict[str, Any]


class CanNotMove(Refusal):
    """The case can not stand under the other version; `hindrances` says why."""

    code = "can_not_move"
    sentence = "这个个案不能改用第 %(version)s 版。"

    def __init__(self, version: int, hindrances: list[Hindrance]) -> None:
        self.hindrances = hindrances
        super().__init__(version=version)


Standing = tuple[str, str]
"""An open proceeding of a case by what matters here: its kind and its state."""


def hindrances(
    *, old: Pack, new: Pack, facts: CaseFacts, proceedings: Iterable[Standing] = ()
) -> list[Hindrance]:  # fmt: skip
    """Why a case with these facts and open proceedings can not stand under the new version; empty when it can."""
    return [
        *_hindrances(old, new, facts),
        *(h for one in dict.fromkeys(proceedings) for h in hindrances_of(old, new, *one)),
    ]


def hindrances_of(old: Pack, new: Pack, kind: str, state: str) -> list[Hindrance]:
    """Why an open proceeding can not go on under the new version: its kind or its state is not there, or is an end there."""
    before, after = old.proceedings[kind], new.proceedings.get(kind)
    if after is None:
        return [Hindrance("个案有进行中的“%(kind)s”，新版本没有这种专项程序。", {"kind": before.title})]
    params = {"kind": before.title, "state": before.states[state].title}
    if state not in after.states:
        return [Hindrance("个案有进行中的“%(kind)s”，新版本没有它所在的环节“%(state)s”。", params)]
    if after.states[state].category in RESTING:
        return [Hindrance("个案有进行中的“%(kind)s”，它所在的“%(state)s”在新版本中已经是办结环节。", params)]
    return []


def _hindrances(old: Pack, new: Pack, facts: CaseFacts) -> Iterator[Hindrance]:
    state = facts.state or ""
    title = old.lifecycle.states[state].title
    if old.lifecycle.states[state].category in RESTING:
        yield Hindrance("已办结的个案保留原来的制度版本。", {})
    elif state not in new.lifecycle.states:
        yield Hindrance("新版本没有“%(state)s”这个环节。", {"state": title})
    elif new.lifecycle.states[state].category in RESTING:
        yield Hindrance("在新版本中，“%(state)s”已经是办结环节。", {"state": title})
    kind, channel = str(facts.value("kind")), str(facts.value("channel"))
    if kind not in new.channels.kinds:
        yield Hindrance("新版本没有“%(kind)s”这种个案类型。", {"kind": old.channels.kinds[kind].title})
    if channel not in new.channels.channels:
        yield Hindrance("新版本没有“%(channel)s”这个受理渠道。", {"channel": old.channels.channels[channel].title})
    yield from _values_without_place(old, new, facts)


def _values_without_place(old: Pack, new: Pack, facts: CaseFacts) -> Iterator[Hindrance]:
    """Grades that the new version does not know. Without its level a case would have no limits and no place in the queue."""
    for axis in old.grading.axes:
        value, other = facts.value(axis.id), new.grading.axis(axis.id)
        if value is None or (other is None and axis.id != old.grading.level):
            continue
        if other is None or other.title_of(str(value)) is None:
            shown = axis.title_of(str(value)) or str(value)
            yield Hindrance("新版本的“%(axis)s”没有“%(value)s”这一档。", {"axis": axis.title, "value": shown})


def facts_missing(*, new: Pack, facts: CaseFacts) -> list[Title]:
    """What the new version asks for when a case of this kind is registered, and this case does not have."""
    kind = new.channels.kinds.get(str(facts.value("kind")))
    if kind is None:
        return []
    missing = []
    for field in new.forms[kind.form].fields:
        is_asked = field.when is None or holds(field.when, facts)
        needed = field.required is True or (field.required is not False and holds(field.required, facts))
        if is_asked and needed and facts.value(field.id) is None and field.id not in facts.lists:
            missing.append(field.title)
    return missing


def decide_move(
    *, old: Pack, new: Pack, facts: CaseFacts, actor: Actor, role: str, move: int, proceedings: Iterable[Standing] = ()
) -> Decision:  # fmt: skip
    """What is recorded when a case moves from one version of its policy to another. Raises CanNotMove.

    That the actor may do it is asked by the caller, who knows under which right: no policy gives this verb.
    """
    if found := hindrances(old=old, new=new, facts=facts, proceedings=proceedings):
        raise CanNotMove(new.version, found)
    payload = {**_moved(old, new, facts, role, move), "set": {"priority": priority_of(new.grading, facts.values)}}
    deputised = actor.deputy_for(role)
    if deputised is not None:
        payload["deputy_for"] = deputised
    return _decided(payload)


def decide_to_follow(*, old: Pack, new: Pack, facts: CaseFacts, role: str, move: int) -> Decision:
    """What is recorded when an open proceeding moves with its case."""
    return _decided(_moved(old, new, facts, role, move))


def _moved(old: Pack, new: Pack, facts: CaseFacts, role: str, move: int) -> dict[str, Any]:
    return {
        "from": facts.state,
        "to": facts.state,
        "cycle": facts.cycle,
        "round": facts.round,
        "role": role,
        "pack": {"id": new.id, "from": old.version, "to": new.version},
        "move": move,
    }


def _decided(payload: dict[str, Any]) -> Decision:
    return Decision(
        verb=MOVE_VERSION, transition=MOVING, payload=payload, texts={}, tells=(), notices=(), starts=()
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Era:
    """The events of a case from `first` on, up to but not including `end`, and the version of the policy they were done under."""

    first: int
    end: int | None
    version: int

    def holds(self, seq: int) -> bool:
        return self.first <= seq and (self.end is None or seq < self.end)


def eras_of(events: list[Event], present: int) -> list[Era]:
    """The versions under which a case stood, in order; the last one is `present`. A move belongs to what it leads to."""
    moves = [event for event in events if event.verb == MOVE_VERSION]
    if not moves:
        return [Era(0, None, present)]
    firsts = [0, *(event.seq for event in moves)]
    ends = [*(event.seq for event in moves), None]
    versions = [*(event.payload["pack"]["from"] for event in moves), present]
    return [Era(first, end, version) for first, end, version in zip(firsts, ends, versions, strict=True)]


def as_if_moved(events: list[Event], *, old: Pack, new: Pack, now: datetime) -> list[Event]:
    """The events of a case with a move to the new version at their end: what a preview reads."""
    last = events[-1]
    place = {name: last.payload[name] for name in ("to", "cycle", "round")}
    payload = {**place, "pack": {"id": new.id, "from": old.version, "to": new.version}}
    return [*events, Event(seq=last.seq + 1, verb=MOVE_VERSION, at=now, recorded_at=now, actor="", payload=payload)]
