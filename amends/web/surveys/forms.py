"""The plan of a survey as a form: target group, content, method and time; what is open yet may stay open until it starts."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amends.apps.people.choices import departments_to_choose
from amends.apps.policies.models import Desk
from amends.apps.surveys.models import Survey
from amends.apps.surveys.planning import Plan, methods_of
from amends.core.policy.pack import Pack
from amends.doors.wording import words
from amends.web.organisation.fields import Choice, Form, Text, department_choices

METHODS = (
    ("sms", _("短信")),
    ("email", _("邮件")),
    ("telephone", _("电话访问")),
    ("link", _("公开链接和二维码")),
)


def _date(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("请填写日期，例如 2026-03-02。")},
    )  # fmt: skip


def _number(label: Any, *, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=1, max_value=most, widget=forms.NumberInput(attrs={"class": "form-control"}),
        error_messages={"invalid": _("请填写整数。"), "min_value": _("最少为 1。"), "max_value": _("超出了上限。")},
    )  # fmt: skip


class SurveyForm(Form):
    """The plan, drawn for a desk and its policy."""

    title = Text(label=_("调查名称"), limit=120)
    kinds = forms.MultipleChoiceField(
        label=_("个案类型（不选为全部）"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    department = Choice(label=_("责任部门"), required=False)
    closed_from = _date(_("办结日期从"))
    closed_until = _date(_("办结日期到"))
    share = _number(_("抽取比例（%）"), most=100)
    questionnaire = forms.ChoiceField(
        label=_("问卷"), required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    methods = forms.MultipleChoiceField(
        label=_("调查方式（按先后，取第一个能联系上的）"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    begins_on = _date(_("开始日期"))
    ends_on = _date(_("截止日期"))
    minimum = _number(_("参与排名的最少份数"), most=100_000)

    def __init__(self, desk: Desk, pack: Pack, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        found: dict[str, Any] = self.fields
        found["kinds"].choices = [
            (name, words(kind.title)) for name, kind in pack.channels.kinds.items() if not kind.internal
        ]
        found["methods"].choices = METHODS
        questionnaires = [(name, words(one.title)) for name, one in pack.surveys.questionnaires.items()]
        found["questionnaire"].choices = [("", gettext("请选择")), *questionnaires]
        found["department"].choices = department_choices(departments_to_choose(desk), empty=gettext("全部部门"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for first, last in (("closed_from", "closed_until"), ("begins_on", "ends_on")):
            begin, end = cleaned.get(first), cleaned.get(last)
            if begin and end and end < begin:
                self.add_error(last, _("不能早于开始的日期。"))
        return cleaned

    def plan(self) -> Plan:
        """What was entered."""
        got = self.cleaned_data
        target: dict[str, Any] = {
            "kinds": got["kinds"], "department": got["department"],
            "closed_from": _iso(got["closed_from"]), "closed_until": _iso(got["closed_until"]),
        }  # fmt: skip
        return Plan(
            title=got["title"], questionnaire=got["questionnaire"], methods=tuple(got["methods"]),
            target={name: value for name, value in target.items() if value}, begins_on=got["begins_on"], ends_on=got["ends_on"],
            share=got["share"], minimum=got["minimum"],
        )  # fmt: skip


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def initial_of(survey: Survey | None) -> dict[str, Any]:
    """A plan as its form shows it."""
    if survey is None:
        return {"share": 100, "minimum": 5}
    return {
        **json.loads(survey.target), "title": survey.title, "questionnaire": survey.questionnaire, "methods": list(methods_of(survey)),
        "begins_on": survey.begins_on, "ends_on": survey.ends_on, "share": survey.share, "minimum": survey.minimum,
    }  # fmt: skip
