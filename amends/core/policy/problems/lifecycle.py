"""Every state can be reached and left, is watched by a clock, and everything that a transition needs is there."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.clock_rules import ClockRule, Trigger
from amends.core.policy.forms import Form
from amends.core.policy.lifecycle import RESTING, Process, Transition
from amends.core.policy.problems.report import Path, Problem, quoted, quoted_en
from amends.core.policy.problems.shape import near
from amends.core.policy.problems.world import World
from amends.core.verbs import VERBS

ANSWERS = frozenset({"agree", "refuse", "confirm", "rate", "add_information", "receipt", "withdraw"})
"""Verbs that record what the complainant said; none of them helps when nothing is said."""

STARTS = ("register", "take_over")


def lifecycle_problems(world: World) -> Iterator[Problem]:
    for path, process in world.processes:
        yield from _transition_problems(world, path, process)
        yield from _shared_verb_problems(path, process)
        yield from _optional_problems(path, process)
        if str(path[0]) not in world.left_out_parts:
            yield from _flow_problems(world, path, process)
    if "lifecycle" not in world.left_out_parts:
        yield from _start_problems(world)
        yield from _clock_problems(world)


# The starts


def _start_problems(world: World) -> Iterator[Problem]:
    process = world.pack.lifecycle
    creating = {t.verb for t in process.transitions if not t.from_}
    for verb in STARTS:
        if verb not in creating:
            yield Problem(
                ("lifecycle", "transitions"), f"no_{verb}", verb, "流程缺少这个起点（from: []）。",
                "the lifecycle has no transition with this verb from nothing (from: []).",
            )  # fmt: skip
    for index, transition in enumerate(process.transitions):
        state = process.states.get(transition.to)
        if transition.verb == "take_over" and state is not None and state.category not in RESTING:
            yield Problem(
                ("lifecycle", "transitions", index, "to"), "take_over_open", "take_over",
                f"接管的历史个案只能落在已结束的状态，而“{transition.to}”还未结束。",
                f'cases that are taken over end in a state that is done or archived; "{transition.to}" is not.',
            )  # fmt: skip


# The flow


def _flow_problems(world: World, path: Path, process: Process) -> Iterator[Problem]:
    reached = _reached(process, {t.to for t in process.transitions if not t.from_})
    for name, state in process.states.items():
        where = (*path, "states", name)
        if name not in reached and not state.skipped:
            yield Problem(
                where, "unreachable_state", name, "没有任何动作能到达这个状态。", "no transition leads to this state."
            )
        if state.category in RESTING:
            continue
        ways = [t for t in process.from_state(name) if t.target(name) != name]
        if not ways:
            yield Problem(
                where, "dead_end", name, "进入后没有任何动作能离开这个状态。", "nothing leads out of this state."
            )
        elif not _ends_from(process, name):
            yield Problem(
                where, "dead_end", name, "从这个状态无法走到结束。", "no way leads from this state to an end."
            )
        elif (
            state.waits_for == "complainant"
            and "roles" not in world.unread
            and not any(_goes_without_answer(world, t) for t in ways)
        ):
            yield Problem(
                where, "waits_for_ever", name, "客户不答复时，没有人能离开这个状态。",
                "nobody can leave this state when the complainant does not answer.",
            )  # fmt: skip


def _optional_problems(path: Path, process: Process) -> Iterator[Problem]:
    """A step that may be left out names the way round it, and nothing may depend on it."""
    for name, state in process.states.items():
        where = (*path, "states", name)
        if (state.skipped or state.skipped_to) and not state.optional:
            yield Problem(
                where, "skips_needed_state", name, "只有 optional: true 的环节才能写 skipped_to 或 skipped。",
                "only a state with optional: true can have skipped_to or be skipped.",
            )  # fmt: skip
        if not state.optional:
            continue
        if (
            state.skipped_to not in process.states
            or state.skipped_to == name
            or state.category in ("initial", *RESTING)
        ):
            yield Problem(
                where, "no_way_round", name, "可停用的环节须为办理中的环节，并用 skipped_to 写明停用后直接进入哪个环节。",
                "a state that can be left out lies on the way, and skipped_to names the state that is entered instead.",
            )  # fmt: skip
            continue
        yield from _lost_without(where, process, name, state.skipped_to)


def _lost_without(where: Path, process: Process, name: str, around: str) -> Iterator[Problem]:
    """What could not be reached, or not be done, any more if the state were left out."""
    starts = {around if t.to == name else t.to for t in process.transitions if not t.from_}
    reached, waiting = set(starts), list(starts)
    while waiting:
        state = waiting.pop()
        for transition in process.from_state(state):
            target = around if transition.to == name else transition.target(state)
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    skipped = {other for other, state in process.states.items() if state.skipped}
    for lost in sorted(set(process.states) - reached - skipped - {name}):
        yield Problem(
            where,
            "lost_without_step",
            lost,
            f"停用后无法到达“{lost}”。",
            f'without this state "{lost}" can not be reached.',
        )
    only_here = {t.verb for t in process.transitions if set(t.from_) == {name}}
    only_here -= {t.verb for t in process.transitions if set(t.from_) != {name}}
    for transition in process.transitions:
        asked = {verb for need in transition.needs for kind, verb in need.that.names() if kind != "fact"}
        for verb in sorted(asked & only_here):
            yield Problem(
                where, "needed_step", verb, f"“{transition.verb}”要求先“{verb}”，停用后做不到。",
                f'"{transition.verb}" needs "{verb}", which can be done in this state alone.',
            )  # fmt: skip


def _reached(process: Process, start: set[str]) -> set[str]:
    reached, waiting = set(start), list(start)
    while waiting:
        state = waiting.pop()
        for transition in process.from_state(state):
            target = transition.target(state)
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _ends_from(process: Process, state: str) -> bool:
    reached = _reached(process, {state})
    return any(name in reached and s.category in RESTING for name, s in process.states.items())


def _goes_without_answer(world: World, transition: Transition) -> bool:
    if transition.verb in ANSWERS:
        return False
    roles = world.pack.roles.roles
    return any(name in roles and roles[name].counts != "complainant" for name in transition.by)


# Clocks over states


def _clock_problems(world: World) -> Iterator[Problem]:
    process = world.pack.lifecycle
    watched = {state for clock in world.pack.clocks for state in running_in(clock, process)}
    for name, state in process.states.items():
        if state.category not in RESTING and name not in watched and "clocks" not in world.left_out_parts:
            yield Problem(
                ("lifecycle", "states", name), "no_clock", name, "个案可以停在这个状态而没有任何时限在走。",
                "a case can stay in this open state while no clock runs.",
            )  # fmt: skip


def running_in(clock: ClockRule, process: Process) -> set[str]:
    """The states in which the clock can be running: forwards from its start, until something stops it."""
    running = {state for t in clock.start for state in _started_by(t, process)}
    running -= {t.state for t in clock.stop if t.state}
    waiting = list(running)
    while waiting:
        state = waiting.pop()
        for transition in process.from_state(state):
            target = transition.target(state)
            if target in running or _stops(clock, transition, target):
                continue
            running.add(target)
            waiting.append(target)
    return running


def _started_by(trigger: Trigger, process: Process) -> set[str]:
    if trigger.state:
        return {trigger.state} & set(process.states)
    if not trigger.verb:
        return set()
    return {
        t.target(origin)
        for t in process.with_verb(trigger.verb)
        for origin in (t.from_ or (None,))
        if t.to != "same" or origin
    }


def _stops(clock: ClockRule, transition: Transition, target: str) -> bool:
    return any(trigger.state == target or trigger.verb == transition.verb for trigger in clock.stop)


# Transitions


def _transition_problems(world: World, path: Path, process: Process) -> Iterator[Problem]:
    for index, transition in enumerate(process.transitions):
        where = (*path, "transitions", index)
        yield from _state_problems(world, where, process, transition)
        yield from _role_problems(world, where, transition)
        yield from _hand_problems(world, where, transition)
        yield from _effect_problems(world, where, transition)
        for form_where, form in forms_of(world, where, path, transition):
            yield from _form_problems(world, form_where, transition, form)


def _state_problems(world: World, where: Path, process: Process, transition: Transition) -> Iterator[Problem]:
    named = [("from", state) for state in transition.from_]
    if transition.to != "same":
        named.append(("to", transition.to))
    for key, state in named:
        if state not in process.states and not world.is_missed(state):
            hint = near(state, process.states)
            yield Problem(
                (*where, key), "unknown_state", transition.verb, f"没有状态“{state}”。{hint[0]}",
                f'there is no state "{state}".{hint[1]}',
            )  # fmt: skip
    if transition.to == "same" and not transition.from_:
        yield Problem(
            (*where, "to"), "unknown_state", transition.verb, "新建个案的动作必须指明进入的状态。",
            "a transition from nothing must name the state it leads to.",
        )  # fmt: skip


def _role_problems(world: World, where: Path, transition: Transition) -> Iterator[Problem]:
    if not transition.by and "lifecycle" not in world.left_out_parts:
        yield Problem(
            (*where, "by"), "no_role", transition.verb, "没有任何角色可以执行这个动作。", "no role may use this verb."
        )


def _hand_problems(world: World, where: Path, transition: Transition) -> Iterator[Problem]:
    for verb in transition.apart_from:
        if verb in world.verbs_used or world.is_missed(verb):
            continue
        known = verb in VERBS
        yield Problem(
            (*where, "apart_from"), "unused_verb" if known else "unknown_verb", transition.verb,
            f"要求与“{verb}”分开由不同的人执行，但{'流程中没有使用这个动作' if known else '没有这个动作'}。",
            f'it is kept apart from "{verb}", which {"no transition uses" if known else "is not a verb"}.',
        )  # fmt: skip


def _effect_problems(world: World, where: Path, transition: Transition) -> Iterator[Problem]:
    axes = {axis.id for axis in world.pack.grading.axes}
    for axis in transition.grades:
        if axis not in axes and not world.is_missed(axis, "grading"):
            yield _unknown((*where, "grades"), "axis", transition.verb, "分级维度", "axis", axis)
    if transition.settles and transition.settles not in world.lists:
        yield _unknown((*where, "settles"), "list", transition.verb, "清单", "list", transition.settles)
    for fact in transition.clears:
        if not world.knows_fact(fact) and fact not in world.lists:
            yield _unknown((*where, "clears"), "fact", transition.verb, "事实", "fact", fact)


def _unknown(where: Path, what: str, key: str, noun: str, noun_en: str, name: str) -> Problem:
    return Problem(where, f"unknown_{what}", key, f"没有{noun}“{name}”。", f'there is no {noun_en} "{name}".')


def forms_of(world: World, where: Path, path: Path, transition: Transition) -> Iterator[tuple[Path, Form]]:
    """The forms a transition can show: its own, or those of the kinds when it creates a case without one."""
    forms = world.pack.forms
    if transition.form:
        if transition.form in forms:
            yield (*where, "form"), forms[transition.form]
    elif transition.verb == "register" and not transition.from_ and path == ("lifecycle",):
        for kind in dict.fromkeys(k.form for k in world.pack.channels.kinds.values()):
            if kind in forms:
                yield ("forms", kind), forms[kind]


def _form_problems(world: World, where: Path, transition: Transition, form: Form) -> Iterator[Problem]:
    has = {f.id for f in form.fields}
    wanted: list[tuple[str, str, str]] = []
    if {f.axis for f in form.fields if f.type == "axis"} & set(transition.grades) and not {
        "grade_reason",
        "reason",
    } & has:
        wanted.append(
            ("grade_reason", "可以改动系统建议的级别，却没有", "the proposed grade can be changed, but it has no")
        )
    if transition.routes and "department" not in has and transition.verb == "dispatch":
        wanted.append(("department", "派单却没有", "it dispatches, but has no"))
    if transition.routes and "department" in has and _reason_wanted(world) and "route_reason" not in has:
        wanted.append(
            ("route_reason", "可以改派到建议以外的部门，却没有", "another department can be chosen, but it has no")
        )
    if transition.assigns == "chosen" and "handler" not in has:
        wanted.append(("handler", "由经办人选择处理人，却没有", "somebody is to be chosen, but it has no"))
    if transition.settles and "item" not in has:
        wanted.append(("item", "要勾销清单的一项，却没有", "it settles an item of a list, but has no"))
    for name, why, why_en in wanted:
        if not world.is_missed(name):
            yield Problem(
                where, f"no_{name}_field", transition.verb, f"表单“{form.id}”{why}字段 {name}。",
                f'form "{form.id}": {why_en} field {name}.',
            )  # fmt: skip


def _reason_wanted(world: World) -> bool:
    return world.pack.routing.reason_for_other_department


# Transitions that share verb and state


def _shared_verb_problems(path: Path, process: Process) -> Iterator[Problem]:
    groups: dict[tuple[str, str | None], list[tuple[int, Transition]]] = {}
    for index, transition in enumerate(process.transitions):
        for origin in transition.from_ or (None,):
            groups.setdefault((transition.verb, origin), []).append((index, transition))
    reported: set[tuple[int, str]] = set()
    for (verb, _), sharing in groups.items():
        for problem in _sharing_problems(path, verb, sharing):
            mark = (int(problem.path[len(path) + 1]), problem.code)
            if mark not in reported:
                reported.add(mark)
                yield problem


def _sharing_problems(path: Path, verb: str, sharing: list[tuple[int, Transition]]) -> Iterator[Problem]:
    forms = list(dict.fromkeys(t.form or "—" for _, t in sharing))
    first = (*path, "transitions", sharing[0][0])
    if len(forms) > 1:
        yield Problem(
            (*path, "transitions", sharing[-1][0]), "forms_differ", verb,
            f"与 {{0}} 的同一动作从同一状态出发，表单却不同：{quoted(forms)}。",
            f"it shares verb and state with {{0}}, but their forms differ: {quoted_en(forms)}.", refers=(first,),
        )  # fmt: skip
    for place, (index, transition) in enumerate(sharing[:-1]):
        later = sharing[place + 1][1]
        if transition.when is None and set(later.by) <= set(transition.by):
            yield Problem(
                (*path, "transitions", sharing[place + 1][0]), "never_taken", verb,
                "永远不会被采用：{0} 没有条件，总是先成立。",
                "it is never taken: {0} has no condition and comes first.",
                refers=((*path, "transitions", index),),
            )  # fmt: skip
