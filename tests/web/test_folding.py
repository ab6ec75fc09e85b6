"""Folded templates say what Django says, in every language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.template import Context, Engine
from django.template.base import TextNode
from django.template.loader import get_template
from django.utils.safestring import mark_safe
from django.utils.translation import override

SNIPPETS = {
    "words": '{% load i18n %}<b>{% translate "保存" %}</b>{% translate "100%% 完成" %}{% translate "保存" as x %}{{ x }}',
    "addresses": '{% load static %}{% url "queue" %}|{% url "case" case.number %}|{% static "mark.svg" %}',
    "icons": '{% load amends_words %}{% icon "flame" %}{% icon glyph %}{% live_words "left" %}',
    "values": "{{ text }}|{{ safe }}|{{ number }}|{{ 1.5 }}|{{ nothing }}|{{ absent }}|{{ case.absent }}|{{ yes }}|{{ when }}",
    "ways": "{{ case.number }}|{{ row.what }}|{{ row.items }}|{{ names.1 }}|{{ case.method }}|{{ call }}|{{ row.nested.deep }}",
    "silent": "{{ case.gone }}|{% if case.gone %}there{% else %}not{% endif %}",
    "raw": "{% autoescape off %}{{ text }}{% endautoescape %}{{ text|upper }}{{ absent|default:text }}{{ absent|default:case.number }}",
    "branches": '{% if case.number == "A<1" and not nothing %}one{% elif row.what %}two{% endif %}{% if absent %}x{% else %}y{% endif %}',
    "loops": "{% for n in names %}{{ forloop.counter }}{{ n }}{% empty %}none{% endfor %}{% for k, v in row.items %}{{ k }}{{ v }}{% endfor %}",
    "included": '{% include "words" %}{% for n in names %}{% include "part" with n=n %}{% endfor %}{{ n }}{% include named %}',
    "part": '[{{ n }}{% if n == "乙" %}{% include "part" with n="丙" %}{% endif %}]',
    "base": "{% block a %}{{ text }}{% endblock %}-{% block b %}b{% endblock %}",
    "child": '{% extends "base" %}{% load i18n %}{% block a %}{{ block.super }}{% translate "取消" %}{% endblock %}',
    "comments": "a{# one #}b{% comment %}c{{ text }}{% endcomment %}d",
}  # fmt: skip


class Gone(ObjectDoesNotExist):
    silent_variable_failure = True


@dataclass
class Case:
    number: str = "A<1"

    def method(self) -> str:
        return "<called>"

    @property
    def gone(self) -> str:
        raise Gone


class Loud:
    @property
    def wrong(self) -> str:
        raise ZeroDivisionError


def values() -> dict[str, Any]:
    return {
        "text": "<甲> & \"乙\" '丙'", "safe": mark_safe("<i>"), "number": 1234567, "nothing": None, "yes": True, "when": 0.1,
        "case": Case(), "row": {"what": "事项", "nested": {"deep": 3}}, "names": ["甲", "乙"], "call": lambda: "called",
        "glyph": "x", "named": "part", "n": "外",
    }  # fmt: skip


def engine(loader: str) -> Engine:
    libraries = {
        "i18n": "django.templatetags.i18n", "static": "django.templatetags.static",
        "amends_words": "amends.web.templatetags.amends_words",
    }  # fmt: skip
    return Engine(libraries=libraries, loaders=[(loader, [("django.template.loaders.locmem.Loader", SNIPPETS)])])


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_folded_template_says_what_django_says(name: str) -> None:
    folded, plain = engine("amends.web.folding.Loader"), engine("django.template.loaders.cached.Loader")
    for language in ("zh-hans", "en", "zh-hant", "zh-hans"):
        with override(language):
            said = [one.get_template(name).render(Context(values())) for one in (folded, plain)]
        assert said[0] == said[1]


def test_a_fault_of_the_program_is_not_silenced() -> None:
    folded = Engine(
        loaders=[("amends.web.folding.Loader", [("django.template.loaders.locmem.Loader", {"x": "{{ a.wrong }}"})])]
    )
    with pytest.raises(ZeroDivisionError):
        folded.get_template("x").render(Context({"a": Loud()}))


def test_what_never_changes_stands_together() -> None:
    with override("en"):
        keys = get_template("ui/keys.html").template
    assert [type(node) for node in keys.nodelist] == [TextNode]
    assert keys.render(Context()).count("<kbd>") > 5
