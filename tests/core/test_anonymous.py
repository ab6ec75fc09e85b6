"""Personal data in texts: found by their place, taken out without touching what is none."""

import pytest

from amends.core.anonymous import personal_in, without_personal

KNOWN = ("顾晓彤", "A")
TOLD = "顾晓彤来电，电话138 0013 8000，邮箱 gu@example.com，住中山路12号3栋501室。"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("请打13800138000", "phone"), ("＋86-13800138000", "phone"), ("０１０－８６９２２９００", "phone"),
        ("证件 110101199003070038", "id_number"), ("信箱ａ@b.cn。", "email"), ("在人民路8号取件", "address"),
        ("1 3 8 0 0 1 3 8 0 0 0", "phone"), ("138.0013.8000", "phone"), ("138 001 38000", "phone"), ("138\u200b0013\u00a08000", "phone"),
        ("幺三八零零幺三八〇〇〇", "phone"), ("壹叁捌零零壹叁捌零零零", "phone"), ("0086138 0013 8000", "phone"), ("0574 8765 4321", "phone"),
        ("（0574）8765-4321", "phone"), ("座机 87654321", "phone"), ("1101 0119 9003 0700 38", "id_number"),
        ("一一零一零一一九九零零三零七零零三八", "id_number"), ("gu [at] example.com", "email"), ("gu at example dot com", "email"),
        ("gu@例子.中国", "email"), ("微信号 guxiaotong88", "account"), ("QQ：123456789", "account"),
        ("5栋2单元", "address"), ("GU xiaotong", "known"),
    ],
)  # fmt: skip
def test_each_sort_is_found(text, kind):
    assert [found.kind for found in personal_in(text, ("gu xiaotong",))] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "第3天送到，赔偿300元",
        "400-820-0110",
        "2026年3月2日 09:00",
        "运单积压 1200 件",
        "A 类",
        "订单号 20260302000123",
        "运单 SF1234567890123",
        "第一三八零批",
        "一百三十八件，零损坏",
    ],
)
def test_what_names_nobody_is_left_alone(text):
    assert personal_in(text, KNOWN) == []
    assert without_personal(text, KNOWN) == text


def test_a_text_keeps_its_story_and_loses_the_people():
    assert without_personal(TOLD, KNOWN) == "某某来电，电话（电话略），邮箱 （邮箱略），（地址略）。"


def test_the_place_is_shown_with_what_stands_around_it():
    (found,) = personal_in("客户等了五天，电话13800138000，请回电。")
    assert (found.text, found.around) == ("13800138000", "了五天，电话13800138000，请回电。")
