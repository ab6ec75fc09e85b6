"""Folded templates say what Django says, in every language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import TextChoices
from django.template import Context, Engine
from django.template.base import TextNode
from django.template.loader import get_template
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.core.policy.base import Title
from amends.web.saying.running import REACH

SNIPPETS = {
    "words": '{% load i18n %}<b>{% translate "保存" %}</b>{% translate "100%% 完成" %}{% translate "保存" as x %}{{ x }}',
    "named words": '{% load i18n %}{% translate "受理" context "figure" %}{% translate "受理" %}{% translate "100%% 完成" as x %}{{ x }}'
    '{% for n in names %}{% translate "受理" context "figure" as x %}{{ x }}{% translate n as y %}{{ y }}{% endfor %}{{ x }}{{ y }}',
    "machine numbers": "{% load l10n %}{% localize off %}{{ number }}|{{ when }}|{{ big }}|{{ yes }}|{{ text }}{% localize on %}{{ when }}"
    "{% endlocalize %}{% for n in names %}{{ when }}{% cycle 'a' 'b' %}{% endfor %}{% endlocalize %}{{ number }}|{{ when }}|{{ big }}",
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
    "plain child": '{% extends "base" %}{% load i18n %}{% block a %}{% endblock %}{% block b %}{% translate "取消" %}{% endblock %}',
    "grandchild": '{% extends "plain child" %}{% block b %}{{ block.super }}{{ text }}{% endblock %}',
    "child": '{% extends "base" %}{% load i18n %}{% block a %}{{ block.super }}{% translate "取消" %}{% endblock %}',
    "lazy tokens": '{% with csrf_token=late %}{% csrf_token %}{% csrf_token %}{{ csrf_token }}{% for n in names %}{% csrf_token %}{% endfor %}{% endwith %}{% with csrf_token=nobody %}{% csrf_token %}{% endwith %}{% csrf_token %}',
    "tokens": '{% csrf_token %}{% url "case" case.number as here %}{{ here }}{% url "case" as none %}[{{ none }}]{% for n in names %}{% url "case" n as here %}{% endfor %}{{ here }}',
    "scopes": '{% with n=row.what m=absent %}{{ n }}{{ m }}{% url "queue" as here %}{{ here }}{% endwith %}{{ n }}|{{ here }}',
    "unpacked": "{% for a, b in pairs %}{{ a }}-{{ b }}{{ forloop.parentloop.counter }}{% cycle 'x' 'y' %}{% endfor %}{{ a }}",
    "nested": "{% for n in names reversed %}{% for m in row.items %}{{ forloop.parentloop.revcounter0 }}{{ forloop.first }}{% endfor %}{% endfor %}",
    "changes": "{% for n in names %}{% ifchanged number %}{{ n }}{% endifchanged %}{% endfor %}{% for n in absent %}x{% empty %}-{% endfor %}",
    "counted": '{% load i18n %}{% blocktranslate count n=number with x=text %}{{ n }} 条{{ x }}{{ absent }}{% plural %}{{ n }} 条{{ x }}{% endblocktranslate %}{{ x }}'
    '{% blocktranslate with at=when|stringformat:".2f" %}100% {{ at }}{{ text }}{% endblocktranslate %}',
    "filters": '{{ safe|slice:":2" }}{{ safe|linebreaksbr|force_escape }}{{ safe|title|urlencode }}{{ text|slice:":2" }}{{ names|join:text }}{{ text|linebreaksbr }}{{ moment|date:"c" }}{{ nothing|default:number }}{{ text|default:_("保存") }}',
    "tests": '{% if number > text or number in names %}a{% endif %}{% if not absent and text %}b{% endif %}{% if "乙" in names and number >= 3 %}c{% endif %}{% if absent.deep|length > 1 %}d{% else %}e{% endif %}',
    "outside": "{% autoescape off %}{{ text }}{% include 'part' %}{% with x=text %}{{ x }}{% endwith %}{% endautoescape %}{{ n }}",
    "turns": "{% cycle 'a' 'b' as turn %}{% cycle turn %}{% block mine %}{{ n }}{% endblock %}",
    "included_turns": '{% include "turns" %}{% include "turns" with n=text %}{{ turn }}',
    "numbers": "{{ number }}{{ yes }}{{ big }}{{ enum }}{{ enum.value }}{{ enum.label }}{{ lazy.what }}{{ case.names.0 }}",
    "tongues": '{% load amends_words %}{{ title|words }}{{ names|words }}{{ absent|words }}{{ yes|words }}{{ moment|at }}{{ moment|by_when }}{{ nothing|at }}{{ moment|left|slice:":2" }}',
    "told": '{% load amends_words %}{% demo_progress %}{{ n }}',
    "ui/demo_progress.html": "[{{ csrf_token }}{{ n }}{{ text }}{% if made == None %}none{% endif %}]",
    "languages": '{% load i18n %}{{ tongue }}{% get_current_language as tongue %}{{ tongue }}{% if tongue == "en" %}en{% endif %}',
    "tuples": "{{ pair.first }}{{ pair.1 }}{{ pair.count }}{{ pair.absent }}{% if pair.second.what %}{{ pair.second.what }}{% endif %}{{ names.0 }}{{ names.count }}{{ pairs.0.1 }}",
    "quotes": "'\"\\ \n\t{ } % %s \ud800 </script> add('x') {{ text }} names['x'] = \"\"\"{{ n }}\"\"\" '''{{ safe }}\\",
    "deep": "{% for n in names %}{% if n %}" * 9 + '{{ n }}{% url "queue" as here %}' + "{% endif %}{{ here }}{% endfor %}{{ here }}" * 9,
    "long": "{% if absent %}" + "".join(f"{{% elif number == {count} %}}{count}" for count in range(120)) + "{% elif yes %}{{ text }}{% else %}no{% endif %}",
    "chained": "{% if " + "absent or number == 3 and yes or " * 30 + "text %}a{% endif %}{% if not " + "yes and " * 40 + "absent %}b{% else %}c{% endif %}",
    "same": "{% if 1000 is 1000 %}a{% endif %}{% if 'x' is 'x' %}b{% endif %}{% if None is nothing %}c{% endif %}{% if 3 in 3 or 1 > 'a' %}d{% else %}e{% endif %}",
    "forgotten": '{% include "naming" %}{{ here }}|{% for a, b in pairs %}{{ here }}{% url "queue" as here %}{{ here }}{% endfor %}{{ here }}|'
    '{% for n in absent %}{% empty %}{% url "queue" as here %}{{ here }}{% endfor %}{{ here }}|{% for n in names %}{{ here }}{% url "queue" as here %}{% endfor %}{{ here }}',
    "naming": '{% url "queue" as here %}{{ here }}',
    "comments": "a{# one #}b{% comment %}c{{ text }}{% endcomment %}d",
}  # fmt: skip


class Gone(ObjectDoesNotExist):
    silent_variable_failure = True


@dataclass
class Case:
    number: str = "A<1"
    names: tuple[str, ...] = ("<一>",)

    def method(self) -> str:
        return "<called>"

    @property
    def gone(self) -> str:
        raise Gone


class Kind(TextChoices):
    ONE = "one", "第一种"


class Pair(NamedTuple):
    first: str
    second: Any


class Loud:
    @property
    def wrong(self) -> str:
        raise ZeroDivisionError


def values() -> dict[str, Any]:
    return {
        "text": "<甲> & \"乙\" '丙'", "safe": mark_safe("<i>"), "number": 1234567, "nothing": None, "yes": True, "when": 0.1,
        "case": Case(), "row": {"what": "事项", "nested": {"deep": 3}}, "names": ["甲", "乙"], "call": lambda: "called",
        "glyph": "x", "named": "part", "n": "外", "pairs": [("a", 1), ("b", "<2>")], "moment": datetime(2026, 5, 1, 9, tzinfo=UTC),
        "title": Title(**{"zh-Hans": "投诉对象", "en": "object"}), "csrf_token": "<token>", "late": SimpleLazyObject(lambda: "<late>"), "nobody": SimpleLazyObject(lambda: ""), "big": Decimal("12345.50"), "enum": Kind.ONE, "pair": Pair("<1>", {"what": "<二>"}), "lazy": SimpleLazyObject(lambda: {"what": "<w>"}),
    }  # fmt: skip


def engine(loader: str, more: dict[str, str] | None = None) -> Engine:
    libraries = {
        "i18n": "django.templatetags.i18n", "l10n": "django.templatetags.l10n", "static": "django.templatetags.static",
        "amends_words": "amends.web.templatetags.amends_words",
    }  # fmt: skip
    return Engine(
        libraries=libraries, loaders=[(loader, [("django.template.loaders.locmem.Loader", SNIPPETS | (more or {}))])]
    )


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_folded_template_says_what_django_says(name: str) -> None:
    folded, plain = engine("amends.web.folding.Loader"), engine("django.template.loaders.cached.Loader")
    for language in ("zh-hans", "en", "zh-hant", "zh-hans"):
        with override(language):
            said = [one.get_template(name).render(Context(values())) for one in (folded, plain)]
        assert said[0] == said[1]


PLACES = st.sampled_from(
    ["text", "safe", "number", "nothing", "absent", "yes", "n", "names", "names.1", "row.what", "row.absent", "case.number", "case.gone",
     "case.absent.deep", "case.method", "nothing.what", "call", "pairs", "forloop.counter", "forloop.last", "enum", "lazy.what", '"乙"', "3"]
)  # fmt: skip
FILTERS = st.sampled_from(
    ["", "", "", "|upper", "|default:text", "|default:absent", '|slice:":2"', "|length", "|add:number", "|join:n", "|first"]
)  # fmt: skip
VALUES = st.builds("".join, st.tuples(PLACES, FILTERS, FILTERS))
SIGNS = st.sampled_from(["==", "!=", "in", "not in", ">", "<=", "and", "or", "and not", "is"])
TESTS = st.one_of(VALUES, st.builds("not {}".format, VALUES), st.builds("{} {} {}".format, VALUES, SIGNS, VALUES))
LEAVES = st.one_of(
    st.just("<b>"),
    st.builds("{{{{ {} }}}}".format, VALUES),
    st.sampled_from(['{% include "part" %}', '{% include "naming" %}', '{% url "queue" as n %}', "{{ here }}"]),
)


def around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, TESTS, inner, inner),
        st.builds("{{% for n in {} %}}{}{{% empty %}}{}{{% endfor %}}{{{{ n }}}}".format, VALUES, inner, inner),
        st.builds("{{% for n, text in {} %}}{}{{% endfor %}}{{{{ n }}}}".format, VALUES, inner),
        st.builds("{{% with n={} row={} %}}{}{{% endwith %}}{{{{ n }}}}".format, VALUES, VALUES, inner),
        st.builds("{{% autoescape off %}}{}{{% endautoescape %}}".format, inner),
        st.builds('{{% include "part" with n={} %}}{}'.format, VALUES, inner),
    )


@given(st.recursive(LEAVES, around, max_leaves=12))
@settings(max_examples=100)
def test_whatever_is_written_says_what_django_says(template: str) -> None:
    assert outcome("amends.web.folding.Loader", template) == outcome("django.template.loaders.cached.Loader", template)


def outcome(loader: str, template: str) -> str:
    """What a template says, or which fault ends it."""
    try:
        return engine(loader, {"written": template}).get_template("written").render(Context(values()))
    except Exception as fault:
        return type(fault).__name__


def test_what_stands_in_a_tuple_with_names_is_not_left_to_django() -> None:
    assert REACH[Pair] is getattr


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
