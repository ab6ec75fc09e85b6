"""Who edits the wordings of which desk, and the form on which another text is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _

from amends.apps.messaging.wordings import LONGEST_REASON, PROPOSE, VERBS, Editor, editor_on
from amends.core.desk_wordings import CARRIERS, LONGEST_SUBJECT, TEXTED, WordingKey, Words, composed, wordings_in
from amends.core.refusals import NotPermitted
from amends.web.organisation.fields import Form, Text
from amends.web.viewing import packs_of, viewer_of

AREA = {"area": "wordings"}
TEMPLATE_LABELS = {"aliyun": _("阿里云模板编号（TemplateCode）"), "tencent": _("腾讯云模板编号（TemplateId）")}


def editors(request: HttpRequest) -> list[Editor]:
    """The viewer on each desk whose wordings they propose or approve."""
    viewer = viewer_of(request)
    found = (editor_on(viewer.person, desk, pack, viewer.now) for desk, pack in packs_of(viewer).items())
    return [editor for editor in found if editor is not None]


def editor_of(request: HttpRequest, desk: str = "") -> Editor:
    """The viewer on a desk, or on their first one. Raises NotPermitted without any, Http404 for a desk of others."""
    found = editors(request)
    if not found:
        raise NotPermitted(verb=VERBS[PROPOSE])
    if not desk:
        return found[0]
    editor = next((one for one in found if one.desk.code == desk), None)
    if editor is None:
        raise Http404
    return editor


def key_in(editor: Editor, message: str, channel: str, language: str) -> WordingKey:
    """A text that the pack ships. Raises Http404."""
    key = WordingKey(message, channel, language)
    if key not in wordings_in(editor.pack):
        raise Http404
    return key


class WordingForm(Form):
    """Another text: the subject of a mail, the body, the ids under which carriers vetted it, and why."""

    subject = Text(label=_("主题"), limit=LONGEST_SUBJECT * 4)
    body = forms.CharField(
        label=_("正文"), strip=False, widget=forms.Textarea(attrs={"class": "form-control", "rows": 9})
    )
    reason = Text(label=_("修改原因"), limit=LONGEST_REASON)

    def __init__(self, *args: Any, key: WordingKey, **options: Any) -> None:
        super().__init__(*args, **options)
        self.key = key
        self.fields["body"].error_messages["required"] = _("请填写这一项。")
        if key.channel != "email":
            del self.fields["subject"]
        if key.channel in TEXTED:
            for name in CARRIERS:
                self.fields[f"template_{name}"] = Text(label=TEMPLATE_LABELS[name], limit=40, required=False)
                self.fields[f"template_{name}"].widget.attrs["id"] = f"f-template_{name}"
        self.order_fields(["subject", "body", "template_aliyun", "template_tencent", "reason"])

    def proposed(self) -> Words:
        """What was typed, as packs write it."""
        given = self.cleaned_data
        templates = {name: given[f"template_{name}"] for name in CARRIERS if given.get(f"template_{name}")}
        body = given.get("body", "").replace("\r\n", "\n")
        return Words(composed(self.key.channel, given.get("subject", ""), body), templates)


def initial_of(said: Words, key: WordingKey) -> Mapping[str, str]:
    """The form filled with a text."""
    subject, body = said.subject_and_body(key.channel)
    return {"subject": subject, "body": body.strip(), **{f"template_{name}": i for name, i in said.templates.items()}}
