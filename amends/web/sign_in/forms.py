"""Signing in by user name and password."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from amends.apps.people.models import Person
from amends.web.sign_in.loopback import comes_from_this_machine


class SignInForm(AuthenticationForm):
    """The same answer for an unknown name, a wrong password and a person who left."""

    error_messages = {
        "invalid_login": _("用户名或密码不对。连续输错 5 次，须等待 15 分钟。"),
        "inactive": _("用户名或密码不对。连续输错 5 次，须等待 15 分钟。"),
        "demo": _("演示账号只能在安装本系统的这台机器上登录。"),
    }
    username = forms.CharField(
        label=_("用户名"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"class": "form-control", "autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        ),
        error_messages={"required": _("请填写用户名。")},
    )
    password = forms.CharField(
        label=_("密码"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "current-password"}),
        error_messages={"required": _("请填写密码。")},
    )

    def confirm_login_allowed(self, user: Person) -> None:
        """As any account; one of a demo, whose password is printed on a screen, on the machine itself only."""
        super().confirm_login_allowed(user)
        if getattr(user, "is_demo", False) and not comes_from_this_machine(self.request):
            raise forms.ValidationError(self.error_messages["demo"], code="demo")
