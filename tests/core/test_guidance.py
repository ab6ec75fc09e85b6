"""Guidance is shown where it fits, its texts are filled in, and what is used of it is recorded."""

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from amends.core.chinese_names import addressed
from amends.core.facts import CaseFacts
from amends.core.guidance import Used, grants, guidance_for, minor_of, recorded_use, text_for, tools_in, worth_of
from amends.core.policy.forms import Option
from amends.core.policy.guidance import Guidance
from amends.core.policy.people import Role
from amends.core.refusals import InvalidData


def title(text):
    return {"zh-Hans": text, "en": text}


def piece(**keys):
    return Guidance.model_validate({"text": title("说法"), **keys})


PHRASE = piece(id="sorry", **{"as": "phrase"}, title=title("致意"), when={"fact": "emotion", "in": ["angry"]})
CHECKS = Guidance.model_validate(
    {
        "id": "calm",
        "as": "checklist",
        "title": title("先稳住"),
        "items": {"breathe": title("缓一口气")},
        "verb": "contact",
    }
)
BESIDE = piece(field="subject")
OF_STATE = piece(state="registered")
PACK = SimpleNamespace(guidance=(PHRASE, CHECKS, BESIDE, OF_STATE))


@pytest.mark.parametrize(
    ("name", "salutation", "expected"),
    [
        ("王小明", "先生", "王先生"),
        ("欧阳娜娜", "女士", "欧阳女士"),
        ("王小明", "", "王先生/女士"),
        ("匿名", "先生", "先生/女士"),
        ("John Smith", "Mr", "Mr John Smith"),
        ("", "", "先生/女士"),
    ],
)
def test_a_customer_is_addressed_by_the_family_name(name, salutation, expected):
    assert addressed(name, salutation, otherwise="先生/女士") == expected


@pytest.mark.parametrize(
    ("values", "place", "expected"),
    [
        ({"emotion": "angry"}, {"verb": "contact"}, [PHRASE, CHECKS]),
        ({"emotion": "calm"}, {"verb": "contact"}, [CHECKS]),
        ({}, {"verb": "tell"}, []),
        ({}, {"verb": "register", "state": "registered"}, [OF_STATE]),
    ],
)
def test_guidance_is_shown_where_all_that_it_names_holds(values, place, expected):
    assert guidance_for(PACK, CaseFacts(values=values), **place) == expected


@pytest.mark.parametrize(("verb", "is_shown"), [("contact", True), ("tell", True), ("dispatch", False), ("", False)])
def test_a_phrase_of_several_verbs_is_offered_beside_each_of_them_alone(verb, is_shown):
    phrase = piece(id="sorry", **{"as": "phrase"}, title=title("致意"), verb=["contact", "tell"])

    shown = guidance_for(SimpleNamespace(guidance=(phrase,)), CaseFacts(), verb=verb)

    assert shown == ([phrase] if is_shown else [])


def test_what_is_not_known_stands_in_brackets_by_its_name():
    filled = text_for("您买的{{product}}，{{ demand }}", {"product": "洗衣机"}.get, {"demand": "客户要求"}.get)

    assert filled == "您买的洗衣机，[客户要求]"


def test_phrases_are_recorded_once_they_were_read_and_ticks_by_themselves():
    used = Used(phrases=("sorry", "sorry", "gone"), ticks=("calm.breathe", "calm.other"), were_read=True)

    assert recorded_use(PACK, used) == {"phrases": ["sorry"], "ticks": ["calm.breathe"]}
    assert recorded_use(PACK, Used(ticks=("calm.breathe",))) == {"ticks": ["calm.breathe"]}
    with pytest.raises(InvalidData) as refusal:
        recorded_use(PACK, Used(phrases=("sorry",)))
    assert [error.code for error in refusal.value.errors] == ["phrases_unread"]


@pytest.mark.parametrize(
    "keys",
    [
        {"as": "phrase"},
        {"as": "checklist", "id": "x", "title": title("x")},
        {"as": "avoid"},
        {"as": "script", "field": "subject"},
    ],
)
def test_guidance_without_what_its_kind_needs_is_no_guidance(keys):
    with pytest.raises(ValidationError):
        piece(**keys)


def test_the_largest_authority_of_ones_roles_counts_and_none_grants_nothing():
    roles = {
        name: Role(title=title(name), counts="desk", authority=amount)
        for name, amount in (("a", "100"), ("b", "80.5"), ("c", None))
    }
    pack = SimpleNamespace(roles=SimpleNamespace(roles=roles))

    assert (grants(pack, ["a", "b", "c"]), grants(pack, ["b"]), grants(pack, ["c"]), grants(pack, ["x"])) == (
        10000,
        8050,
        0,
        0,
    )
    assert [minor_of(text) for text in ("0", "12", "12.5", "12.05")] == [0, 1200, 1250, 1205]
    options = [Option(id="a", title=title("a"), worth="80"), Option(id="b", title=title("b"))]
    assert (worth_of(options, ["a", "b"]), worth_of(options, "b")) == (8000, 0)


def tool(**keys):
    return piece(id="survey", **{"as": "tool"}, title=title("邀请评价"), **keys)


def test_a_tool_stands_in_its_state_and_opens_a_step():
    pack = SimpleNamespace(guidance=(OF_STATE, offered := tool(state="told", next="invite")))

    assert tools_in(pack, CaseFacts(), "told") == [offered]
    assert tools_in(pack, CaseFacts(), "registered") == []


@pytest.mark.parametrize("keys", [{"next": "invite"}, {"state": "told"}])
def test_a_tool_without_place_or_step_is_refused(keys):
    with pytest.raises(ValidationError, match="guidance as tool needs"):
        tool(**keys)
