"""The forms of the address book and of messages to groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amends.apps.circulars.models import BookGroup
from amends.apps.circulars.rights import Keeper
from amends.apps.circulars.sending import LONGEST_FILL
from amends.apps.messaging.actions import out_of_quiet_hours
from amends.core.policy.texting import GroupWording
from amends.doors.wording import moment_words, words
from amends.web.organisation.fields import Form, Moment, Text


class Groups(forms.TypedMultipleChoiceField):
    """Some of the groups of a book."""

    def __init__(self, keeper: Keeper) -> None:
        choices = [(str(group.pk), group.title) for group in BookGroup.objects.filter(desk=keeper.desk)]
        super().__init__(
            label=_("分组"), required=False, coerce=int, choices=choices,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        )  # fmt: skip


class EntryForm(Form):
    """A dealer: company, contact person, mobile number, groups; what was approved on paper also by whom and when."""

    company = Text(label=_("公司名称"), limit=120)
    name = Text(label=_("联系人"), limit=60)
    phone = Text(label=_("手机号码"), limit=40)
    note = Text(label=_("备注"), limit=200, required=False)

    def __init__(self, *args: Any, keeper: Keeper, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["groups"] = Groups(keeper)


class MessageForm(Form):
    """What a wording asks for, to which groups, and when it is to leave."""

    def __init__(self, *args: Any, keeper: Keeper, wording: GroupWording, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, title in wording.asks.items():
            self.fields[name] = Text(label=words(title), limit=LONGEST_FILL)
            self.fields[name].widget.attrs["id"] = f"f-{name}"
            self.fields[name].error_messages["required"] = _("请填写这一项。")
        self.fields["groups"] = Groups(keeper)
        self.fields["planned_at"] = Moment(label=_("发送时间"), zone=keeper.zone, name="planned_at")
        self.fields["planned_at"].required = False
        self.fields["planned_at"].help_text = _when(keeper)


def _when(keeper: Keeper) -> str:
    """When a message leaves whose time is left open, and what quiet hours mean for it."""
    quiet = keeper.pack.texting.quiet
    if quiet is None:
        return gettext("不填则立即发送。")
    hours = {"begins": f"{quiet.begins:%H:%M}", "ends": f"{quiet.ends:%H:%M}"}
    awake = out_of_quiet_hours(keeper.pack, keeper.now)
    if awake == keeper.now:
        return gettext("不填则立即发送。免打扰时段（%(begins)s至%(ends)s）提交的，时段结束后发出。") % hours
    time = moment_words(awake, keeper.zone, now=keeper.now)
    return gettext("现在是免打扰时段（%(begins)s至%(ends)s）：不填则于 %(time)s 发出。") % {**hours, "time": time}
