"""What comes in: kinds, channels, categories, and what is marked when a case is accepted."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.intake import CategoryNode, CategoryScheme, Channel, Kind
from amends.core.policy.pack import Pack
from amends.doors.wording import listed, words
from amends.web.policies.reading.names import Names, quoted
from amends.web.policies.reading.saying import Saying


def intake(pack: Pack, names: Names) -> Iterator[Saying]:
    """Kinds, channels and categories, the rules of acceptance, and how earlier cases are recognised."""
    for name, kind in pack.channels.kinds.items():
        yield Saying("intake", f"kind:{name}", words(kind.title), tuple(_of_kind(kind, names)), kind.clause)
    for name, channel in pack.channels.channels.items():
        said = tuple(_of_channel(channel, pack, names))
        yield Saying("intake", f"channel:{name}", words(channel.title), said, channel.clause)
    for scheme in pack.categories.schemes:
        yield from _scheme(scheme, names)
    for n, rule in enumerate(pack.head.acceptance):
        sentence = gettext("登记时，%(when)s的，%(marks)s。")
        params = {"when": names.condition(rule.when), "marks": marks_of(rule.marks, names)}
        yield Saying("intake", f"acceptance:{n}", gettext("登记时的认定"), (sentence % params,), rule.clause)
    yield from _repeats(pack, names)


def _of_kind(kind: Kind, names: Names) -> Iterator[str]:
    yield gettext("用《%(form)s》登记。") % {"form": names.form(kind.form)}
    yield gettext("计入投诉数。") if kind.counts else gettext("不计入投诉数，单独统计。")
    if kind.internal:
        yield gettext("属于内部事项。")
    if kind.portal:
        yield gettext("客户可以在网上自助提交。")


def _of_channel(channel: Channel, pack: Pack, names: Names) -> Iterator[str]:
    group = pack.channels.groups.get(channel.group)
    yield gettext("统计时归入“%(group)s”。") % {"group": words(group) if group else channel.group}
    if channel.written:
        yield gettext("属于书面渠道。")
    if channel.portal:
        yield gettext("客户可以在网上自助提交。")
    if channel.fills:
        yield gettext("登记时自动填写：%(fields)s。") % {"fields": listed(names.fact(name) for name in channel.fills)}
    if channel.monitored is not None:
        yield gettext("%(who)s负责监测，看到的帖子登记后转交或注明不处理的原因。") % {
            "who": listed(names.role(r) for r in channel.monitored.by)
        }
        if channel.monitored.note:
            yield words(channel.monitored.note)
    if channel.retired:
        yield gettext("已停用。")


def _scheme(scheme: CategoryScheme, names: Names) -> Iterator[Saying]:
    several = gettext("可以多选。") if scheme.several else gettext("单选。")
    top = gettext("分为：%(values)s。") % {"values": listed(node.title for node in scheme.values if not node.retired)}
    yield Saying("intake", f"scheme:{scheme.id}", words(scheme.title), (top, several), scheme.clause)
    for path, node in scheme.walk():
        said = tuple(_of_category(node, names))
        if said or node.clause:
            title = gettext("%(scheme)s：%(category)s") % {"scheme": words(scheme.title), "category": words(node.title)}
            yield Saying("intake", f"category:{scheme.id}:{path}", title, said, node.clause)


def _of_category(node: CategoryNode, names: Names) -> Iterator[str]:
    if node.children:
        titles = listed(child.title for child in node.children if not child.retired)
        yield gettext("细分为：%(values)s。") % {"values": titles}
    if node.asks:
        yield gettext("选了这一类，须填写%(fields)s。") % {"fields": listed(names.fact(name) for name in node.asks)}
    if node.marks:
        yield gettext("选了这一类，%(marks)s。") % {"marks": marks_of(node.marks, names)}
    if node.maps_to:
        said = listed(names.fact(k) + quoted(names.value(k, v)) for k, v in node.maps_to.items())
        yield gettext("自动建议%(values)s。") % {"values": said}
    if node.retired:
        yield gettext("已停用。")


def marks_of(marks: dict[str, str | bool], names: Names) -> str:
    """What is marked, in words."""
    said = [
        gettext("标记“%(fact)s”为%(value)s") % {"fact": names.fact(name), "value": names.value(name, value)}
        for name, value in marks.items()
    ]
    return gettext("，").join(said)


def _repeats(pack: Pack, names: Names) -> Iterator[Saying]:
    rule = pack.head.repeats
    if rule is None:
        return
    same = listed(names.fact(name) for name in rule.same)
    said = (
        gettext("同一投诉人 %(days)s 天内、%(same)s相同的个案，算作以前的同类个案。")
        if same
        else gettext("同一投诉人 %(days)s 天内的个案，算作以前的同类个案。")
    )
    sentences = [said % {"days": rule.within_days, "same": same}]
    if rule.unresolved_only:
        sentences.append(gettext("只算还没有办结的。"))
    yield Saying("intake", "repeats", gettext("重复投诉的认定"), tuple(sentences), rule.clause)
