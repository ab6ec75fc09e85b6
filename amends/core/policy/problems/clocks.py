"""Clocks: what starts and stops them exists, and every value that can choose a limit has one."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.clock_rules import ClockRule, Limit, Trigger
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.shape import near
from amends.core.policy.problems.world import World
from amends.core.verbs import VERBS

_DATES = ("date", "datetime")
_YES_NO = ("true", "false")


def clock_problems(world: World) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, clock in enumerate(world.pack.clocks):
        where: Path = ("clocks", index)
        if clock.id in seen:
            yield Problem(where, "clock_twice", clock.id, "时限编号重复。", "this clock is listed twice.")
        seen.add(clock.id)
        if (
            clock.calendar != "default"
            and clock.calendar not in world.pack.calendar.hours
            and not world.is_missed(clock.calendar, "calendar")
        ):
            yield _unknown((*where, "calendar"), "hours", clock.id, "工作时间", "hours", clock.calendar)
        for key, triggers in (("start", clock.start), ("stop", clock.stop)):
            for trigger in triggers:
                yield from _trigger_problems(world, (*where, key), clock, trigger)
        yield from _limit_problems(world, (*where, "limit"), clock, clock.limit)
        yield from _pause_problems(world, where, clock)
        if clock.no_later_than:
            yield from _date_problems(world, (*where, "no_later_than"), clock, clock.no_later_than)


def _unknown(where: Path, what: str, key: str, noun: str, noun_en: str, name: str) -> Problem:
    return Problem(where, f"unknown_{what}", key, f"没有{noun}“{name}”。", f'there is no {noun_en} "{name}".')


def _trigger_problems(world: World, where: Path, clock: ClockRule, trigger: Trigger) -> Iterator[Problem]:
    states = {name for _, process in world.processes for name in process.states}
    if trigger.state and trigger.state not in states and not world.is_missed(trigger.state, "lifecycle"):
        hint = near(trigger.state, states)
        yield Problem(
            where, "unknown_state", clock.id, f"没有状态“{trigger.state}”。{hint[0]}",
            f'there is no state "{trigger.state}".{hint[1]}',
        )  # fmt: skip
    if trigger.verb and trigger.verb not in world.verbs_used and not world.is_missed(trigger.verb, "lifecycle"):
        known = trigger.verb in VERBS
        yield Problem(
            where, "unused_verb" if known else "unknown_verb", clock.id,
            f"等待动作“{trigger.verb}”，但{'流程中没有使用它' if known else '没有这个动作'}。",
            f'it waits for "{trigger.verb}", which {"no transition uses" if known else "is not a verb"}.',
        )  # fmt: skip
    if trigger.field_set and not world.knows_fact(trigger.field_set):
        yield _unknown(where, "fact", clock.id, "字段", "field", trigger.field_set)
    if trigger.at:
        yield from _date_problems(world, where, clock, trigger.at)


def _date_problems(world: World, where: Path, clock: ClockRule, name: str) -> Iterator[Problem]:
    field = world.fields.get(name)
    if field is None and not world.knows_fact(name):
        yield _unknown(where, "fact", clock.id, "字段", "field", name)
    elif field is not None and field.type not in _DATES:
        yield Problem(
            where, "not_a_date", clock.id, f"字段“{name}”不是日期或时间。", f'field "{name}" holds no date or time.'
        )


def _limit_problems(world: World, where: Path, clock: ClockRule, limit: Limit) -> Iterator[Problem]:
    if limit.blank:
        yield Problem(
            where, "blank_limit", clock.id, "期限还没有填写，填写后才能发布。",
            "this mandatory limit is blank; the pack can not be published without it.",
        )  # fmt: skip
    for name in filter(None, (limit.until, limit.promise)):
        yield from _date_problems(world, where, clock, name)
    if limit.by:
        yield from _table_problems(world, where, clock, limit)
    for value, inner in limit.table.items():
        yield from _limit_problems(world, (*where, value), clock, inner)
    if limit.otherwise:
        yield from _limit_problems(world, (*where, "otherwise"), clock, limit.otherwise)
    for index, faster in enumerate(limit.faster):
        if not world.knows_fact(faster.flag):
            yield _unknown((*where, "faster", index), "fact", clock.id, "事实", "fact", faster.flag)
        yield from _limit_problems(world, (*where, "faster", index, "limit"), clock, faster.limit)


def _table_problems(world: World, where: Path, clock: ClockRule, limit: Limit) -> Iterator[Problem]:
    by = limit.by or ""
    if not world.knows_fact(by):
        yield _unknown((*where, "by"), "fact", clock.id, "事实", "fact", by)
        return
    domain = world.domain(by)
    field = world.fields.get(by)
    values = _YES_NO if field and field.type == "yes_no" else (domain.order if domain else ())
    for value in limit.table:
        if values and value not in values and not world.is_missed(value):
            hint = near(value, values)
            yield Problem(
                (*where, value), "not_an_option", clock.id, f"“{by}”没有值“{value}”。{hint[0]}",
                f'{by} has no value "{value}".{hint[1]}',
            )  # fmt: skip
    if limit.otherwise is not None:
        return
    if not values:
        yield Problem(
            where, "no_limit", clock.id, f"“{by}”的取值不固定，需要 otherwise。",
            f"{by} can have any value, so the table needs `otherwise`.",
        )  # fmt: skip
    top = [value for value in values if "/" not in value]
    for value in top:
        if value not in limit.table:
            yield Problem(
                where, "no_limit", clock.id, f"“{by}”为“{value}”时没有期限，而 {{0}} 可以设为这个值。",
                f'no limit for {by} "{value}", which {{0}} can set.', refers=(domain.place(value) if domain else where,),
            )  # fmt: skip


def _pause_problems(world: World, where: Path, clock: ClockRule) -> Iterator[Problem]:
    states = world.pack.lifecycle.states
    for state in clock.pause.in_ if clock.pause else ():
        if state not in states and not world.is_missed(state, "lifecycle"):
            yield _unknown((*where, "pause", "in"), "state", clock.id, "状态", "state", state)
