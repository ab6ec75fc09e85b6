"""Everything the product says is said in English and in both scripts of Chinese, and nothing is forgotten."""

import json
import re
from importlib import import_module
from pkgutil import walk_packages

import pytest
from babel.messages.mofile import read_mo
from django.test import RequestFactory
from django.utils.translation import override

import amends
from amends.api.problems import problem
from amends.apps.policies.traditional import traditional
from amends.core.policy.base import Title
from amends.core.refusals import FIELD_SENTENCES, FieldError, InvalidData, Refusal, WrongState
from amends.core.verbs import VERBS
from amends.doors.wording import button_of, filled, happened, words
from tools.messages import ENGLISH, TRADITIONAL, problems, translation
from tools.messages_in_sentences import glued_texts_of, sentences_of

CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
UNUSUAL = re.compile(r"\.(?:migrations|management|__main__)\b")
PLACES = re.compile(r"%\((\w+)\)s")
MODULE = '''
"""模块说明。"""
PATTERN = re.compile("省|市")
TITLES = {"zh-Hans": "收到时间", "en": "received"}

class NoWay(Refusal):
    """说明。"""

    sentence = "现在不行。"

def refuse(name):
    raise InvalidData([FieldError("/at", "required", {"field": "收到时间"})])
    raise Refusal(gettext("标记过的。"))
    raise Refusal(f"没有{name}。")
    return f"{name:%m}月"
'''


def strings(message):
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string,)


def sentences_of_refusals():
    """The sentence of every class of refusal in the product, with something in every place."""
    for module in walk_packages(amends.__path__, "amends."):
        if not module.name.startswith("amends.config") and not UNUSUAL.search(module.name):
            import_module(module.name)
    waiting, found = [Refusal], set()
    while waiting:
        kind = waiting.pop()
        found.add(kind.sentence)
        waiting += [below for below in kind.__subclasses__() if below.__module__.startswith("amends.")]
    return [filled(sentence, dict.fromkeys(PLACES.findall(sentence), "x")) for sentence in sorted(found)]


def ids(catalogue):
    return {
        message.id if isinstance(message.id, str) else tuple(message.id): strings(message)
        for message in catalogue
        if message.id
    }


def test_the_catalogue_is_current_and_complete():
    assert problems() == []


def test_the_compiled_messages_are_those_of_the_catalogue():
    with ENGLISH.with_suffix(".mo").open("rb") as english, TRADITIONAL.open("rb") as chinese:
        compiled, derived = ids(read_mo(english)), ids(read_mo(chinese))

    assert compiled == ids(translation()), "run `python -m tools.messages compile`"
    assert derived.keys() == compiled.keys()


def test_english_is_english_and_keeps_every_place():
    for message in translation():
        source = message.id[0] if isinstance(message.id, tuple) else message.id
        for string in strings(message):
            assert not CHINESE.search(string), string
            assert set(PLACES.findall(string)) == set(PLACES.findall(source)), source


def test_sentences_are_found_wherever_they_stand():
    assert list(sentences_of("amends/api/x.py", MODULE)) == ["现在不行。", "收到时间"]


def test_a_text_that_is_glued_together_is_named_with_its_line():
    assert list(glued_texts_of("amends/api/x.py", MODULE)) == [(14, "没有。")]


def test_every_refusal_and_verb_is_said_in_english():
    with override("en"):
        said = [*sentences_of_refusals(), *map(button_of, VERBS), *map(happened, VERBS)]

    assert [text for text in said if CHINESE.search(text)] == []


def test_every_refusal_and_verb_is_said_in_traditional_chinese():
    with override("zh-hant"):
        said = [*sentences_of_refusals(), *map(button_of, VERBS), *map(happened, VERBS)]

    assert {text: traditional(text) for text in said if traditional(text) != text} == {}


def test_traditional_chinese_keeps_the_words_of_the_trade():
    simplified = "投诉对象、初步审核、专项程序、运输合作伙伴、汇报人、技术服务台账"

    assert traditional(simplified) == "投訴對象、初步審核、專項程序、運輸合作夥伴、匯報人、技術服務臺賬"


def answered(refusal):
    return json.loads(problem(RequestFactory().get("/api/v1/cases"), refusal).content)


def test_the_api_names_steps_in_the_language_of_the_sentence():
    step = Title(**{"zh-Hans": "投诉经过", "en": "course of events"})

    answer = answered(WrongState(verb=VERBS["archive"].button, missing=[VERBS["sign_in"].button, step]))

    assert answer["detail"] == "还不能归档：缺少“签收、投诉经过”。"
    assert answer["detail_en"] == "“Archive” is not possible yet. Still missing: “Confirm receipt, Course of events”."


@pytest.mark.parametrize("code", sorted(FIELD_SENTENCES))
def test_the_api_says_every_fault_of_a_field_in_english(code):
    places = dict.fromkeys(PLACES.findall(FIELD_SENTENCES[code]), "收到时间")

    fault = answered(InvalidData([FieldError("/x", code, places)]))["errors"][0]

    assert not CHINESE.search(fault["message_en"])
    assert fault["message"] == FIELD_SENTENCES[code] % places


def test_english_titles_begin_with_a_capital():
    with override("en"):
        assert (
            words([Title(**{"zh-Hans": "客户", "en": "customer"}), {"zh-Hans": "短信", "en": "SMS"}]) == "Customer, SMS"
        )
