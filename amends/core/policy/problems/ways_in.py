"""Ways in: what a channel fills in by itself are fields that some kind is registered with, of a type that can hold it."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.intake import POST_FIELDS, Channel, Fill
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.shape import near
from amends.core.policy.problems.world import World

HOLDS = {"person": ("person",), "department": ("department",), "received_at": ("datetime",)}


def way_in_problems(world: World) -> Iterator[Problem]:
    """Every field that a channel fills in and no form of registering has, or that can not hold what fills it."""
    forms = [world.pack.forms.get(kind.form) for kind in world.pack.channels.kinds.values()]
    asked = {f.id: f for form in forms if form for f in form.fields}
    for name, channel in world.pack.channels.channels.items():
        hours = channel.attended
        if hours and hours not in (*world.pack.calendar.hours, "default") and not world.is_missed(hours, "calendar"):
            yield Problem(
                ("channels", "channels", name, "attended"), "unknown_hours", name, f"没有工作时间“{hours}”。",
                f'there are no hours "{hours}".',
            )  # fmt: skip
        yield from _app_problems(world, ("channels", "channels", name, "app"), name, channel, set(asked))
        yield from _monitored_problems(world, ("channels", "channels", name, "monitored"), name, channel)
        for field_id, fill in channel.fills.items():
            where: Path = ("channels", "channels", name, "fills", field_id)
            for sought in filter(None, (field_id, fill.same_as)):
                if sought not in asked and not world.is_missed(sought, "forms"):
                    hint = near(sought, asked)
                    yield Problem(
                        where, "unknown_field", name, f"登记用的表单中没有字段“{sought}”。{hint[0]}",
                        f'no form of registering has a field "{sought}".{hint[1]}',
                    )  # fmt: skip
            if field_id in asked and not _can_hold(asked[field_id].type, fill):
                yield Problem(
                    where, "fixed_type", name, f"字段“{field_id}”的类型放不下自动填写的内容。",
                    f'field "{field_id}" can not hold what fills it in.',
                )  # fmt: skip


def _monitored_problems(world: World, where: Path, name: str, channel: Channel) -> Iterator[Problem]:
    """A post is kept in the fields of the form by which it becomes a case, by people who may register it."""
    if channel.monitored is None:
        return
    kind = world.pack.channels.kinds.get(channel.monitored.kind)
    if kind is None:
        yield Problem(
            (*where, "kind"), "unknown_kind", name, f"没有个案类型“{channel.monitored.kind}”。",
            f'there is no kind "{channel.monitored.kind}".',
        )  # fmt: skip
        return
    form = world.pack.forms.get(kind.form)
    for field_id in POST_FIELDS if form else ():
        if form and form.field(field_id) is None and field_id != "post_platform_other":
            yield Problem(
                where, "field_missing", name, f"表单“{kind.form}”缺少字段“{field_id}”，原帖无处保存。",
                f'form "{kind.form}" lacks "{field_id}", in which a post is kept.',
            )  # fmt: skip
    registering = {role for t in world.pack.lifecycle.from_state(None) if t.verb == "register" for role in t.by}
    for role in channel.monitored.by:
        if role not in registering:
            yield Problem(
                (*where, "by"), "not_registering", name, f"角色“{role}”不能登记个案，无法转交。",
                f'role "{role}" may not register cases, so it can hand nothing over.',
            )  # fmt: skip


def _app_problems(world: World, where: Path, name: str, channel: Channel, asked: set[str]) -> Iterator[Problem]:
    """What an app sends goes into fields that forms of registering have."""
    if channel.app is None:
        return
    if channel.app.kind not in world.pack.channels.kinds:
        yield Problem(
            (*where, "kind"), "unknown_kind", name, f"没有个案类型“{channel.app.kind}”。",
            f'there is no kind "{channel.app.kind}".',
        )  # fmt: skip
    for field_id in (*channel.app.fields.values(), *channel.app.fills):
        if field_id not in asked and not world.is_missed(field_id, "forms"):
            hint = near(field_id, asked)
            yield Problem(
                where, "unknown_field", name, f"登记用的表单中没有字段“{field_id}”。{hint[0]}",
                f'no form of registering has a field "{field_id}".{hint[1]}',
            )  # fmt: skip


def _can_hold(type_: str, fill: Fill) -> bool:
    return type_ in HOLDS[fill.known] if fill.known else True
