"""The forms of the organisation: small and fixed, unlike those of a pack. Texts are cleaned as everywhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amends.apps.people.choices import DepartmentChoice, departments_to_choose
from amends.apps.people.models import Department, Person
from amends.core.form_data import checked_text
from amends.core.refusals import InvalidData
from amends.doors.wording import said_of_field, words

CODE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", _("只能用字母、数字、点、横线和下划线，以字母或数字开头。"))


def posted(request: HttpRequest) -> Any:
    """What a form was sent with, an empty form too; None while it is only shown."""
    return request.POST if request.method == "POST" else None


class Text(forms.CharField):
    """One line of text: no control characters, trimmed."""

    def __init__(self, *, label: Any, limit: int, required: bool = True, **options: Any) -> None:
        self.limit = limit
        super().__init__(
            label=label, required=required, widget=forms.TextInput(attrs={"class": "form-control"}), **options
        )

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        try:
            return " ".join(checked_text(text, pointer="/", field=str(self.label), limit=self.limit).split())
        except InvalidData as refusal:
            raise forms.ValidationError(said_of_field(refusal.errors[0])) from refusal


class Choice(forms.TypedChoiceField):
    """A choice among ids; empty is None."""

    def __init__(self, *, label: Any, required: bool = True, **options: Any) -> None:
        widget = forms.Select(attrs={"class": "form-select"})
        super().__init__(label=label, required=required, coerce=int, empty_value=None, widget=widget, **options)


def department_choices(units: Iterable[DepartmentChoice], *, empty: Any) -> list[tuple[str, Any]]:
    """Departments in use, indented as a tree; those of the same name are told apart by their code."""
    units = list(units)
    named = Counter(words(unit.title) for unit in units)

    def called(unit: DepartmentChoice) -> str:
        name = words(unit.title)
        return f"{name}（{unit.code}）" if named[name] > 1 else name

    return [("", empty), *((str(unit.id), "\u2003" * unit.depth + called(unit)) for unit in units)]


class Form(forms.Form):
    """Says its faults in our own sentences, and takes those of a refusal at their fields."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.label_suffix = ""
        for name, field in self.fields.items():
            is_chosen = isinstance(field, forms.ChoiceField)
            field.error_messages["required"] = _("请选择这一项。") if is_chosen else _("请填写这一项。")
            field.error_messages["invalid_choice"] = _("没有这个选项，请重新选择。")
            field.widget.attrs.setdefault("id", f"f-{name}")

    def take(self, refusal: InvalidData) -> None:
        """Show the faults of a refusal at the fields they name."""
        for error in refusal.errors:
            name = error.pointer.lstrip("/")
            self.add_error(name if name in self.fields else None, said_of_field(error))


class DepartmentForm(Form):
    """A department: its name, its code when it is new, and where it belongs."""

    title = Text(label=_("部门名称"), limit=60)
    title_en = Text(label=_("英文名称"), limit=120, required=False)
    code = Text(label=_("部门代码"), limit=60, validators=[CODE])
    parent = Choice(label=_("上级部门"), required=False)

    def __init__(self, *args: Any, is_new: bool = True, may_be_top: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_new:
            del self.fields["code"], self.fields["parent"]
            return
        empty = _("（顶层）") if may_be_top else _("请选择")
        self.fields["parent"].choices = department_choices(departments_to_choose(), empty=empty)  # type: ignore[attr-defined]
        self.fields["parent"].required = not may_be_top


class DepartmentWayForm(Form):
    """The group robot in which a department hears of its notices, and how often at most."""

    kind = forms.ChoiceField(label=_("方式"), widget=forms.Select(attrs={"class": "form-select"}), choices=[
        ("", _("不设通知群")), ("wecom", _("企业微信群机器人")), ("dingtalk", _("钉钉群机器人")), ("feishu", _("飞书群机器人")),
    ], required=False)  # fmt: skip
    address = Text(label=_("机器人地址（已设置的不必再填）"), limit=300, required=False)
    every_minutes = forms.IntegerField(
        label=_("最多每几分钟一条"), min_value=1, max_value=240,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )  # fmt: skip


class StaffForm(Form):
    """A person: name, user name when new, department, and how colleagues reach them."""

    name = Text(label=_("姓名"), limit=60)
    username = Text(label=_("用户名"), limit=60, validators=[CODE])
    department = Choice(label=_("部门"), required=False)
    email = forms.EmailField(
        label=_("邮箱"), required=False, max_length=200, widget=forms.EmailInput(attrs={"class": "form-control"})
    )
    phone = Text(label=_("电话"), limit=40, required=False)

    def __init__(self, *args: Any, is_new: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].error_messages["invalid"] = _("不是有效的电子邮箱，例如 zhang@example.com。")
        self.fields["department"].choices = department_choices(departments_to_choose(), empty=_("（未分部门）"))  # type: ignore[attr-defined]
        if not is_new:
            del self.fields["username"]


def department_of(pk: int | None) -> Department | None:
    return Department.objects.filter(pk=pk, retired_at=None).first() if pk else None


class PartnerForm(Form):
    """A partner: what it is called, what it does for which desk, and how it is reached."""

    name = Text(label=_("名称"), limit=120)
    kind = forms.ChoiceField(label=_("类别"), widget=forms.Select(attrs={"class": "form-select"}))
    contact = Text(label=_("联系人"), limit=60, required=False)
    email = forms.EmailField(
        label=_("邮箱"), required=False, max_length=200, widget=forms.EmailInput(attrs={"class": "form-control"})
    )
    phone = Text(label=_("电话"), limit=40, required=False)

    def __init__(self, *args: Any, kinds: Mapping[str, list[tuple[str, str]]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].error_messages["invalid"] = _("不是有效的电子邮箱，例如 zhang@example.com。")
        self.fields["kind"].choices = [("", _("请选择")), *kinds.items()]  # type: ignore[attr-defined]


class Moment(forms.Field):
    """A local time as the browser sends it, in the zone of the form."""

    def __init__(self, *, label: Any, zone: ZoneInfo, name: str) -> None:
        self.zone = zone
        attributes = {"class": "form-control", "type": "datetime-local", "id": f"f-{name}"}
        super().__init__(label=label, widget=forms.DateTimeInput(attrs=attributes, format="%Y-%m-%dT%H:%M"))
        self.error_messages["required"] = _("请填写这一项。")

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError as bad:
            raise forms.ValidationError(_("不是有效的时间。")) from bad
        return found.replace(tzinfo=self.zone) if found.tzinfo is None else found


class AbsenceForm(Form):
    """An absence: whose, from when to when, and who stands in."""

    person = Choice(label=_("缺勤人员"))
    deputy = Choice(label=_("代理人"), required=False)
    reason = Text(label=_("原因"), limit=200, required=False)
    keeps_working = forms.BooleanField(
        label=_("本人照常在岗，只是授权代理人同时办理"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(
        self, *args: Any, zone: ZoneInfo, people: Iterable[Person], deputies: Iterable[Person], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.fields["starts"] = Moment(label=_("开始"), zone=zone, name="starts")
        self.fields["ends"] = Moment(label=_("结束"), zone=zone, name="ends")
        self.order_fields(["person", "starts", "ends", "deputy", "reason", "keeps_working"])
        redraw = {
            "hx-get": "",
            "hx-trigger": "change",
            "hx-target": "#about",
            "hx-select": "#about",
            "hx-swap": "outerHTML",
        }
        self.fields["person"].widget.attrs |= redraw
        self.fields["person"].choices = _people(people)  # type: ignore[attr-defined]
        self.fields["deputy"].choices = [("", _("（没有代理人）")), *_people(deputies)]  # type: ignore[attr-defined]


def _people(people: Iterable[Person]) -> list[tuple[str, str]]:
    return [(str(person.pk), _with_department(person)) for person in people]


def _with_department(person: Person) -> str:
    if person.department is None:
        return person.name
    return gettext("%(name)s（%(department)s）") % {"name": person.name, "department": words(person.department.called)}


class RoleForm(Form):
    """A role to give: on which desk, and in which department."""

    role = forms.ChoiceField(label=_("角色"), widget=forms.Select(attrs={"class": "form-select"}))
    department = Choice(label=_("部门"), required=False)

    def __init__(self, *args: Any, roles: Mapping[str, list[tuple[str, str]]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = [("", _("请选择")), *roles.items()]  # type: ignore[attr-defined]
        self.fields["department"].choices = department_choices(departments_to_choose(), empty=_("（整个受理台）"))  # type: ignore[attr-defined]
