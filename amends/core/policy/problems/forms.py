"""Forms: what they refer to exists, one id means one thing, and "other" asks for its text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amends.core.facts import BUILT_IN_FACTS
from amends.core.policy.base import Title
from amends.core.policy.conditions import Condition
from amends.core.policy.forms import TEXT_TYPES, Field, Form
from amends.core.policy.printing import CASE_WORDS, PROCEEDING_WORDS
from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem, quoted, quoted_en
from amends.core.policy.problems.world import World

FIXED_TYPES = {
    "complainant_name": ("text",),
    "complainant_phone": ("phone",),
    "complainant_email": ("email",),
    "complainant_address": ("address",),
    "complainant_id_number": ("id_number",),
    "complainant_kind": ("choice",),
    "subject": ("text",),
    "description": ("long_text",),
    "demand": ("long_text",),
    "demands": ("rows",),
    "occurred_at": ("date", "datetime"),
    "evidence_files": ("files",),
    "superseded_file": ("file_of_case",),
    "caller_number": ("phone",),
    "passage": ("long_text",),
    "post_platform": ("choice",),
    "post_platform_other": ("text",),
    "post_author": ("text",),
    "posted_at": ("datetime",),
    "post_link": ("url",),
    "post_text": ("long_text",),
    "post_screenshots": ("files",),
    "praised_person": ("person",),
    "praised_department": ("department",),
    "praised_on": ("date",),
    "call_began_at": ("datetime",),
    "accused_person": ("person",),
    "accused_department": ("department",),
    "partner": ("partner",),
    "grade_reason": ("text", "long_text"),
    "department": ("department",),
    "team": ("team",),
    "handler": ("person",),
    "route_reason": ("text", "long_text"),
    "exception_reason": ("text", "long_text"),
    "reason": ("text", "long_text"),
    "item": ("number",),
    "promised_reply_at": ("datetime",),
    "urgent": ("yes_no",),
    "measures": ("rows",),
    "outcome": ("choice",),
}
"""Fields that the product itself reads, by id, and the types it can read."""

REGISTER_NEEDS = ("complainant_name", "subject", "description")
WAYS_TO_REACH = ("complainant_phone", "complainant_email")
_OTHER_TITLES = ("其他", "其它")
_OTHER_IDS = ("other", "others")


def form_problems(world: World) -> Iterator[Problem]:
    for form_id, form in world.pack.forms.items():
        path: Path = ("forms", form_id)
        yield from _field_problems(world, path, form.fields, outer=())
        yield from _fixed_type_problems(path, form)
        yield from _layout_problems(world, path, form)
    yield from _record_problems(world)
    yield from _meaning_problems(world)
    yield from _register_problems(world)


def _record_problems(world: World) -> Iterator[Problem]:
    """What rows are drawn up from, and of which days they are asked, has to exist."""
    for form_id, form in world.pack.forms.items():
        for index, f in enumerate(form.fields):
            where: Path = ("forms", form_id, "fields", index)
            if rule := f.from_records:
                source = world.pack.forms.get(rule.form)
                told = {one.id for one in source.fields} if source else set()
                yield from one_for_each_name(world, where, "form", f.id, (rule.form,), world.pack.forms)
                yield from one_for_each_name(world, where, "field", f.id, (rule.day, *rule.takes.values()), told)
                yield from one_for_each_name(world, where, "field", f.id, (rule.since, rule.until), world.fields)
            if f.computed and (days := f.computed.days_without):
                rows = form.field(days.rows)
                columns = [one.id for one in rows.fields] if rows else []
                own = [one.id for one in form.fields]
                yield from one_for_each_name(world, where, "field", f.id, (days.rows,), own)
                yield from one_for_each_name(world, where, "field", f.id, (days.day,), columns)


def _field_problems(
    world: World, path: Path, fields: tuple[Field, ...], *, outer: tuple[Field, ...]
) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, field in enumerate(fields):
        where = (*path, "fields", index)
        if field.id in seen:
            yield Problem(
                where, "field_twice", field.id, "同一张表单中重复出现。", "this field stands twice in the form."
            )
        seen.add(field.id)
        yield from _reference_problems(world, where, field, {f.id for f in (*fields, *outer)})
        yield from _option_problems(world, where, field, (*fields, *outer), in_row=bool(outer))
        yield from _field_problems(world, where, field.fields, outer=fields)


def _reference_problems(world: World, where: Path, field: Field, siblings: set[str]) -> Iterator[Problem]:
    pack = world.pack
    known = set(world.fields) | siblings | BUILT_IN_FACTS | world.marks
    lookups: list[tuple[str, Iterable[str], Iterable[str], str, str, str]] = [
        ("scheme", _one(field.scheme), [s.id for s in pack.categories.schemes], "分类方案", "scheme", "categories"),
        ("axis", _one(field.axis), [a.id for a in pack.grading.axes], "分级维度", "axis", "grading"),
        ("options_from", _one(field.options_from), world.choice_lists, "选项清单", "list of choices", "categories"),
        ("seen_by", field.seen_by, pack.roles.roles, "角色", "role", "roles"),
        ("clear_to", field.clear_to, pack.roles.roles, "角色", "role", "roles"),
        ("one_for_each", _one(field.one_for_each), world.lists | siblings, "清单", "list", "lifecycle"),
    ]
    if field.computed:
        lookups.append(("computed", field.computed.sources(), known, "字段", "field", "lifecycle"))
    lookups.append(("equals", _one(field.equals), known, "字段", "field", "lifecycle"))
    lookups.append(("not_before", _one(field.not_before), known, "字段", "field", "lifecycle"))
    lookups.append(("default_from", _one(field.default_from), known, "字段", "field", "lifecycle"))
    comment = _one(field.scored.comment) if field.scored else ()
    lookups.append(("scored", comment, world.fields, "字段", "field", "lifecycle"))
    for key, names, table, noun, noun_en, part in lookups:
        for name in names:
            if name not in table and not world.is_missed(name, part):
                yield Problem(
                    (*where, key), f"unknown_{noun_en.split()[0]}", field.id,
                    f"没有{noun}“{name}”。", f'there is no {noun_en} "{name}".',
                )  # fmt: skip
    domain = world.field_domain(where, field)
    if isinstance(field.default, str) and domain and field.default not in domain.values:
        yield Problem(
            (*where, "default"), "not_an_option", field.id, f"默认值“{field.default}”不在选项之中。",
            f'the default "{field.default}" is not one of its options.',
        )  # fmt: skip


def _one(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()


# Options


def _option_problems(
    world: World, where: Path, field: Field, beside: tuple[Field, ...], *, in_row: bool
) -> Iterator[Problem]:
    ids = [option.id for option in field.options]
    present = {f.id for f in beside}
    for index, option in enumerate(field.options):
        here = (*where, "options", index)
        if ids.index(option.id) != index:
            yield Problem(
                here, "option_twice", field.id, f"选项“{option.id}”重复。", f'option "{option.id}" stands twice.'
            )
        if option.asks and option.asks not in present and not world.is_missed(option.asks):
            yield _no_text_field(here, field.id, option.title)
    choices = {option.id: option.title for option in field.options if not option.asks}
    # A row has its text beside the choice; conditions inside a row can not speak of the row.
    if in_row and any(f.type in TEXT_TYPES for f in beside):
        return
    for choice, title in (choices or _listed(world, field)).items():
        if _is_other(choice, title) and not any(_is_asked_by(f, field.id, choice) for f in beside):
            place = (*where, "options", ids.index(choice)) if choice in ids else where
            yield _no_text_field(place, field.id, title)


def _listed(world: World, field: Field) -> dict[str, Title]:
    """The choices a field takes from a list whose entries are only titles."""
    if field.type not in ("choice", "choices") or not field.options_from:
        return {}
    categories = world.pack.categories
    named = {"measures": categories.measures, "outcomes": categories.outcomes, **categories.lists}
    return dict(named.get(field.options_from, {}))


def _is_other(choice: str, title: Title) -> bool:
    return choice in _OTHER_IDS or title.zh_hans.startswith(_OTHER_TITLES)


def _is_asked_by(other: Field, field_id: str, choice: str) -> bool:
    """Whether another field appears or becomes required when `choice` is chosen."""
    conditions = [c for c in (other.when, other.required) if isinstance(c, Condition)]
    for question in (q for condition in conditions for q in condition.comparisons()):
        values = (question.is_, question.in_, question.has)
        if question.fact == field_id and any(choice in _tuple(value) for value in values):
            return True
    return False


def _tuple(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _no_text_field(path: Path, key: str, title: Title) -> Problem:
    return Problem(
        path, "other_without_text", key, f"选项“{title.zh_hans}”没有填写说明的字段。",
        f'choice "{title.zh_hans}" has no field for the text it asks for.',
    )  # fmt: skip


# One id, one meaning


def _fixed_type_problems(path: Path, form: Form) -> Iterator[Problem]:
    for index, field in enumerate(form.fields):
        types = FIXED_TYPES.get(field.id)
        if types and field.type not in types:
            yield Problem(
                (*path, "fields", index, "type"), "fixed_type", field.id,
                f"系统按“{'、'.join(types)}”读取这个字段，不能是“{field.type}”。",
                f"the product reads this field as {' or '.join(types)}, so it can not be {field.type}.",
            )  # fmt: skip


def _meaning_problems(world: World) -> Iterator[Problem]:
    first: dict[str, tuple[Path, Field]] = {}
    for form_id, form in world.pack.forms.items():
        for index, field in enumerate(form.fields):
            path = ("forms", form_id, "fields", index)
            earlier_path, earlier = first.setdefault(field.id, (path, field))
            if (field.type, field.scheme, field.axis) != (earlier.type, earlier.scheme, earlier.axis):
                yield Problem(
                    path, "types_differ", field.id,
                    f"类型为“{_kind(field)}”，而 {{0}} 的同名字段是“{_kind(earlier)}”。",
                    f"its type is {_kind(field)}, but the field of this id in {{0}} is {_kind(earlier)}.",
                    refers=(earlier_path,),
                )  # fmt: skip


def _kind(field: Field) -> str:
    return " ".join(filter(None, (field.type, field.scheme, field.axis)))


# Layout


def _layout_problems(world: World, path: Path, form: Form) -> Iterator[Problem]:
    own = {f.id for f in form.fields}
    for index, (_, names) in enumerate(form.sections):
        for name in names:
            if name not in own and not world.is_missed(name):
                yield Problem(
                    (*path, "sections", index), "unknown_field", name, "分区引用了表单中没有的字段。",
                    "a section names this field, which the form does not have.",
                )  # fmt: skip
    shown = {name for _, names in form.sections for name in names}
    if form.sections and (unplaced := [f.id for f in form.fields if f.id not in shown]):
        yield Problem(
            (*path, "sections"), "field_without_section", form.id, f"字段{quoted(unplaced)}不在任何分区中。",
            f"fields {quoted_en(unplaced)} stand in no section.",
        )  # fmt: skip
    yield from _printed_problems(world, (*path, "printed", "rows"), form)


def _printed_problems(world: World, path: Path, form: Form) -> Iterator[Problem]:
    axes = {axis.id for axis in world.pack.grading.axes}
    printable = set(world.fields) | axes | set(CASE_WORDS) | set(PROCEEDING_WORDS)
    rows = {f.id for f in world.fields.values() if f.type == "rows"}
    for index, row in enumerate(form.printed.rows if form.printed else ()):
        for name in row.names():
            if name not in printable and not world.is_missed(name, "forms", "grading"):
                yield Problem(
                    (*path, index), "unknown_field", name, "打印表格引用了没有任何表单提供的字段。",
                    "the printed form names this field, which no form has.",
                )  # fmt: skip
            if name in rows and len(row.names()) > 1:
                yield Problem(
                    (*path, index), "rows_beside_others", name, "明细表在打印表格中须独占一行。",
                    "a field of rows stands alone in its line of the printed form.",
                )  # fmt: skip
        chains = (row.approvals,) if row.approvals else ()
        yield from one_for_each_name(world, (*path, index), "chain", form.id, chains, world.pack.approvals.chains)
        for verb in row.verbs():
            if verb not in world.verbs_used and not world.is_missed(verb, "lifecycle"):
                yield Problem(
                    (*path, index), "unknown_verb", verb, "打印表格的签字引用了制度中没有的动作。",
                    "a signature of the printed form names this verb, which the pack does not use.",
                )  # fmt: skip


# Registering


def _register_problems(world: World) -> Iterator[Problem]:
    for kind_id, kind in world.pack.channels.kinds.items():
        form = world.pack.forms.get(kind.form)
        if form is None:
            continue
        has = {f.id for f in form.fields}
        missing = [name for name in REGISTER_NEEDS if name not in has and not world.is_missed(name)]
        if not has & set(WAYS_TO_REACH) and not world.left_out & set(WAYS_TO_REACH):
            missing.append(" / ".join(WAYS_TO_REACH))
        if missing:
            yield Problem(
                ("channels", "kinds", kind_id, "form"), "register_form", kind_id,
                f"登记表单“{form.id}”缺少字段{quoted(missing)}。",
                f'its register form "{form.id}" lacks {quoted_en(missing)}.',
            )  # fmt: skip
