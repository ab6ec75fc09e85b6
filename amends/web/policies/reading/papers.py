"""Forms, messages, what a complete file holds, and hints."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.care import Answers
from amends.core.policy.forms import Field, Form
from amends.core.policy.guidance import Guidance
from amends.core.policy.pack import ArchiveItem, Pack
from amends.doors.wording import button_of, listed, traditional_of_reader, words
from amends.web.policies.reading.names import Names, in_language, quoted
from amends.web.policies.reading.saying import Saying


def forms(pack: Pack, names: Names) -> Iterator[Saying]:
    """Every form, and every field of it."""
    for name, form in pack.forms.items():
        yield Saying(
            "forms",
            f"form:{name}",
            gettext("《%(form)s》") % {"form": words(form.title)},
            tuple(_of_form(form)),
            form.clause,
        )
        for field in form.fields:
            title = gettext("《%(form)s》中的“%(field)s”") % {"form": words(form.title), "field": words(field.title)}
            clauses = tuple(dict.fromkeys([*field.clause, *(c for sub in field.fields for c in sub.clause)]))
            yield Saying("forms", f"form:{name}:{field.id}", title, tuple(of_field(field, names)), clauses)


def _of_form(form: Form) -> Iterator[str]:
    yield gettext("共 %(n)s 项。") % {"n": len(form.fields)}
    if form.printed:
        yield gettext("可以打印为《%(title)s》。") % {"title": words(form.printed.title)}


def of_field(field: Field, names: Names) -> Iterator[str]:
    """What a field asks for, in sentences."""
    if field.required is True:
        yield gettext("必填。")
    elif field.required is False:
        yield gettext("选填。")
    else:
        yield gettext("%(when)s时必填。") % {"when": names.condition(field.required)}
    if field.when is not None:
        yield gettext("%(when)s时才出现。") % {"when": names.condition(field.when)}
    if field.options:
        yield gettext("可选：%(options)s。") % {"options": listed(option.title for option in field.options)}
    if field.fields:
        yield gettext("逐条填写：%(fields)s。") % {"fields": listed(sub.title for sub in field.fields)}
    if field.one_for_each:
        yield gettext("须逐条对应“%(other)s”。") % {"other": names.fact(field.one_for_each)}
    if field.not_before:
        yield gettext("不能早于“%(other)s”。") % {"other": names.fact(field.not_before)}
    if field.length:
        yield gettext("恰好 %(n)s 位数字。") % {"n": field.length}
    if field.max_length:
        yield gettext("最多 %(n)s 字。") % {"n": field.max_length}
    if field.personal:
        yield gettext("属于个人信息，平时遮盖，说明理由后才能查看。")
    if field.clear_to:
        yield gettext("%(roles)s办理时需要，对其不遮盖。") % {"roles": names.roles(field.clear_to)}
    if field.seen_by:
        yield gettext("只有%(roles)s看得到。") % {"roles": names.roles(field.seen_by)}
    if field.reason:
        yield gettext("消息中的“原因”取自这一项。")


def messages(pack: Pack, names: Names) -> Iterator[Saying]:
    """Every message in the wording that is sent."""
    for name, texts in pack.messages.texts.items():
        for channel, by_language in texts.items():
            title = gettext("%(channel)s“%(message)s”") % {
                "channel": channel_words(channel),
                "message": names.message(name),
            }
            yield Saying("messages", f"message:{name}:{channel}", title, (in_language(by_language).strip(),))


def channel_words(channel: str) -> str:
    said = {"email": gettext("邮件"), "sms": gettext("短信"), "notice": gettext("站内通知"), "page": gettext("页面")}
    return said.get(channel, channel)


def file_of_a_case(pack: Pack, names: Names) -> Iterator[Saying]:
    """What a complete file holds, how long it is kept, and which evidence is taken."""
    if pack.head.archive:
        for n, item in enumerate(pack.head.archive.items):
            yield Saying("archive", f"item:{n}", words(item.title), tuple(_of_item(item, names)), item.clause)
        if pack.head.archive.keep_years:
            said = gettext("保存 %(n)s 年。") % {"n": pack.head.archive.keep_years}
            said += gettext("期满之前，本人要求也不删除。") if pack.head.archive.kept_by_law else ""
            yield Saying("archive", "archive", gettext("档案保存"), (said,), pack.head.archive.clause)
    if pack.head.evidence:
        rule = pack.head.evidence
        params = {
            "mb": rule.max_file_mb,
            "files": rule.max_files,
            "types": ", ".join(rule.extensions),
            "kinds": listed(rule.kinds.values()),
        }
        said = gettext("种类：%(kinds)s。可以上传 %(types)s，每个不超过 %(mb)s MB，一次最多 %(files)s 个。") % params
        yield Saying("archive", "evidence", gettext("证据材料"), (said,), rule.clause)


def _of_item(item: ArchiveItem, names: Names) -> Iterator[str]:
    if item.form:
        yield gettext("由《%(form)s》证明。") % {"form": names.form(item.form)}
    if item.verb:
        yield gettext("由“%(verb)s”证明。") % {"verb": button_of(item.verb)}
    if item.evidence:
        yield gettext("须有证据材料。")
    if item.when is not None:
        yield gettext("适用于：%(when)s。") % {"when": names.condition(item.when)}
    if not item.needed:
        yield gettext("缺少时不影响归档。")


def guidance(pack: Pack, names: Names) -> Iterator[Saying]:
    """What staff are shown beside fields, in states and while doing verbs."""
    for n, g in enumerate(pack.guidance):
        said = [*([names.with_blanks(words(g.text))] if g.text else []), *(words(item) for item in g.items.values())]
        if g.words:
            said.append(
                gettext("少用的说法：%(words)s")
                % {"words": " ".join(quoted(traditional_of_reader(word)) for word in g.words)}
            )
        if g.when is not None:
            said.append(gettext("适用于：%(when)s。") % {"when": names.condition(g.when)})
        where = _where(g, names)
        title = words(g.title) or (gettext("“%(where)s”旁的提示") % {"where": where} if where else gettext("办理指引"))
        yield Saying("forms", f"hint:{n}", title, tuple(said), g.clause)
    for n, rule in enumerate(pack.head.care.answers):
        yield Saying("forms", f"answers:{n}", gettext("以前的答复"), tuple(_of_answers(rule, pack, names)), rule.clause)


def _of_answers(rule: Answers, pack: Pack, names: Names) -> Iterator[str]:
    where = words(pack.proceedings[rule.of].title) if rule.of else ""
    if rule.beside:
        steps = listed(button_of(verb) for verb in rule.beside)
        steps = gettext("“%(kind)s”中的%(steps)s") % {"kind": where, "steps": steps} if where else steps
        yield gettext("%(steps)s时，列出同类问题以前的答复，不带提问人的个人信息；可以填入“%(field)s”再修改。") % {
            "steps": steps, "field": names.fact(rule.field),
        }  # fmt: skip
    asked = listed(names.fact(name) for name in (*rule.question, *([rule.topic] if rule.topic else [])))
    yield gettext("按%(asked)s比较问题是否相近。") % {"asked": asked}


def _where(g: Guidance, names: Names) -> str:
    """Where a hint stands, in words; empty where it is shown everywhere."""
    if g.field:
        return names.fact(g.field)
    if g.state:
        return names.state(g.state)
    if g.verbs:
        return listed(button_of(verb) for verb in g.verbs)
    if g.form:
        return names.form(g.form)
    return names.value("kind", g.when_kind) if g.when_kind else ""
