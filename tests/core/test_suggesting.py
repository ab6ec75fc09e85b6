"""Which category is proposed from what a customer tells, and why."""

from __future__ import annotations

import pytest

from amends.apps.policies.files import read_folder
from amends.core.policy.intake import CategoryScheme
from amends.core.policy.pack import Pack, read_pack
from amends.core.suggesting import suggest_categories
from tests.world import ROOT, SHIPPED

FEWEST_KEYWORDS = 6
NOT_TOLD = {("reporting", "root_cause")}
"""Schemes that customers do not speak of: the cause is found by those who investigate."""

PARCELS = CategoryScheme.model_validate(
    {
        "id": "category",
        "title": {"zh-Hans": "分类"},
        "values": [
            {"id": "damaged", "title": {"zh-Hans": "破损"}, "keywords": ["破损", "压坏", "进水"]},
            {"id": "lost", "title": {"zh-Hans": "丢失"}, "keywords": ["丢失", "没收到", "少了一件"]},
            {
                "id": "service",
                "title": {"zh-Hans": "服务"},
                "children": [
                    {"id": "attitude", "title": {"zh-Hans": "态度"}, "keywords": ["态度", "态度差", "VIP 热线"]}
                ],
            },
            {"id": "old", "title": {"zh-Hans": "旧类"}, "keywords": ["冒名"], "retired": True},
        ],
    }
)


@pytest.mark.parametrize(
    ("told", "path", "words"),
    [
        ("外箱破损，里面也压坏了", "damaged", ("破损", "压坏")),
        ("客服态度差，打了 VIP 热线也没用", "service/attitude", ("态度差", "vip 热线")),
        ("态度还行，就是一直没收到，后来说丢失了", "lost", ("没收到", "丢失")),
        ("没有破损，但是少了一件", "lost", ("少了一件",)),
        ("打了ｖｉｐ 热线", "service/attitude", ("vip 热线",)),
        ("冒名签收", None, ()),
        ("想问一下几点上班", None, ()),
        ("", None, ()),
    ],
)
def test_the_category_that_is_spoken_of_most_is_suggested_with_its_words(told, path, words):
    found = suggest_categories(PARCELS, told)

    assert [(one.path, one.words) for one in found] == ([(path, words)] if path else [])


def test_several_are_suggested_where_several_may_be_chosen():
    found = suggest_categories(PARCELS, "外箱破损进水，还少了一件，态度差", at_most=3)

    assert [one.path for one in found] == ["damaged", "lost", "service/attitude"]


def shipped(name: str) -> Pack:
    return read_pack(read_folder(ROOT / "packs" / name).raw)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_category_that_customers_tell_of_has_its_words(name):
    pack = shipped(name)
    registered = {f.scheme for rule in pack.channels.kinds.values() for f in pack.forms[rule.form].fields if f.scheme}
    poor = [
        (scheme.id, path, len(node.keywords))
        for scheme in pack.categories.schemes
        if scheme.id in registered and (name, scheme.id) not in NOT_TOLD
        for path, node in scheme.walk()
        if not node.children and not path.endswith("other") and len(node.keywords) < FEWEST_KEYWORDS
    ]
    assert poor == []


@pytest.mark.parametrize(
    ("name", "scheme", "told", "path"),
    [
        ("express", "recorded_category", "快递箱子压瘪了，里面的杯子碎了", "item_damage"),
        ("express", "recorded_category", "等了五天还没到，物流不更新", "timeliness"),
        ("express", "category", "没给我就冒名签收了", "information_security/malicious_operation"),
        ("escalation", "category", "新买的热水器漏电，差点出事", "product_quality"),
        ("escalation", "category", "打了三次电话都没人接", "slow_response"),
        ("market", "service_link", "师傅来安装，把墙打坏了，还装歪了", "installation"),
        ("reporting", "complaint_type", "宣传说是全新，结果是假货，以次充好", "price/fraud"),
        ("reporting", "complaint_type", "空调不制冷，噪音大", "product_quality/poor_performance"),
        ("service", "nature", "面板运输途中磕碰，到货坏了六块", "delivery/damaged"),
        ("service", "topic", "想做代理，问问加盟条件", "dealership"),
    ],
)
def test_what_customers_say_leads_to_the_category_a_clerk_would_choose(name, scheme, told, path):
    found = shipped(name).categories.scheme(scheme)
    assert found is not None

    assert [one.path for one in suggest_categories(found, told)] == [path]
