"""What messages tell as the reason of a step: the fields that the form marks, as far as everybody who is told may read them."""

import pytest

from amends.apps.policies.files import read_folder
from amends.core.policy.forms import Form
from amends.core.policy.pack import read_pack
from amends.core.policy.problems.reasons import reason_problems
from amends.core.policy.problems.world import World
from amends.core.policy.upgrades import with_reasons_marked
from tests.core.test_pack_problems import ROOT, copy_of_minimal, plant, printed

WRITTEN = {"comment": "已更换", "reason": "超出范围", "answer_text": "请联系寄件网点"}


def form_of(**marked):
    fields = [{"id": name, "title": {"zh-Hans": name}, "type": "long_text", **marked.get(name, {})} for name in WRITTEN]
    return Form.model_validate({"id": "f", "title": {"zh-Hans": "f"}, "fields": fields})


TOLD = {"reason": True}
LEADERS = {**TOLD, "seen_by": ["leader", "manager"]}
NAMES = {**TOLD, "personal": "name", "clear_to": ["leader"]}


@pytest.mark.parametrize(
    ("marked", "given", "roles", "told"),
    [
        ({}, {"reason", "comment"}, ["clerk"], ""),
        ({}, {"comment"}, ["clerk"], ""),
        ({"comment": TOLD}, {"comment", "reason"}, ["clerk"], "已更换"),
        ({"comment": TOLD}, set(), ["clerk"], ""),
        ({"reason": TOLD, "answer_text": TOLD}, {"reason", "answer_text"}, ["customer"], "超出范围"),
        ({"reason": TOLD, "answer_text": TOLD}, {"answer_text"}, ["customer"], "请联系寄件网点"),
        ({"reason": LEADERS}, {"reason"}, ["leader"], "超出范围"),
        ({"reason": LEADERS}, {"reason"}, ["leader", "manager"], "超出范围"),
        ({"reason": LEADERS}, {"reason"}, ["leader", "clerk"], ""),
        ({"reason": LEADERS}, {"reason"}, [], ""),
        ({"reason": LEADERS, "answer_text": TOLD}, {"reason", "answer_text"}, ["customer"], "请联系寄件网点"),
        ({"reason": NAMES}, {"reason"}, ["leader"], "超出范围"),
        ({"reason": NAMES}, {"reason"}, ["leader", "clerk"], ""),
        ({"reason": {**TOLD, "personal": "phone"}}, {"reason"}, ["clerk"], ""),
        ({"reason": {**TOLD, "personal": "content"}}, {"reason"}, ["clerk"], "超出范围"),
        ({"reason": {**TOLD, "personal": "content"}}, {"reason"}, [], "超出范围"),
    ],
)
def test_the_reason_told_is_the_first_marked_field_that_was_filled_in_and_that_all_may_read(marked, given, roles, told):
    assert form_of(**marked).reason_in({name: WRITTEN[name] for name in given}, roles) == told


NOTICE = ("messages/answered.notice.zh-hans.txt", "{{number}}", "{{number}}：{{reason}}")
TEXT = ("messages/received.sms.zh-hans.txt", "{{number}}", "{{number}}：{{reason}}")
ANSWER = "type: long_text, required: true}"
STORY = "type: long_text}"
KEPT = 'lifecycle.yaml:30  answered: it says {{reason}}, which is "answer_text" in answer.yaml:3: "clerk" may not read that in full.'
KEPT_FROM_CUSTOMERS = 'lifecycle.yaml:9  received: it says {{reason}}, which is "description" in intake.yaml:6: "complainant" may not read that in full.'


@pytest.mark.parametrize(
    ("message", "file", "field", "becomes", "lines"),
    [
        (NOTICE, "forms/answer.yaml", ANSWER, "type: long_text, reason: true, required: true}", []),
        (
            NOTICE, "forms/answer.yaml", ANSWER, ANSWER,
            ['lifecycle.yaml:30  (warning) answered: it says {{reason}}, but no field of form "answer" has reason: true, so nothing will stand there.'],
        ),
        (NOTICE, "forms/answer.yaml", ANSWER, "type: long_text, reason: true, seen_by: [owner]}", [KEPT]),
        (NOTICE, "forms/answer.yaml", ANSWER, "type: long_text, reason: true, personal: name}", [KEPT]),
        (NOTICE, "forms/answer.yaml", ANSWER, "type: long_text, reason: true, personal: name, clear_to: [owner]}", [KEPT]),
        (NOTICE, "forms/answer.yaml", ANSWER, "type: long_text, reason: true, personal: name, clear_to: [clerk]}", []),
        (NOTICE, "forms/answer.yaml", ANSWER, "type: long_text, reason: true, personal: content, seen_by: [clerk]}", []),
        (TEXT, "forms/intake.yaml", STORY, "type: long_text, reason: true}", []),
        (TEXT, "forms/intake.yaml", STORY, "type: long_text, reason: true, personal: content}", []),
        (TEXT, "forms/intake.yaml", STORY, "type: long_text, reason: true, seen_by: [clerk, owner]}", [KEPT_FROM_CUSTOMERS]),
        (TEXT, "forms/intake.yaml", STORY, "type: long_text, reason: true, personal: address}", [KEPT_FROM_CUSTOMERS]),
    ],
)  # fmt: skip
def test_a_message_says_a_reason_that_a_field_gives_and_all_who_are_told_may_read(
    tmp_path, message, file, field, becomes, lines
):
    folder = copy_of_minimal(tmp_path, with_examples=False)
    plant(folder, *message)
    plant(folder, file, field, becomes)
    assert printed(folder) == lines


def test_the_sentences_are_chinese_for_a_chinese_administrator(tmp_path):
    folder = copy_of_minimal(tmp_path, with_examples=False)
    plant(folder, *NOTICE)
    plant(folder, *TEXT)
    plant(folder, "forms/answer.yaml", ANSWER, "type: long_text, reason: true, seen_by: [owner]}")
    plant(folder, "forms/intake.yaml", "type: phone}", "type: phone, reason: true}")
    assert printed(folder, "zh") == [
        "forms/intake.yaml:4  complainant_phone：类型为“phone”；只有 text 和 long_text 才能作为理由告知。",
        "lifecycle.yaml:30  answered：消息写有 {{reason}}，即 answer.yaml:3 的“answer_text”，而“clerk”不能看或只能看遮盖后的内容。",
    ]


def test_a_field_kept_to_roles_may_be_marked_while_nobody_else_is_told_it(tmp_path):
    folder = copy_of_minimal(tmp_path, with_examples=False)
    plant(folder, "forms/answer.yaml", ANSWER, "type: long_text, reason: true, seen_by: [owner]}")
    assert printed(folder) == []


def test_who_is_asked_to_approve_may_read_the_reason_that_the_request_says():
    raw = read_folder(ROOT / "packs" / "service").raw
    raw["messages"]["texts"]["resources_to_decide"]["notice"]["zh-hans"] = "请审批：{{reason}}"
    for f in raw["forms"]["internal_request"]["fields"]:
        f |= {"reason": True, "seen_by": ["general_manager"]} if f["id"] == "request_reason" else {}

    found = list(reason_problems(World(read_pack(raw))))

    assert [(problem.path[1], problem.path[-1], problem.code) for problem in found] == [
        ("service_request", "to", "reason_kept"),
        ("service_request", "to", "no_reason"),
    ]
    assert '"commerce_leader" may not read' in found[0].message_en


def form_1(*names, **types):
    fields = [{"id": name, "type": types.get(name, "long_text")} for name in names]
    return {"fields": fields}


@pytest.mark.parametrize(
    ("form", "marked"),
    [
        (form_1("reason", "comment"), ["reason"]),
        (form_1("reason", "answer_text", "redirected_to"), ["reason", "answer_text"]),
        (form_1("result_text"), ["result_text"]),
        (form_1("comment", "note"), []),
        (form_1("comment"), ["comment"]),
        (form_1("caller", caller="phone"), []),
        (form_1("reason", reason="choice"), []),
    ],
)
def test_a_version_of_the_first_format_goes_on_telling_what_it_told(form, marked):
    step = {"form": "f", "notifies": [{"to": ["clerk"], "message": "returned"}]}
    raw = {
        "forms": {"f": form}, "lifecycle": {"transitions": [step]},
        "messages": {"texts": {"returned": {"notice": {"zh-hans": "退回：{{ reason }}"}}}},
    }  # fmt: skip
    read = with_reasons_marked(raw)
    assert [f["id"] for f in read["forms"]["f"]["fields"] if f.get("reason")] == marked
    assert not any("reason" in f for f in form["fields"])


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"notifies": [{"to": ["clerk"], "message": "returned"}]}, "已退回"),
        ({"tells": ["returned"]}, "已退回：{{reason}}"),
        ({"tells": ["returned"], "notifies": [{"to": ["clerk"], "message": "returned"}]}, "已退回：{{reason}}"),
    ],
)
def test_the_only_text_of_an_old_form_is_marked_for_colleagues_whose_notice_says_it_alone(step, text):
    raw = {
        "forms": {"f": form_1("comment")}, "lifecycle": {"transitions": [{"form": "f", **step}]},
        "messages": {"texts": {"returned": {"notice": {"zh-hans": text}}}},
    }  # fmt: skip
    assert with_reasons_marked(raw)["forms"] == raw["forms"]


@pytest.mark.parametrize(
    ("on_case", "in_talks"),
    [({"sends": {"message": "letter"}}, {}), ({}, {"tells": ["told"]}), ({}, {"sends": {"message": "letter"}})],
)
def test_the_only_text_of_an_old_form_stays_among_colleagues_where_it_is_filled_in_for_customers_as_well(
    on_case, in_talks
):
    noted = {"form": "f", "notifies": [{"to": ["clerk"], "message": "returned"}]}
    raw = {
        "forms": {"f": form_1("comment")},
        "lifecycle": {"transitions": [noted, {"form": "f", **on_case}]},
        "proceedings": {"talks": {"transitions": [{"form": "f", **in_talks}]}},
        "messages": {"texts": {"returned": {"notice": {"zh-hans": "已退回：{{reason}}"}}}},
    }
    assert with_reasons_marked(raw)["forms"] == raw["forms"]
