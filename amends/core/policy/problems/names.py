"""References between the parts that are only names: roles, forms, functions, kinds, channels, verbs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from amends.core.guidance import ADDRESSED
from amends.core.policy.forms import TEXT_TYPES
from amends.core.policy.intake import CategoryNode
from amends.core.policy.lifecycle import Transition
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.shape import near
from amends.core.policy.problems.world import World
from amends.core.policy.wording import PLACEHOLDERS, placeholders_in
from amends.core.verbs import VERBS

LADDER_WORDS = frozenset({"holder", "handler", "supervisor", "head", "department", "complainant", "team"})
"""Whom a reminder can tell beside roles: words that mean somebody by the case."""

_NOUNS = {
    "role": "角色", "form": "表单", "function": "部门职能", "kind": "个案种类", "verb": "动作", "field": "字段",
    "state": "状态", "axis": "分级维度", "group": "渠道类别", "scheme": "分类方案", "measure": "措施", "fact": "事实",
    "category": "类别", "level": "级别", "value": "取值", "chain": "审批链", "proceeding": "专项程序",
    "standard": "补偿标准", "channel": "渠道", "clock": "时限", "list": "清单", "questionnaire": "问卷", "message": "消息",
    "figure": "先行指标", "bank": "题库", "indicator": "指标", "team": "小组", "dimension": "统计维度",
}  # fmt: skip


_PARTS = {
    "role": ("roles", "routing"), "form": (), "function": ("routing",), "kind": ("channels",), "verb": ("lifecycle",),
    "field": (), "state": ("lifecycle",), "axis": ("grading",), "group": ("channels",), "scheme": ("categories",),
    "measure": ("categories",), "fact": ("grading", "categories", "lifecycle", "head"), "category": ("categories",),
    "level": ("grading",), "value": ("grading", "categories", "channels"), "chain": ("approvals",),
    "proceeding": ("proceedings",), "standard": ("compensation",), "channel": ("channels",), "clock": ("clocks",),
    "list": ("lifecycle", "proceedings"), "questionnaire": ("surveys",), "message": ("messages",),
    "figure": ("warnings",), "bank": ("training",), "indicator": ("kpis",), "team": ("routing",), "dimension": (),
}  # fmt: skip
"""The parts in which a name could stand: while one of them is not read, nothing is said about the name."""


class _Names:
    """Looks names up, one problem for each that is not there."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(
        self, path: Path, what: str, key: str, names: Iterable[str], table: Collection[str]
    ) -> Iterator[Problem]:
        for name in names:
            if name in table or self.world.is_missed(name, *_PARTS[what]):
                continue
            hint = near(name, table)
            yield Problem(
                path,
                f"unknown_{what}",
                key,
                f"没有{_NOUNS[what]}“{name}”。{hint[0]}",
                f'there is no {what} "{name}".{hint[1]}',
            )


def one_for_each_name(
    world: World, path: Path, what: str, key: str, names: Iterable[str], table: Collection[str]
) -> Iterator[Problem]:
    """A problem for each of the names that is not in the table."""
    yield from _Names(world)(path, what, key, names, table)


def name_problems(world: World) -> Iterator[Problem]:
    names = _Names(world)
    yield from _channel_names(world, names)
    yield from _category_names(world, names)
    yield from _transition_names(world, names)
    yield from _clock_names(world, names)
    yield from _routing_names(world, names)
    yield from _role_names(world, names)
    yield from _head_names(world, names)
    yield from _grading_names(world, names)
    yield from _guidance_names(world, names)
    yield from _care_names(world, names)


def _one(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()


def _channel_names(world: World, names: _Names) -> Iterator[Problem]:
    channels = world.pack.channels
    for kind_id, kind in channels.kinds.items():
        yield from names(("channels", "kinds", kind_id, "form"), "form", kind_id, (kind.form,), world.pack.forms)
    if channels.mail is not None:
        yield from names(("channels", "mail", "kind"), "kind", "mail", (channels.mail.kind,), channels.kinds)
    for channel_id, channel in channels.channels.items():
        if channel.retired or channel.group in channels.groups or world.is_missed(channel.group, "channels"):
            continue
        yield Problem(
            ("channels", "channels", channel_id, "group"), "channel_without_group", channel_id,
            f"渠道没有归入已定义的类别（“{channel.group}”不存在），统计时会丢失。",
            f'this channel belongs to no class that is counted ("{channel.group}" is not one).',
        )  # fmt: skip


def _category_names(world: World, names: _Names) -> Iterator[Problem]:
    categories = world.pack.categories
    schemes = {scheme.id: scheme for scheme in categories.schemes}
    for index, scheme in enumerate(categories.schemes):
        path: Path = ("categories", "schemes", index)
        seen: set[str] = set()
        for where, node_path, node in nodes_of(path, "values", "", scheme.values):
            if node_path in seen:
                yield Problem(where, "category_twice", node_path, "类别重复。", "this category stands twice.")
            seen.add(node_path)
            yield from names((*where, "asks"), "field", node_path, node.asks, world.fields)
            yield from names((*where, "measures"), "measure", node_path, node.measures, categories.measures)
            for other, target in node.maps_to.items():
                yield from names((*where, "maps_to"), "scheme", node_path, (other,), schemes)
                if other in schemes:
                    known = [p for p, _ in schemes[other].walk()]
                    yield from names((*where, "maps_to"), "category", node_path, (target,), known)


def nodes_of(
    path: Path, key: str, prefix: str, nodes: tuple[CategoryNode, ...]
) -> Iterator[tuple[Path, str, CategoryNode]]:
    """Every category with its place in the file and its path."""
    for index, node in enumerate(nodes):
        where = (*path, key, index)
        yield where, prefix + node.id, node
        yield from nodes_of(where, "children", f"{prefix}{node.id}/", node.children)


def _transition_names(world: World, names: _Names) -> Iterator[Problem]:
    roles, forms = world.pack.roles.roles, world.pack.forms
    for path, process in world.processes:
        for index, transition in enumerate(process.transitions):
            where = (*path, "transitions", index)
            yield from names((*where, "by"), "role", transition.verb, transition.by, roles)
            yield from names((*where, "form"), "form", transition.verb, _one(transition.form), forms)
            if (founded := transition.founds()) is not None:
                kinds = world.pack.channels.kinds
                yield from names((*where, "registers"), "kind", transition.verb, (founded.kind,), kinds)
                yield from names((*where, "registers", "fills"), "field", transition.verb, founded.fills, world.fields)
            yield from names(
                (*where, "via"), "channel", transition.verb, _one(transition.via), world.pack.channels.channels
            )
            for notice in transition.notifies:
                yield from names((*where, "notifies"), "role", transition.verb, notice.to, roles)
            chains = world.pack.approvals.chains
            yield from names((*where, "approves"), "chain", transition.verb, _one(transition.approves), chains)
            for start in transition.proceedings():
                yield from names(
                    (*where, "starts"), "proceeding", transition.verb, (start.proceeding,), world.pack.proceedings
                )
                yield from names((*where, "starts"), "field", transition.verb, _one(start.for_each), world.fields)
            case_verbs = {t.verb for t in world.pack.lifecycle.transitions}
            for step in transition.on_case:
                yield from names((*where, "on_case"), "verb", transition.verb, (step.verb,), case_verbs)
        for name, state in process.states.items():
            waits = {"complainant", "department", "handler", "desk", "system", "team", "partner"} | set(roles)
            yield from names((*path, "states", name, "waits_for"), "role", name, _one(state.waits_for), waits)


def _clock_names(world: World, names: _Names) -> Iterator[Problem]:
    known = set(world.pack.roles.roles) | LADDER_WORDS
    for index, clock in enumerate(world.pack.clocks):
        for step_index, step in enumerate(clock.ladder):
            yield from names(("clocks", index, "ladder", step_index, "tell"), "role", clock.id, step.tell, known)
        yield from names(("clocks", index, "shown_to"), "role", clock.id, clock.shown_to, known)
        yield from names(
            ("clocks", index, "task", "to"),
            "role",
            clock.id,
            clock.task.to if clock.task else (),
            world.pack.roles.roles,
        )


def _routing_names(world: World, names: _Names) -> Iterator[Problem]:
    routing, roles = world.pack.routing, world.pack.roles.roles
    functions = routing.functions
    for function_id, function in functions.items():
        path: Path = ("routing", "functions", function_id, "parent")
        yield from names(path, "function", function_id, _one(function.parent), functions)
    for index, route in enumerate(routing.routes):
        yield from names(("routing", "routes", index, "to"), "function", f"route {index + 1}", (route.to,), functions)
        yield from names(
            ("routing", "routes", index, "assigns"), "team", f"route {index + 1}", _one(route.assigns), routing.teams
        )
    for team_id, team in routing.teams.items():
        yield from names(("routing", "teams", team_id, "roles"), "role", team_id, team.roles, roles)
    decider = _one(routing.arbitrated_by)
    yield from names(("routing", "arbitrated_by"), "role", "arbitrated_by", decider, {*roles, *functions})
    level = world.domain(world.pack.grading.level) if world.pack.grading.level else None
    yield from names(
        ("routing", "owner_only"), "level", "owner_only", routing.owner_only, level.values if level else ()
    )
    for index, duty in enumerate(routing.duties):
        where = ("routing", "duties", index)
        yield from names((*where, "function"), "function", f"duty {index + 1}", _one(duty.function), functions)
        yield from names((*where, "state"), "state", f"duty {index + 1}", (duty.state,), world.pack.lifecycle.states)


def _role_names(world: World, names: _Names) -> Iterator[Problem]:
    part = world.pack.roles
    roles, functions = part.roles, world.pack.routing.functions
    for role_id, role in roles.items():
        path: Path = ("roles", "roles", role_id)
        yield from names((*path, "function"), "function", role_id, _one(role.function), functions)
        if role_id not in _roles_used(world) and not role.may and role.sees == "none" and not world.left_out_parts:
            yield Problem(
                path, "unused_role", role_id, "没有任何动作、权限或通知用到这个角色。",
                "no transition, right or message uses this role.", warning=True,
            )  # fmt: skip
    yield from names(("roles", "accused", "may"), "verb", "accused", part.accused.may, VERBS)
    for index, restriction in enumerate(part.restrictions):
        where = ("roles", "restrictions", index)
        yield from names((*where, "only"), "role", f"restriction {index + 1}", restriction.only, roles)
        yield from names((*where, "notifies"), "role", f"restriction {index + 1}", restriction.notifies, roles)
    yield from names(("roles", "contact_roles"), "role", "contact_roles", part.contact_roles, roles)
    yield from _unheld_roles(world)


def _roles_used(world: World) -> set[str]:
    used = {role for clock in world.all_clocks for step in clock.ladder for role in step.tell}
    used |= {role for chain in world.pack.approvals.chains.values() for role in chain.roles()}
    used |= {role for kind in world.pack.proceedings.values() for role in kind.seen_by}
    registers = [kind.register_ for kind in world.pack.proceedings.values() if kind.register_]
    used |= {role for register in registers for readers in register.readers for role in readers.roles}
    for transition in _transitions(world):
        used |= set(transition.by) | {role for notice in transition.notifies for role in notice.to}
    for restriction in world.pack.roles.restrictions:
        used |= set(restriction.only) | set(restriction.notifies)
    return used | set(world.pack.roles.contact_roles) | set(_one(world.pack.routing.arbitrated_by))


def _transitions(world: World) -> Iterator[Transition]:
    for _, process in world.processes:
        yield from process.transitions


def _unheld_roles(world: World) -> Iterator[Problem]:
    """Roles that nobody can come to hold on a case: handler where nothing assigns one, asked where nobody is asked."""
    assigns = any(t.assigns in ("actor", "head", "chosen") or t.routes for t in _transitions(world))
    asks = any(t.adds for t in _transitions(world))
    for role_id, role in world.pack.roles.roles.items():
        unheld = (role.counts == "handler" and not assigns) or (role.counts == "asked" and not asks)
        unheld = unheld or (role.counts == "partner" and "partner" not in world.fields)
        if unheld and not world.left_out_parts:
            yield Problem(
                ("roles", "roles", role_id), "unheld_role", role_id, "流程中没有任何步骤能让人担任这个角色。",
                "nothing in the lifecycle can give this role to anybody.", warning=True,
            )  # fmt: skip


def _head_names(world: World, names: _Names) -> Iterator[Problem]:
    head = world.pack.head
    if head.repeats:
        yield from names(("head", "repeats", "same"), "fact", "repeats", head.repeats.same, world.facts)
    for index, item in enumerate(head.archive.items if head.archive else ()):
        where = ("head", "archive", "items", index)
        title = item.title.zh_hans
        yield from names((*where, "form"), "form", title, _one(item.form), world.pack.forms)
        if item.verb in VERBS:
            yield from _unused_verb(world, (*where, "verb"), title, item.verb)
        else:
            yield from names((*where, "verb"), "verb", title, _one(item.verb), VERBS)


def _unused_verb(world: World, path: Path, key: str, verb: str | None) -> Iterator[Problem]:
    if verb is not None and verb not in world.verbs_used and not world.is_missed(verb, "lifecycle"):
        yield Problem(
            path, "unused_verb", key, f"动作“{verb}”在流程中从未使用。", f'no transition uses the verb "{verb}".'
        )


def _grading_names(world: World, names: _Names) -> Iterator[Problem]:
    grading = world.pack.grading
    axes = {axis.id for axis in grading.axes}
    for index, axis in enumerate(grading.axes):
        where: Path = ("grading", "axes", index, "told_in")
        yield from names(where, "field", axis.id, _one(axis.told_in), world.fields)
    yield from names(("grading", "level"), "axis", "level", _one(grading.level), axes)
    if not grading.priority and "grading" not in world.left_out_parts:
        yield Problem(
            ("grading", "priority"), "no_priority", "priority", "没有规定处理的先后次序。",
            "there is no rule for the order in which cases are handled.",
        )  # fmt: skip
    for index, step in enumerate(grading.priority):
        where = ("grading", "priority", index)
        yield from names((*where, "by"), "fact", "priority", (step.by,), world.facts)
        if domain := world.domain(step.by):
            yield from names((*where, "ranks"), "value", step.by, step.ranks, domain.values)


def _guidance_names(world: World, names: _Names) -> Iterator[Problem]:
    for index, hint in enumerate(world.pack.guidance):
        where: Path = ("guidance", index)
        inner = {f.id for field in world.fields.values() for f in field.fields}
        yield from names((*where, "field"), "field", "guidance", _one(hint.field), set(world.fields) | inner)
        yield from names((*where, "state"), "state", "guidance", _one(hint.state), world.pack.lifecycle.states)
        yield from names((*where, "when_kind"), "kind", "guidance", _one(hint.when_kind), world.pack.channels.kinds)
        yield from names((*where, "form"), "form", "guidance", _one(hint.form), world.pack.forms)
        yield from names((*where, "begins"), "proceeding", "guidance", _one(hint.begins), world.pack.proceedings)
        yield from names((*where, "into"), "field", "guidance", _one(hint.into), world.fields)
        for key, verbs in (("verb", hint.verbs), ("next", _one(hint.next))):
            yield from names((*where, key), "verb", "guidance", verbs, VERBS)
            for verb in verbs:
                yield from _unused_verb(world, (*where, key), "guidance", verb)
        for placeholder in placeholders_in(hint.text.zh_hans) if hint.text else ():
            known = PLACEHOLDERS | {ADDRESSED} | set(world.fields)
            yield from names((*where, "text"), "field", "guidance", (placeholder,), known)
    ids = [g.id for g in world.pack.guidance if g.id]
    for index, hint in enumerate(world.pack.guidance):
        if hint.id and ids.count(hint.id) > 1:
            yield Problem(
                ("guidance", index), "guidance_twice", hint.id, "指引的名称重复。", "this guidance stands twice."
            )


def _answers_names(world: World, names: _Names) -> Iterator[Problem]:
    """What the rules of earlier answers name; their verbs are asked of cases, or of the kind of proceeding in `of`."""
    for index, rule in enumerate(world.pack.head.care.answers):
        where: Path = ("head", "care", "answers", index)
        yield from names((*where, "of"), "proceeding", "answers", _one(rule.of), world.pack.proceedings)
        named = (rule.field, *rule.question, *_one(rule.topic))
        yield from names((*where, "field"), "field", "answers", named, world.fields)
        if rule.of is not None and rule.of not in world.pack.proceedings:
            continue
        process = world.pack.proceedings[rule.of] if rule.of else world.pack.lifecycle
        for verb in (*rule.verbs, *rule.beside):
            yield from names((*where, "verbs"), "verb", "answers", (verb,), VERBS)
            if verb in VERBS and not process.with_verb(verb):
                said = (f"动作“{verb}”在流程中从未使用。", f'no transition uses the verb "{verb}".')
                yield Problem((*where, "verbs"), "unused_verb", "answers", *said)
        wrong = [
            name for name in (rule.field, *rule.question) if (f := world.fields.get(name)) and f.type not in TEXT_TYPES
        ]
        for name in wrong:
            yield Problem(
                (*where, "field"), "answer_no_text", name, f"“{name}”不是文字字段，不能作为问题或答复。",
                f'"{name}" is no text, so it can be neither question nor answer.',
            )  # fmt: skip


def _care_names(world: World, names: _Names) -> Iterator[Problem]:
    care, where = world.pack.head.care, ("head", "care")
    yield from names((*where, "brief"), "field", "brief", care.brief_fields(), world.fields)
    verbs: list[tuple[str, tuple[str, ...]]] = [("relief", _one(care.relief))]
    if care.mood:
        yield from names((*where, "mood"), "field", "mood", (care.mood.field,), world.fields)
        if domain := world.domain(care.mood.field):
            yield from names((*where, "mood"), "value", "mood", care.mood.high, domain.values)
    if care.relationship:
        fields = care.relationship.fields
        yield from names((*where, "relationship"), "field", "relationship", fields, world.fields)
        verbs.append(("relationship", care.relationship.beside))
    if care.similar:
        rule = care.similar
        yield from names((*where, "similar"), "field", "similar", (rule.field, *_one(rule.amount)), world.fields)
        verbs.append(("similar", (rule.proposed, *rule.accepted, *rule.refused, *rule.beside)))
    yield from _answers_names(world, names)
    for key, wanted in verbs:
        for verb in wanted:
            yield from names((*where, key), "verb", key, (verb,), VERBS)
            yield from _unused_verb(world, (*where, key), key, verb)
