"""Proceedings and approval chains: who decides, what resets a decision, and what a proceeding needs of its case."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.extensions import UNTIL
from amends.core.policy.lifecycle import RESTING, Process, Transition
from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World
from amends.core.policy.proceedings import Broadcast, ProceedingKind


def proceeding_problems(world: World) -> Iterator[Problem]:
    yield from _chain_problems(world)
    for path, process in world.processes:
        yield from _approval_problems(world, path, process)
    for name, kind in world.pack.proceedings.items():
        yield from _kind_problems(world, ("proceedings", name), name, kind)
    yield from _standard_problems(world)
    yield from _extension_problems(world)
    yield from _start_problems(world)
    yield from _naming_problems(world)
    for index, transition in enumerate(world.pack.lifecycle.transitions):
        for key in ("on_case", "marks_case", "tells_partner", "until", "after"):
            if getattr(transition, key):
                yield Problem(
                    ("lifecycle", "transitions", index, key), "only_in_proceeding", transition.verb,
                    f"{key} 只能用在专项程序中。", f"{key} belongs to a step of a proceeding.",
                )  # fmt: skip


def _naming_problems(world: World) -> Iterator[Problem]:
    """Fields that narrow whom they name speak of fields beside them, and of lists that the case has."""
    for form_id, form in world.pack.forms.items():
        for index, f in enumerate(form.fields):
            for beside in (form.fields, f.fields):
                for one in (f,) if beside is form.fields else f.fields:
                    where = ("forms", form_id, "fields", index)
                    kinds = [name for name in (one.of_kind, one.of_person) if name]
                    lists = [name for name in ((one.among or "").partition(".")[0], one.answers) if name]
                    yield from one_for_each_name(world, where, "field", one.id, kinds, {b.id for b in beside})
                    yield from one_for_each_name(world, where, "list", one.id, lists, world.lists)
                    yield from one_for_each_name(world, where, "field", one.id, one.proposes, world.fields)
            answered = world.pack.fields.get(f.one_for_each or "")
            columns = {column.id for column in answered.fields} if answered else set()
            repeated = [sub.as_in for sub in f.fields if sub.as_in]
            yield from one_for_each_name(world, ("forms", form_id, "fields", index), "field", f.id, repeated, columns)


def _standard_problems(world: World) -> Iterator[Problem]:
    standards = world.pack.compensation.standards
    for name, standard in standards.items():
        path: Path = ("compensation", "standards", name)
        for v, version in enumerate(standard.versions):
            for r, rule in enumerate(version.rules):
                where = (*path, "versions", v, "rules", r)
                facts = [fact for part in rule.parts for fact in part.facts()]
                yield from one_for_each_name(world, where, "fact", name, facts, world.facts)
            if version.rules[-1].when is not None:
                yield Problem(
                    (*path, "versions", v), "standard_with_gap", name,
                    "最后一条规则也有条件，有的损失会没有标准。",
                    "its last rule has a condition too, so that some losses have no standard.", warning=True,
                )  # fmt: skip
    for form_id, form in world.pack.forms.items():
        for index, f in enumerate(form.fields):
            if f.computed and f.computed.standard:
                where = ("forms", form_id, "fields", index, "computed")
                yield from one_for_each_name(world, where, "standard", f.id, (f.computed.standard,), standards)


def _chain_problems(world: World) -> Iterator[Problem]:
    for name, chain in world.pack.approvals.chains.items():
        path: Path = ("approvals", "chains", name)
        roles = world.pack.roles.roles
        for index, step in enumerate(chain.steps):
            yield from one_for_each_name(world, (*path, "steps", index, "by"), "role", name, step.by, roles)
        yield from one_for_each_name(world, (*path, "resets_on"), "fact", name, chain.resets_on, world.facts)
        if not any(t.approves == name for _, process in world.processes for t in process.transitions):
            yield Problem(
                path, "unused_chain", name, "没有任何动作按这条审批链进行。", "no transition decides on this chain."
            )


def _approval_problems(world: World, path: Path, process: Process) -> Iterator[Problem]:
    for index, transition in enumerate(process.transitions):
        where = (*path, "transitions", index)
        chain = world.pack.approvals.chains.get(transition.approves or "")
        if chain is not None and set(transition.by) != chain.roles():
            yield Problem(
                (*where, "by"), "approvers_differ", transition.verb,
                f"可执行的角色与审批链“{transition.approves}”的各步不一致。",
                f'its roles differ from those of the approval chain "{transition.approves}".',
            )  # fmt: skip
        yield from _reset_problems(world, where, process, transition)


def _reset_problems(world: World, where: Path, process: Process, transition: Transition) -> Iterator[Problem]:
    """What was decided on can not change unless the decision is asked for again."""
    if transition.approves or not transition.form:
        return
    fields = {f.id for f in world.pack.forms[transition.form].fields} if transition.form in world.pack.forms else set()
    for name in dict.fromkeys(t.approves for t in process.transitions if t.approves):
        chain = world.pack.approvals.chains.get(name)
        if chain is None or not fields & set(chain.resets_on):
            continue
        decided = _at_or_after(process, name)
        asked = {state for t in process.transitions if t.approves == name for state in t.from_}
        for state in transition.from_:
            if state in decided and transition.target(state) not in asked:
                yield Problem(
                    (*where, "to"), "approval_outlived", transition.verb,
                    f"在“{state}”可以改动审批“{name}”所依据的内容，却不重新审批。",
                    f'in "{state}" it can change what the chain "{name}" decided on without asking again.',
                )  # fmt: skip


def _at_or_after(process: Process, chain: str) -> set[str]:
    """The states in which a decision of the chain may already stand: where it is made, and what follows an approval."""
    reached = {t.to for t in process.transitions if t.approves == chain and t.verb == "approve"}
    reached |= {state for t in process.transitions if t.approves == chain for state in t.from_}
    return {s for s in reached if s in process.states and process.states[s].category not in RESTING}


def _taken_over_problems(world: World, path: Path, name: str, kind: ProceedingKind) -> Iterator[Problem]:
    """What is filled in beforehand stands in the form that begins the kind, and comes from what a kind that exists knows."""
    if kind.takes_over is None:
        return
    yield from one_for_each_name(world, path, "proceeding", name, (kind.takes_over.of,), world.pack.proceedings)
    forms = [world.pack.forms[t.form] for t in kind.transitions if not t.from_ and t.form in world.pack.forms]
    asked = {f.id for form in forms for f in form.fields}
    yield from one_for_each_name(world, (*path, "fields"), "field", name, kind.takes_over.fields, asked)
    yield from one_for_each_name(world, (*path, "fields"), "fact", name, kind.takes_over.fields.values(), world.facts)


def _payout_problems(world: World, path: Path, name: str, kind: ProceedingKind) -> Iterator[Problem]:
    pays = kind.pays
    if pays is None:
        return
    where = (*path, "pays")
    facts = [fact for fact in (pays.amount, pays.form, pays.loss, pays.standard, pays.promised) if fact]
    yield from one_for_each_name(world, where, "fact", name, facts, world.facts)
    yield from one_for_each_name(world, where, "verb", name, (pays.verb,), {t.verb for t in kind.transitions})
    if pays.reason:
        yield from one_for_each_name(world, where, "field", name, (pays.reason,), world.fields)
    if pays.clock:
        yield from one_for_each_name(world, where, "clock", name, (pays.clock,), {rule.id for rule in kind.clocks})


def _room_problems(world: World, path: Path, name: str, kind: ProceedingKind) -> Iterator[Problem]:
    kinds, verbs = world.pack.proceedings, {t.verb for t in kind.transitions}
    rows = [f.id for f in world.fields.values() if f.type == "rows"]
    for index, part in enumerate(kind.room):
        where = (*path, index)
        yield from one_for_each_name(world, where, "field", name, part.fields, world.fields)
        yield from one_for_each_name(world, where, "field", name, part.joined, rows)
        yield from one_for_each_name(world, where, "form", name, part.records, world.pack.forms)
        yield from one_for_each_name(world, where, "proceeding", name, (*part.children, *part.beside), kinds)
        yield from one_for_each_name(world, where, "verb", name, part.does, verbs)


def _kind_problems(world: World, path: Path, name: str, kind: ProceedingKind) -> Iterator[Problem]:
    facts = (*(kind.once_per or ()), *kind.shares, *kind.takes, *(kind.compares.same if kind.compares else ()))
    yield from one_for_each_name(world, path, "fact", name, facts, world.facts)
    yield from one_for_each_name(world, (*path, "under"), "proceeding", name, kind.under, world.pack.proceedings)
    yield from one_for_each_name(world, (*path, "seen_by"), "role", name, kind.seen_by, world.pack.roles.roles)
    yield from one_for_each_name(world, (*path, "void"), "state", name, kind.void, kind.states)
    if kind.compares:
        verbs = {t.verb for t in kind.transitions}
        compared = (kind.compares.verb, kind.compares.since)
        yield from one_for_each_name(world, (*path, "compares"), "verb", name, compared, verbs)
    yield from _taken_over_problems(world, (*path, "takes_over"), name, kind)
    yield from _payout_problems(world, path, name, kind)
    yield from _room_problems(world, (*path, "room"), name, kind)
    quoted = [offer.quotes for offer in kind.offers if offer.quotes]
    yield from one_for_each_name(world, (*path, "offers"), "field", name, quoted, world.fields)
    yield from _meeting_problems(world, path, name, kind)
    yield from _handed_in_problems(world, path, name, kind)
    clocks = {rule.id for rule in kind.clocks}
    for index, transition in enumerate(kind.transitions):
        where = (*path, "transitions", index)
        for key, bound in (("until", transition.until), ("after", transition.after)):
            yield from one_for_each_name(
                world, (*where, key), "clock", transition.verb, (bound,) if bound else (), clocks
            )
        if transition.tells_partner and kind.for_partners is None:
            yield Problem(
                (*where, "tells_partner"), "nothing_for_partners", transition.verb,
                "没有 for_partners，合作方打开链接后什么也看不到。",
                "without for_partners a partner who opens the link reads nothing.",
            )  # fmt: skip
    if kind.for_partners:
        where = (*path, "for_partners")
        read = (*kind.for_partners.reads, *kind.for_partners.reads_of_case)
        yield from one_for_each_name(world, where, "field", name, read, world.fields)
    if kind.title_from:
        yield from one_for_each_name(world, (*path, "title_from"), "field", name, (kind.title_from,), world.fields)
        yield from _told_to_all(world, (*path, "title_from"), kind.title_from)
    beginnings = {t.verb for t in kind.transitions if not t.from_}
    if len(beginnings) != 1 and "proceedings" not in world.left_out_parts:
        yield Problem(
            (*path, "transitions"), "one_beginning", name, "须有且只有一个发起的动作（from: []）。",
            "exactly one verb must begin it (from: []).",
        )  # fmt: skip
    if kind.about == "desk" and any(t.on_case or t.marks_case for t in kind.transitions):
        yield Problem(
            path,
            "no_case",
            name,
            "不属于个案的程序不能对个案产生效果。",
            "it stands by itself and can not act on a case.",
        )


def _meeting_problems(world: World, path: Path, name: str, kind: ProceedingKind) -> Iterator[Problem]:
    """What a kind gathers, invites to, shows on the board and reminds of has to exist."""
    verbs = {t.verb for t in kind.transitions}
    for index, rule in enumerate(kind.gathers):
        where = (*path, "gathers", index)
        yield from one_for_each_name(world, where, "proceeding", name, (rule.proceeding,), world.pack.proceedings)
        yield from one_for_each_name(world, where, "verb", name, rule.verbs, verbs)
    for key, shown in (("invites", kind.invites), ("board", kind.board)):
        fields = [value for value in (shown.model_dump().values() if shown else ()) if value]
        yield from one_for_each_name(world, (*path, key), "field", name, fields, world.fields)
    if kind.broadcast:
        yield from _broadcast_problems(world, (*path, "broadcast"), name, kind, kind.broadcast)
    if kind.periodic:
        yield from one_for_each_name(
            world, (*path, "periodic", "tell"), "role", name, kind.periodic.tell, world.pack.roles.roles
        )


def _handed_in_problems(world: World, path: Path, name: str, kind: ProceedingKind) -> Iterator[Problem]:
    """What is expected of people, or kept in the library speaks of roles, fields, states and verbs that exist."""
    fields, roles, verbs = world.fields, world.pack.roles.roles, {t.verb for t in kind.transitions}
    if (asked := kind.expected_from) is not None:
        where = (*path, "expected_from")
        yield from one_for_each_name(world, where, "role", name, (*asked.roles, *asked.to), roles)
        dates = [f.id for f in fields.values() if f.type == "date"]
        yield from one_for_each_name(world, where, "field", name, (asked.period,), dates)
    if kind.list_paper is not None and kind.register_ is None:
        yield Problem(
            (*path, "list_paper"), "list_without_register", name, "没有 register，就没有可以打印的列。",
            "without a register it has no columns to print.",
        )  # fmt: skip
    if (library := kind.library) is not None:
        where = (*path, "library")
        named = [library.title, *library.fields, *library.prefills, *([library.steps] if library.steps else [])]
        told = [source for sources in library.prefills.values() for source in sources]
        yield from one_for_each_name(world, where, "field", name, [*named, *told], fields)
        yield from one_for_each_name(world, where, "fact", name, (library.category,), world.facts)
        yield from one_for_each_name(world, where, "state", name, library.states, kind.states)
        yield from one_for_each_name(world, where, "verb", name, library.checked_at, verbs)
        of_cases = {t.verb for t in world.pack.lifecycle.transitions}
        yield from one_for_each_name(world, where, "verb", name, library.beside, of_cases)


def _broadcast_problems(
    world: World, path: Path, name: str, kind: ProceedingKind, rule: Broadcast
) -> Iterator[Problem]:
    """Its states, verb and message exist, its fields are asked for, and the facts of a case that it compares are known."""
    fields = [*rule.match.values(), *([rule.until] if rule.until else [])]
    yield from one_for_each_name(world, (*path, "states"), "state", name, rule.states, kind.states)
    yield from one_for_each_name(world, (*path, "match"), "field", name, [*fields, *rule.match], world.fields)
    if rule.verb and rule.message:
        verbs = {t.verb for t in kind.transitions}
        yield from one_for_each_name(world, (*path, "verb"), "verb", name, (rule.verb,), verbs)
        texts = world.pack.messages.texts
        yield from one_for_each_name(world, (*path, "message"), "message", name, (rule.message,), texts)


def _extension_problems(world: World) -> Iterator[Problem]:
    """Where time is given or applied for, the clock allows it and the form asks until when."""
    for path, process in world.processes:
        for index, transition in enumerate(process.transitions):
            if transition.extends is None:
                continue
            where = (*path, "transitions", index, "extends")
            own = process.clocks if isinstance(process, ProceedingKind) and transition.from_ else world.pack.clocks
            if not any(rule.id == transition.extends and rule.extend for rule in own):
                yield Problem(
                    where, "no_extension", transition.verb, f"没有可以延期（extend）的时限“{transition.extends}”。",
                    f'there is no clock "{transition.extends}" that may be extended (extend).',
                )  # fmt: skip
            form = world.pack.forms.get(transition.form or "")
            if form is None or form.field(UNTIL) is None:
                yield Problem(
                    where, "no_extension_date", transition.verb, f"表单须有字段 {UNTIL}，填写延期至哪一天。",
                    f"its form needs the field {UNTIL}: until when.",
                )  # fmt: skip


def _start_problems(world: World) -> Iterator[Problem]:
    """What a step starts by itself is begun by a role of the system."""
    system = {name for name, role in world.pack.roles.roles.items() if role.counts == "system"}
    for path, process in world.processes:
        for index, transition in enumerate(process.transitions):
            for start in transition.proceedings():
                kind = world.pack.proceedings.get(start.proceeding)
                if kind is not None and not any(system & set(t.by) for t in kind.transitions if not t.from_):
                    yield Problem(
                        (*path, "transitions", index, "starts"), "not_for_the_system", transition.verb,
                        f"“{start.proceeding}”由这一步自动发起，其发起动作的 by 须含系统角色（counts: system）。",
                        f'"{start.proceeding}" is begun by this step; the first verb of it needs a role with counts: system in `by`.',
                    )  # fmt: skip


def _told_to_all(world: World, path: Path, name: str) -> Iterator[Problem]:
    f = world.fields.get(name)
    if f is not None and (f.seen_by or f.personal not in (None, "content")):
        yield Problem(
            path, "title_gives_away", name, "标题在列表和提醒里人人看得见，个人信息和只给部分角色看的字段不能做标题。",
            "a title stands in lists and notices for everybody: personal data, and what only some roles read, can not be one.",
        )  # fmt: skip
