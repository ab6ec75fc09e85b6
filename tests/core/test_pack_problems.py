"""Every kind of defect, planted one at a time in a small valid pack: exactly one sentence, with file, line and key."""

import shutil
from pathlib import Path

import pytest

from amends.apps.policies.check import Check, check_folder

ROOT = Path(__file__).resolve().parents[2]
MINIMAL = ROOT / "tests" / "packs" / "minimal"
CALENDARS = ROOT / "calendars"

# Name, file, text to replace (None: the file is new), text to put there (None: the file goes), what is printed.
DEFECTS: list[tuple[str, str, str | None, str | None, tuple[str, ...]]] = [
    (
        "scores_of_what_is_not_there",
        "kpis.yaml",
        None,
        "indicators:\n  - {id: done, title: {zh-Hans: 完成, en: done}, kind: count, unit: cases, direction: none}\n"
        "scores:\n  people: {done: 60, speed: 30}\n"
        "  deductions: {proceeding: fine, states: [given], points: taken, day: taken_for, department: whose}\n"
        "  bonuses: [{id: b, title: {zh-Hans: 奖, en: bonus}, points: 5, thresholds: [{indicator: luck, at_least: 90}]}]\n",
        (
            "kpis.yaml:2  done: points by target need a target.",
            'kpis.yaml:4  people: there is no indicator "speed".',
            "kpis.yaml:4  the weights add up to 90, not to 100.",
            'kpis.yaml:5  points: there is no field "taken".',
            'kpis.yaml:5  day: there is no field "taken_for".',
            'kpis.yaml:5  department: there is no field "whose".',
            'kpis.yaml:5  proceeding: there is no proceeding "fine".',
            'kpis.yaml:6  thresholds: there is no indicator "luck".',
        ),
    ),
    (
        "targets_out_of_reach",
        "kpis.yaml",
        None,
        "indicators:\n"
        "  - {id: huge, title: {zh-Hans: 大, en: huge}, kind: count, unit: cases, target: 1e999}\n"
        "  - {id: less, title: {zh-Hans: 小, en: less}, kind: mean, of: handling, unit: hours, direction: down, target: -1}\n"
        "  - {id: part, title: {zh-Hans: 率, en: part}, counted: {fact: counts, is: true}, target: 101}\n"
        "  - {id: whole, title: {zh-Hans: 全, en: whole}, counted: {fact: counts, is: true}, target: 100}\n"
        "  - {id: none, title: {zh-Hans: 零, en: none}, kind: count, unit: cases, direction: down, target: 0}\n"
        "scores:\n"
        "  bonuses:\n"
        "    - id: b\n"
        "      title: {zh-Hans: 奖, en: bonus}\n"
        "      points: 5\n"
        "      thresholds: [{indicator: part, at_least: 90}, {indicator: part, at_least: 1e3}, {indicator: less, at_most: -0.5}]\n",
        (
            "kpis.yaml:2  huge: the target 1E+999 lies not between 0 and 999999999999.",
            "kpis.yaml:3  less: the target -1 lies not between 0 and 999999999999.",
            "kpis.yaml:4  part: the target 101 lies not between 0 and 100.",
            "kpis.yaml:12  part: the threshold 1E+3 lies not between 0 and 100.",
            "kpis.yaml:12  less: the threshold -0.5 lies not between 0 and 999999999999.",
        ),
    ),
    (
        "indicators_compared_with_no_number",
        "kpis.yaml",
        None,
        "indicators:\n"
        "  - id: quick\n"
        "    title: {zh-Hans: 快, en: quick}\n"
        "    population: {any: [{fact: rounds, in: [1, two]}, {fact: score, at_least: 4.5}, {fact: score, given: true}]}\n"
        "    exclude: {fact: handling_hours, more_than: .inf}\n"
        '    counted: {all: [{fact: response_minutes, at_most: 1e999}, {fact: response_minutes, less_than: "90.5"}, {fact: cycles, is: true}]}\n',
        (
            'kpis.yaml:4  rounds: this is compared with numbers, "two" is none.',
            'kpis.yaml:5  handling_hours: this is compared with numbers, ".inf" is none.',
            'kpis.yaml:6  response_minutes: this is compared with numbers, "1e999" is none.',
            'kpis.yaml:6  cycles: this is compared with numbers, "True" is none.',
        ),
    ),
    (
        "overview_for_somebody_who_sees_less",
        "roles.yaml",
        "counts: complainant, sees: own}",
        "counts: complainant, sees: own, may: [overview]}",
        ("roles.yaml:4  complainant: the overview shows the whole desk: it is for roles with sees: desk.",),
    ),
    (
        "cannot_see_warnings",
        "warnings.yaml",
        None,
        "rules:\n  danger:\n    title: {zh-Hans: 危险, en: danger}\n    watches: words\n    words: [起火]\n    to: [clerk]\n",
        ('warnings.yaml:6  danger: the role "clerk" does not have the right warnings, so it does not see them.',),
    ),
    (
        "key_problems_without_what_figures_do_not_know",
        "warnings.yaml",
        None,
        "key_problems:\n  by: [category]\n  exclude: {fact: outcom, is: duplicate}\n",
        ('warnings.yaml:3  outcom: indicators can not ask for this. Did you mean "outcome"?',),
    ),
    (
        "bank_too_small",
        "training.yaml",
        None,
        "modules:\n  attitude:\n    title: {zh-Hans: 态度, en: attitude}\n    aim: {zh-Hans: 礼貌, en: courtesy}\n    for: [nobody]\n"
        "    materials: [{title: {zh-Hans: 一, en: one}, text: {zh-Hans: 一, en: one}}]\n    bank: first\n    draw: 2\nbanks:\n  first:\n"
        "    title: {zh-Hans: 题库, en: bank}\n    questions: [{id: one, title: {zh-Hans: 一, en: one}, type: true_false, right: ['yes']}]\n",
        (
            'training.yaml:5  attitude: there is no role "nobody".',
            'training.yaml:8  attitude: the bank "first" has fewer than 2 questions.',
        ),
    ),
    (
        "unknown_figure",
        "warnings.yaml",
        None,
        "rules:\n  late:\n    title: {zh-Hans: 延误, en: late}\n    watches: measure\n    measure: delays\n    to: [nobody]\n",
        (
            'warnings.yaml:2  late: there is no figure "delays".',
            'warnings.yaml:6  late: there is no role "nobody".',
        ),
    ),
    (
        "unknown_team",
        "routing.yaml",
        "  - {to: shop}",
        "  - {to: shop, assigns: night_shift}",
        ('routing.yaml:6  route 2: there is no team "night_shift".',),
    ),
    (
        "category_in_two_stages",
        "kpis.yaml",
        None,
        "journey:\n  stages:\n    buying: {title: {zh-Hans: 购买, en: buying}, categories: [goods]}\n"
        "    using: {title: {zh-Hans: 使用, en: using}, categories: [goods]}\n  rest: {zh-Hans: 其他, en: other}\n",
        ("kpis.yaml:3  goods: this category stands in more than one stage.",),
    ),
    (
        "unknown_category_in_a_stage",
        "kpis.yaml",
        None,
        "journey:\n  stages:\n    buying: {title: {zh-Hans: 购买, en: buying}, categories: [zzz]}\n  rest: {zh-Hans: 其他, en: other}\n",
        ('kpis.yaml:3  buying: there is no category "zzz".',),
    ),
    (
        "keyword_too_short",
        "categories.yaml",
        "{id: goods, title: {zh-Hans: 商品, en: goods}}",
        "{id: goods, title: {zh-Hans: 商品, en: goods}, keywords: [坏, 破损]}",
        ('categories.yaml:5  goods: the keyword "坏" is too short, it needs two characters.',),
    ),
    (
        "condition_in_a_text_message",
        "messages/received.sms.zh-hans.txt",
        "已登记。",
        "已登记。\n{{if:hotline}}热线 {{hotline}}",
        (
            "messages/received.sms.zh-hans.txt:1  received: "
            '"{{if:hotline}}" may only begin a line of the body of an email.',
        ),
    ),
    (
        "condition_on_nothing",
        "messages/received.sms.zh-hans.txt",
        "已登记。",
        "已登记。{{unless:hotlime}}",
        (
            "messages/received.sms.zh-hans.txt:1  received: "
            '"{{unless:hotlime}}" may only begin a line of the body of an email.',
            'messages/received.sms.zh-hans.txt:1  received: the placeholder "hotlime" is not in the dictionary. Did you mean "hotline"?',
        ),
    ),
    (
        "no_limit_shown",
        "messages/received.sms.zh-hans.txt",
        "已登记。",
        "已登记，{{due_at}}前答复。",
        (
            "messages/received.sms.zh-hans.txt:1  received: a message to the complainant uses {{due_at}}, "
            "but no clock is shown to complainants (shown_to).",
        ),
    ),
    (
        "keyword_twice",
        "categories.yaml",
        "{id: attitude, title: {zh-Hans: 态度, en: attitude},",
        "{id: attitude, title: {zh-Hans: 态度, en: attitude}, keywords: [态度差, 态度差],",
        (
            'categories.yaml:9  service/attitude: the keyword "态度差" stands for service/attitude in categories.yaml:9 already.',
        ),
    ),
    (
        "unreachable_state",
        "lifecycle.yaml",
        "  closed: {title",
        '  lost: {title: {zh-Hans: 迷失, en: lost}, category: done, stage: "7.9"}\n  closed: {title',
        ("lifecycle.yaml:4  lost: no transition leads to this state.",),
    ),
    (
        "no_way_round",
        "lifecycle.yaml",
        "  told: {title",
        "  told: {optional: true, title",
        (
            "lifecycle.yaml:3  told: a state that can be left out lies on the way, and skipped_to names the state that is entered instead.",
        ),
    ),
    (
        "skips_needed_state",
        "lifecycle.yaml",
        "  told: {title",
        "  told: {skipped: true, title",
        ("lifecycle.yaml:3  told: only a state with optional: true can have skipped_to or be skipped.",),
    ),
    (
        "dead_end",
        "lifecycle.yaml",
        "  - verb: agree\n    from: told\n    to: closed\n    by: [complainant, clerk]\n  - verb: no_answer\n    from: told\n    to: closed\n    by: [clerk]\n",
        "  - verb: agree\n    from: registered\n    to: closed\n    by: [clerk]\n",
        ("lifecycle.yaml:3  told: nothing leads out of this state.",),
    ),
    (
        "no_way_to_an_end",
        "lifecycle.yaml",
        "    to: closed\n    by: [complainant, clerk]\n  - verb: no_answer\n    from: told\n    to: closed",
        "    to: registered\n    by: [complainant, clerk]\n  - verb: no_answer\n    from: told\n    to: registered",
        (
            "lifecycle.yaml:2  registered: no way leads from this state to an end.",
            "lifecycle.yaml:3  told: no way leads from this state to an end.",
        ),
    ),
    (
        "waits_for_ever",
        "lifecycle.yaml",
        "  - verb: no_answer\n    from: told\n    to: closed\n    by: [clerk]",
        "  - verb: no_answer\n    from: told\n    to: closed\n    by: [complainant]",
        ("lifecycle.yaml:3  told: nobody can leave this state when the complainant does not answer.",),
    ),
    (
        "no_clock",
        "clocks.yaml",
        "  start: told\n  stop: closed\n",
        "  start: closed\n",
        ("lifecycle.yaml:3  told: a case can stay in this open state while no clock runs.",),
    ),
    (
        "promise_without_its_time",
        "clocks.yaml",
        "  start: told\n",
        "  told_as: {zh-Hans: 我们会尽快答复您。, en: Soon.}\n  start: told\n",
        (
            "clocks.yaml:15  reply: the promise to customers names {{due_at}}, exactly once.",
            "clocks.yaml:15  reply: the promise to customers names {{due_at}}, exactly once.",
        ),
    ),
    (
        "outlet_that_is_no_department",
        "pack.yaml",
        "title:",
        "portal: {title: {zh-Hans: 商品问题, en: goods}, outlet: subject}\ntitle:",
        ("pack.yaml:4  subject: the field that a QR code fills in holds a department or team.",),
    ),
    (
        "outlet_that_is_no_field",
        "pack.yaml",
        "title:",
        "portal: {title: {zh-Hans: 商品问题, en: goods}, outlet: subjekt}\ntitle:",
        ('pack.yaml:4  subjekt: there is no such field. Did you mean "subject"?',),
    ),
    (
        "no_role",
        "lifecycle.yaml",
        "    by: [clerk]\n    form: grading",
        "    by: []\n    form: grading",
        ("lifecycle.yaml:15  grade: no role may use this verb.",),
    ),
    (
        "no_message",
        "lifecycle.yaml",
        "tells: [received]",
        "tells: [recieved]",
        (
            'lifecycle.yaml:9  recieved: messages/ has no text for this message. Did you mean "received"?',
            "messages/received.sms.zh-hans.txt:1  (warning) received: no rule sends this message.",
        ),
    ),
    (
        "message_without_a_language",
        "pack.yaml",
        "zone: Asia/Shanghai",
        "zone: Asia/Shanghai\nlanguages: [zh-hans, en]",
        (
            "clocks.yaml:11  late: the en text for notice is missing.",
            "lifecycle.yaml:9  received: the en text for sms is missing.",
            "lifecycle.yaml:30  answered: the en text for notice is missing.",
        ),
    ),
    (
        "notice_without_text",
        "lifecycle.yaml",
        "message: answered}",
        "message: received}",
        (
            "lifecycle.yaml:30  received: it has no text for staff (notice).",
            "messages/answered.notice.zh-hans.txt:1  (warning) answered: no rule sends this message.",
        ),
    ),
    (
        "clause_without_rule",
        "clocks.yaml",
        "  clause: [MIN-3.1]\n",
        "",
        ("clauses.yaml:3  MIN-3.1: no rule of the pack names this clause.",),
    ),
    (
        "unknown_clause",
        "clocks.yaml",
        "  clause: [MIN-3.1]\n",
        "  clause: [MIN-3.1, MIN-3.2]\n",
        ("clocks.yaml:12  MIN-3.2: a rule names this clause, which clauses.yaml does not have.",),
    ),
    (
        "clause_twice",
        "clauses.yaml",
        "- {id: MIN-9.9, title: 培训",
        "- {id: MIN-1.1, title: 培训",
        ("clauses.yaml:4  MIN-1.1: this clause is listed twice.",),
    ),
    (
        "blank_setting",
        "pack.yaml",
        "value: 3, mandatory",
        "mandatory",
        ("pack.yaml:8  answer_days: this mandatory setting has no value; the pack can not be published without one.",),
    ),
    (
        "unknown_setting",
        "clocks.yaml",
        "{setting: answer_days}",
        "{setting: answer_day}",
        ('clocks.yaml:8  working_days: there is no setting "answer_day". Did you mean "answer_days"?',),
    ),
    (
        "blank_limit",
        "clocks.yaml",
        "limit: {calendar_days: 10}",
        "limit: blank",
        ("clocks.yaml:17  reply: this mandatory limit is blank; the pack can not be published without it.",),
    ),
    (
        "no_limit",
        "clocks.yaml",
        "    urgent: {working_days: 1}\n",
        "",
        ('clocks.yaml:5  answer: no limit for class "urgent", which levels.yaml:5 can set.',),
    ),
    (
        "no_limit_value",
        "clocks.yaml",
        "    urgent: {working_days: 1}\n",
        "    urgent: {working_days: 1}\n    urgend: {working_days: 1}\n",
        ('clocks.yaml:8  answer: class has no value "urgend". Did you mean "urgent"?',),
    ),
    (
        "no_limit_free",
        "clocks.yaml",
        "    by: class\n",
        "    by: wish_text\n",
        ("clocks.yaml:5  answer: wish_text can have any value, so the table needs `otherwise`.",),
    ),
    (
        "other_without_text",
        "forms/intake.yaml",
        ", asks: wish_text}\n  - {id: wish_text, title: {zh-Hans: 其他诉求, en: other wish}, type: text, when: {fact: wish, is: other}}",
        "}\n  - {id: wish_text, title: {zh-Hans: 其他诉求, en: other wish}, type: text}",
        ('forms/intake.yaml:14  wish: choice "其他" has no field for the text it asks for.',),
    ),
    (
        "other_gone",
        "forms/intake.yaml",
        "  - {id: wish_text, title: {zh-Hans: 其他诉求, en: other wish}, type: text, when: {fact: wish, is: other}}\n",
        "",
        ('forms/intake.yaml:14  wish: choice "其他" has no field for the text it asks for.',),
    ),
    (
        "unknown_role",
        "lifecycle.yaml",
        "by: [owner]",
        "by: [ownr]",
        ('lifecycle.yaml:27  tell: there is no role "ownr". Did you mean "owner"?',),
    ),
    (
        "unknown_form",
        "lifecycle.yaml",
        "form: answer\n",
        "form: answers\n",
        ('lifecycle.yaml:28  tell: there is no form "answers". Did you mean "answer"?',),
    ),
    (
        "unknown_state",
        "lifecycle.yaml",
        "    from: registered\n    to: told",
        "    from: [registered, regsitered]\n    to: told",
        ('lifecycle.yaml:25  tell: there is no state "regsitered". Did you mean "registered"?',),
    ),
    (
        "unknown_state_clock",
        "clocks.yaml",
        "stop: told",
        "stop: tolled",
        ('clocks.yaml:4  answer: there is no state "tolled". Did you mean "told"?',),
    ),
    (
        "unknown_verb",
        "lifecycle.yaml",
        "  - verb: dispatch",
        "  - verb: despatch",
        ('lifecycle.yaml:18  despatch: there is no such verb. Did you mean "dispatch"?',),
    ),
    (
        "unused_verb",
        "clocks.yaml",
        "stop: told",
        "stop: {verb: refuse}",
        ('clocks.yaml:4  answer: it waits for "refuse", which no transition uses.',),
    ),
    (
        "apart_from",
        "lifecycle.yaml",
        "apart_from: [register]",
        "apart_from: [propose]",
        ('lifecycle.yaml:29  tell: it is kept apart from "propose", which no transition uses.',),
    ),
    (
        "unknown_fact",
        "levels.yaml",
        "{fact: injured, is: true}",
        "{fact: injurred, is: true}",
        (
            'levels.yaml:12  injurred: a condition asks for this fact, which no form or rule provides. Did you mean "injured"?',
        ),
    ),
    (
        "not_an_option",
        "routing.yaml",
        "within: goods",
        "within: good",
        (
            'routing.yaml:5  category: a condition compares with "good", which is not a value in categories.yaml:2. Did you mean "goods"?',
        ),
    ),
    (
        "yes_or_no_compared_with_text",
        "levels.yaml",
        "{fact: injured, is: true}",
        "{fact: injured, is: yes}",
        ('levels.yaml:12  injured: a yes-or-no field is compared with true or false, not with "yes".',),
    ),
    (
        "bad_comparison",
        "levels.yaml",
        "{fact: injured, is: true}",
        "{fact: wish, at_least: 3}",
        ('levels.yaml:12  wish: its values have no order, so "at_least" can not compare them.',),
    ),
    (
        "unknown_axis",
        "lifecycle.yaml",
        "grades: [class]",
        "grades: [severity]",
        ('lifecycle.yaml:17  grade: there is no axis "severity".',),
    ),
    (
        "unknown_scheme",
        "forms/intake.yaml",
        "scheme: category}",
        "scheme: kategory}",
        ('forms/intake.yaml:7  category: there is no scheme "kategory".',),
    ),
    (
        "unknown_function",
        "routing.yaml",
        "to: repair,",
        "to: repairs,",
        ('routing.yaml:5  route 1: there is no function "repairs". Did you mean "repair"?',),
    ),
    (
        "unknown_kind_form",
        "channels.yaml",
        "form: intake}",
        "form: intakes}",
        ('channels.yaml:2  complaint: there is no form "intakes". Did you mean "intake"?',),
    ),
    (
        "channel_without_group",
        "channels.yaml",
        "phone: {title: {zh-Hans: 电话, en: telephone}, group: direct}",
        "phone: {title: {zh-Hans: 电话, en: telephone}, group: remote}",
        ('channels.yaml:7  phone: this channel belongs to no class that is counted ("remote" is not one).',),
    ),
    (
        "no_priority",
        "levels.yaml",
        "priority:\n  - {by: class}",
        "priority: []",
        ("levels.yaml:15  priority: there is no rule for the order in which cases are handled.",),
    ),
    (
        "forms_differ",
        "lifecycle.yaml",
        "  - verb: tell\n    from: registered\n",
        "  - verb: tell\n    from: registered\n    to: closed\n    by: [owner]\n    when: {fact: injured, is: true}\n  - verb: tell\n    from: registered\n",
        (
            'lifecycle.yaml:29  tell: it shares verb and state with lifecycle.yaml:24, but their forms differ: "—", "answer".',
        ),
    ),
    (
        "never_taken",
        "lifecycle.yaml",
        "  - verb: no_answer\n",
        "  - verb: tell\n    from: registered\n    to: closed\n    by: [owner]\n    form: answer\n    when: {fact: injured, is: true}\n  - verb: no_answer\n",
        ("lifecycle.yaml:36  tell: it is never taken: lifecycle.yaml:24 has no condition and comes first.",),
    ),
    (
        "types_differ",
        "forms/dispatch.yaml",
        "type: department}",
        "type: department}\n  - {id: wish, title: {zh-Hans: 诉求, en: wish}, type: text}",
        ("forms/intake.yaml:9  wish: its type is choice, but the field of this id in dispatch.yaml:4 is text.",),
    ),
    (
        "fixed_type",
        "forms/intake.yaml",
        "type: phone}",
        "type: text}",
        ("forms/intake.yaml:4  complainant_phone: the product reads this field as phone, so it can not be text.",),
    ),
    (
        "register_form",
        "forms/intake.yaml",
        "  - {id: complainant_phone, title: {zh-Hans: 电话, en: telephone}, type: phone}\n",
        "",
        ('channels.yaml:2  complaint: its register form "intake" lacks "complainant_phone / complainant_email".',),
    ),
    (
        "grade_reason",
        "forms/grading.yaml",
        "  - {id: grade_reason, title: {zh-Hans: 理由, en: reason}, type: text}\n",
        "",
        (
            'lifecycle.yaml:16  grade: form "grading": the proposed grade can be changed, but it has no field grade_reason.',
        ),
    ),
    (
        "route_reason",
        "forms/dispatch.yaml",
        "  - {id: route_reason, title: {zh-Hans: 改派理由, en: reason}, type: text}\n",
        "",
        (
            'lifecycle.yaml:22  dispatch: form "dispatch": another department can be chosen, but it has no field route_reason.',
        ),
    ),
    (
        "dispatch_dep",
        "forms/dispatch.yaml",
        "  - {id: department, title: {zh-Hans: 部门, en: department}, type: department}\n",
        "",
        ('lifecycle.yaml:22  dispatch: form "dispatch": it dispatches, but has no field department.',),
    ),
    (
        "placeholder",
        "messages/received.sms.zh-hans.txt",
        "{{number}}",
        "{{nummer}}",
        (
            'messages/received.sms.zh-hans.txt:1  received: the placeholder "nummer" is not in the dictionary. Did you mean "number"?',
        ),
    ),
    (
        "no_register",
        "lifecycle.yaml",
        "  - verb: register\n    to: registered",
        "  - verb: acknowledge\n    to: registered",
        (
            "lifecycle.yaml:5  register: the lifecycle has no transition with this verb from nothing (from: []).",
            'lifecycle.yaml:29  tell: it is kept apart from "register", which no transition uses.',
        ),
    ),
    (
        "no_take_over",
        "lifecycle.yaml",
        "  - {verb: take_over, to: closed, by: [clerk]}\n",
        "",
        ("lifecycle.yaml:5  take_over: the lifecycle has no transition with this verb from nothing (from: []).",),
    ),
    (
        "take_over_open",
        "lifecycle.yaml",
        "{verb: take_over, to: closed,",
        "{verb: take_over, to: told,",
        (
            'lifecycle.yaml:11  take_over: cases that are taken over end in a state that is done or archived; "told" is not.',
        ),
    ),
    (
        "archive_form",
        "pack.yaml",
        "settings:",
        "archive:\n  items:\n    - {title: {zh-Hans: 登记表, en: record}, form: record}\nsettings:",
        ('pack.yaml:9  登记表: there is no form "record".',),
    ),
    (
        "example_fails",
        "examples.yaml",
        "2026-03-03T18:00+08:00",
        "2026-03-04T18:00+08:00",
        (
            "examples.yaml:14  injury_is_urgent: answer should be 2026-03-04T18:00+08:00, but the rules say 2026-03-03T18:00+08:00.",
        ),
    ),
    (
        "example_may",
        "examples.yaml",
        "may_not: [tell]\n    refuses",
        "may_not: [grade]\n    refuses",
        ("examples.yaml:20  clerk_and_owner: clerk may grade in registered.",),
    ),
    (
        "example_key",
        "examples.yaml",
        "given: {state: told, role: clerk}",
        "given: {state: told, roll: clerk}",
        ('examples.yaml:34  silence_ends_it: there is no key "roll".',),
    ),
    (
        "no_english",
        "roles.yaml",
        "{zh-Hans: 店员, en: clerk}",
        "{zh-Hans: 店员}",
        ("roles.yaml:2  店员: the English title (en) is missing.",),
    ),
    (
        "unused_role",
        "roles.yaml",
        "  complainant:",
        "  guard: {title: {zh-Hans: 保安, en: guard}, counts: desk}\n  complainant:",
        ("roles.yaml:4  (warning) guard: no transition, right or message uses this role.",),
    ),
    (
        "unused_message",
        "messages/thanks.sms.zh-hans.txt",
        None,
        "谢谢。\n",
        ("messages/thanks.sms.zh-hans.txt:1  (warning) thanks: no rule sends this message.",),
    ),
    (
        "message_name",
        "messages/thanks.txt",
        None,
        "谢谢。\n",
        (
            "messages/thanks.txt:1  thanks.txt: a message file is named <message>.<email|sms|notice|page>.<language>.txt.",
        ),
    ),
    (
        "no_subject",
        "messages/received.email.zh-hans.txt",
        None,
        "您的投诉已登记。\n",
        (
            "messages/received.email.zh-hans.txt:1  received: the first line of an email is its subject, and a text must follow.",
        ),
    ),
    (
        "number_pattern",
        "pack.yaml",
        "{seq:4}",
        "{sequence}",
        ("pack.yaml:5  number: the number pattern knows no part {sequence}; it has year, month, day, seq and seq:5.",),
    ),
    (
        "validity",
        "pack.yaml",
        "valid_from: 2026-01-01",
        "valid_from: 2026-01-01\nvalid_until: 2025-12-31",
        ("pack.yaml:4  minimal: valid_until lies before valid_from.",),
    ),
    (
        "unknown_key",
        "lifecycle.yaml",
        "    grades: [class]",
        "    grade: [class]",
        ('lifecycle.yaml:17  grade: there is no key "grade". Did you mean "grades"?',),
    ),
    (
        "missing_key",
        "channels.yaml",
        "  counter: {title: {zh-Hans: 柜台, en: counter}, group: direct}",
        "  counter: {title: {zh-Hans: 柜台, en: counter}}",
        ('channels.yaml:6  counter: "group" is missing.',),
    ),
    (
        "bad_value",
        "roles.yaml",
        "counts: desk, sees: desk}",
        "counts: desk, sees: all}",
        ('roles.yaml:3  owner: sees "all" is not one of desk, department, handled, asked, own, none.',),
    ),
    (
        "reason_that_is_no_text",
        "forms/intake.yaml",
        "title: {zh-Hans: 电话, en: telephone}, type: phone}",
        "title: {zh-Hans: 电话, en: telephone}, type: phone, reason: true}",
        (
            "forms/intake.yaml:4  complainant_phone: its type is phone; only a text or long_text can be told as the reason.",
        ),
    ),
    (
        "reason_in_rows",
        "forms/answer.yaml",
        "sections:\n  - [{zh-Hans: 答复, en: answer}, [answer_text]]\n",
        "  - id: steps\n    title: {zh-Hans: 步骤, en: steps}\n    type: rows\n"
        "    fields: [{id: step, title: {zh-Hans: 步骤, en: step}, type: text, reason: true}]\n",
        ("forms/answer.yaml:7  step: a field of rows can not be told as the reason: every row has one.",),
    ),
    (
        "bad_type",
        "pack.yaml",
        "version: 1",
        "version: first",
        ('pack.yaml:2  minimal: version "first" should be a whole number.',),
    ),
    (
        "bad_date",
        "pack.yaml",
        "valid_from: 2026-01-01",
        "valid_from: soon",
        ('pack.yaml:3  minimal: valid_from "soon" should be a date such as 2026-01-01.',),
    ),
    (
        "bad_name",
        "lifecycle.yaml",
        "by: [owner]",
        "by: [Owner]",
        ('lifecycle.yaml:27  tell: by "Owner" does not have the form ^[a-z][a-z0-9_]{0,62}$.',),
    ),
    (
        "value_error",
        "clocks.yaml",
        "limit: {calendar_days: 10}",
        "limit: {calendar_days: 10, hours: 3}",
        (
            "clocks.yaml:17  reply: say exactly one of minutes, hours, working_hours, working_days, calendar_days, month_day, until, promise, by, unset, blank; found hours, calendar_days.",
        ),
    ),
    (
        "duplicate_key",
        "pack.yaml",
        "zone: Asia/Shanghai",
        "zone: Asia/Shanghai\nversion: 2",
        ('pack.yaml:7  "version" stands here twice (first in line 2).',),
    ),
    (
        "tab_in_yaml",
        "roles.yaml",
        "  owner:",
        "\towner:",
        ("roles.yaml:3  a tab is used for indentation; YAML wants spaces.",),
    ),
    (
        "broken_yaml",
        "roles.yaml",
        "sees: own}",
        "sees: own",
        ("roles.yaml:5  this is not valid YAML: expected ',' or '}', but got '<stream end>'.",),
    ),
    (
        "large",
        "roles.yaml",
        "sees: own}",
        "sees: [&a [{x}], &b [{a}], &c [{b}], &d [{c}], &e [{d}]]}}".format(
            **{
                name: ", ".join([value] * 10)
                for name, value in zip("xabcd", ("x", "*a", "*b", "*c", "*d"), strict=True)
            }
        ),
        ("roles.yaml:1  with its aliases written out it has more than 100000 values.",),
    ),
    ("no_file", "clauses.yaml", None, None, ("clauses.yaml:1  the file clauses.yaml is missing.",)),
    (
        "form_id",
        "forms/answer.yaml",
        "title: {zh-Hans: 答复, en: answer}\nfields",
        "id: answers\ntitle: {zh-Hans: 答复, en: answer}\nfields",
        ('forms/answer.yaml:1  answer: the id "answers" differs from the name of the file.',),
    ),
    (
        "field_twice",
        "forms/grading.yaml",
        "  - {id: grade_reason",
        "  - {id: class, title: {zh-Hans: 等级, en: class}, type: axis, axis: class}\n  - {id: grade_reason",
        ("forms/grading.yaml:4  class: this field stands twice in the form.",),
    ),
    (
        "option_twice",
        "forms/intake.yaml",
        "      - {id: other,",
        "      - {id: refund, title: {zh-Hans: 退钱, en: money}}\n      - {id: other,",
        ('forms/intake.yaml:14  wish: option "refund" stands twice.',),
    ),
    (
        "section_of_forms",
        "forms/answer.yaml",
        "[answer_text]]",
        "[answer]]",
        (
            'forms/answer.yaml:4  answer: fields "answer_text" stand in no section.',
            "forms/answer.yaml:5  answer: a section names this field, which the form does not have.",
        ),
    ),
    (
        "printed_field",
        "forms/intake.yaml",
        "{cells: [answer_text]}",
        "{cells: [answer_txt]}",
        ("forms/intake.yaml:20  answer_txt: the printed form names this field, which no form has.",),
    ),
    (
        "printed_chain",
        "forms/intake.yaml",
        "{cells: [answer_text]}",
        "{approvals: nobody}",
        ('forms/intake.yaml:20  intake: there is no chain "nobody".',),
    ),
    (
        "unknown_hours",
        "clocks.yaml",
        "  start: told",
        "  calendar: night\n  start: told",
        ('clocks.yaml:15  reply: there is no hours "night".',),
    ),
    (
        "category_twice",
        "categories.yaml",
        "      - id: service\n",
        "      - {id: goods, title: {zh-Hans: 货物, en: wares}}\n      - id: service\n",
        ("categories.yaml:6  goods: this category stands twice.",),
    ),
    (
        "unknown_message_language",
        "messages/received.sms.fr.txt",
        None,
        "Merci.\n",
        ('messages/received.sms.fr.txt:1  received: the language "fr" is not known.',),
    ),
    (
        "priority_rank",
        "levels.yaml",
        "  - {by: class}",
        "  - {by: class, ranks: {mild: 1}}",
        ('levels.yaml:16  class: there is no value "mild".',),
    ),
    (
        "owner_only",
        "routing.yaml",
        "routes:",
        "owner_only: {mild: head}\nroutes:",
        ('routing.yaml:4  owner_only: there is no level "mild".',),
    ),
    (
        "unheld_role",
        "roles.yaml",
        "  complainant:",
        "  courier: {title: {zh-Hans: 承运商, en: carrier}, counts: partner, sees: own}\n  complainant:",
        ("roles.yaml:4  (warning) courier: nothing in the lifecycle can give this role to anybody.",),
    ),
    (
        "accused",
        "roles.yaml",
        "roles:",
        "accused: {may: [shout]}\nroles:",
        ('roles.yaml:1  accused: there is no verb "shout".',),
    ),
    (
        "starts",
        "lifecycle.yaml",
        "    routes: true",
        "    routes: true\n    starts: [task_force]",
        ('lifecycle.yaml:24  dispatch: there is no proceeding "task_force".',),
    ),
    (
        "clears",
        "lifecycle.yaml",
        "    routes: true",
        "    routes: true\n    clears: [urgency]",
        ('lifecycle.yaml:24  dispatch: there is no fact "urgency".',),
    ),
    (
        "settles",
        "lifecycle.yaml",
        "    routes: true",
        "    routes: true\n    settles: measures",
        (
            'lifecycle.yaml:22  dispatch: form "dispatch": it settles an item of a list, but has no field item.',
            'lifecycle.yaml:24  dispatch: there is no list "measures".',
        ),
    ),
    (
        "until",
        "clocks.yaml",
        "limit: {calendar_days: 10}",
        "limit: {until: wish_text}",
        ('clocks.yaml:17  reply: field "wish_text" holds no date or time.',),
    ),
    (
        "clock_condition",
        "clocks.yaml",
        "  stop: closed\n",
        "  stop: closed\n  when: {fact: injured}\n",
        (
            "clocks.yaml:17  reply: the question about “injured” needs exactly one of: is, is_not, in, not_in, within, has, at_least, at_most, more_than, less_than, given.",
        ),
    ),
    (
        "clock_twice",
        "clocks.yaml",
        "- id: reply",
        "- id: answer",
        ("clocks.yaml:13  answer: this clock is listed twice.",),
    ),
    (
        "seen_by",
        "forms/answer.yaml",
        "required: true}",
        "required: true, seen_by: [boss]}",
        ('forms/answer.yaml:3  answer_text: there is no role "boss".',),
    ),
    (
        "category_asks_for_unknown_field",
        "categories.yaml",
        "marks: {about_person: true}",
        "asks: [accused_person]",
        ('categories.yaml:9  service/attitude: there is no field "accused_person".',),
    ),
    (
        "default_not_an_option",
        "forms/intake.yaml",
        "    type: choice\n",
        "    type: choice\n    default: money\n",
        ('forms/intake.yaml:12  wish: the default "money" is not one of its options.',),
    ),
    (
        "unused_verb_in_condition",
        "routing.yaml",
        "{fact: category, within: goods}",
        "{done: escalate}",
        ("routing.yaml:5  escalate: a condition asks for this verb, which no transition uses.",),
    ),
    (
        "answers_of_what_is_not_there",
        "pack.yaml",
        "zone: Asia/Shanghai\n",
        "zone: Asia/Shanghai\ncare:\n  answers:\n    - {verbs: [tell, refuse], field: answer, question: [wish], beside: [tell]}\n"
        "    - {of: consultation, verbs: [answer], field: answer_text, question: [description]}\n",
        (
            'pack.yaml:9  wish: "wish" is no text, so it can be neither question nor answer.',
            'pack.yaml:9  answers: there is no field "answer". Did you mean "answer_text"?',
            'pack.yaml:9  answers: no transition uses the verb "refuse".',
            'pack.yaml:10  answers: there is no proceeding "consultation".',
        ),
    ),
    (
        "guidance",
        "guidance.yaml",
        None,
        "- {text: {zh-Hans: 先道歉, en: Apologise first}, state: angry}\n",
        ('guidance.yaml:1  guidance: there is no state "angry".',),
    ),
]


def copy_of_minimal(folder: Path, *, with_examples: bool) -> Path:
    copy = folder / "minimal"
    shutil.copytree(MINIMAL, copy)
    if not with_examples:
        # An example may rightly fail as well once a rule is broken; these tests look at one sentence each.
        (copy / "examples.yaml").unlink()
    return copy


def plant(folder: Path, file: str, old: str | None, new: str | None) -> None:
    if new is None:
        (folder / file).unlink()
        return
    text = new
    if old is not None:
        before = (folder / file).read_text(encoding="utf-8")
        assert old in before
        text = before.replace(old, new, 1)
    (folder / file).write_text(text, encoding="utf-8")


def checked(folder: Path) -> Check:
    return check_folder(folder, calendars=CALENDARS, shipped=True)


def printed(folder: Path, language: str = "en") -> list[str]:
    return [line.text(language).replace(f"{folder}/", "") for line in checked(folder).lines]


def test_the_minimal_pack_has_no_problems() -> None:
    check = checked(MINIMAL)
    assert check.lines == ()
    assert check.summary() == "0 problems in 18 files; 3 of 3 clauses have a rule."


@pytest.mark.parametrize(("name", "file", "old", "new", "lines"), DEFECTS, ids=[defect[0] for defect in DEFECTS])
def test_a_planted_defect_is_named_with_file_line_and_key(
    tmp_path: Path, name: str, file: str, old: str | None, new: str | None, lines: tuple[str, ...]
) -> None:
    folder = copy_of_minimal(tmp_path, with_examples=name.startswith("example"))
    plant(folder, file, old, new)
    assert printed(folder) == list(lines)


def test_all_defects_come_in_one_run(tmp_path: Path) -> None:
    """Unreadable YAML, a wrong shape and a wrong meaning do not hide one another; what could not be read comes first."""
    folder = copy_of_minimal(tmp_path, with_examples=False)
    plant(folder, "forms/answer.yaml", "required: true}", "required: true")
    plant(folder, "roles.yaml", "sees: own}", "sees: everything}")
    plant(folder, "lifecycle.yaml", "    to: closed\n    by: [complainant, clerk]", "    to: closde\n    by: [clerk]")
    plant(folder, "clocks.yaml", "    urgent: {working_days: 1}\n", "")
    plant(
        folder,
        "clauses.yaml",
        "- {id: MIN-9.9",
        "- {id: MIN-4.1, title: 归档, text: Files are kept., topic: core}\n- {id: MIN-9.9",
    )
    assert printed(folder) == [
        "forms/answer.yaml:4  this is not valid YAML: expected ',' or '}', but got ':'.",
        "clauses.yaml:4  MIN-4.1: no rule of the pack names this clause.",
        'clocks.yaml:5  answer: no limit for class "urgent", which levels.yaml:5 can set.',
        'lifecycle.yaml:34  agree: there is no state "closde". Did you mean "closed"?',
        'roles.yaml:4  complainant: sees "everything" is not one of desk, department, handled, asked, own, none.',
    ]


def test_a_pack_that_ships_speaks_to_customers_in_their_words(tmp_path: Path) -> None:
    folder = copy_of_minimal(tmp_path, with_examples=False)
    plant(folder, "channels.yaml", "form: intake}", "form: intake, portal: true}")
    plant(folder, "clocks.yaml", "  start: told\n", "  shown_to: [complainant]\n  start: told\n")

    assert printed(folder) == [
        "channels.yaml:2  complaint: it has no words for customers (offered_as).",
        "clocks.yaml:13  reply: it has no words for customers (told_as).",
        "lifecycle.yaml:2  registered: it has no words for customers (told_as).",
        "lifecycle.yaml:3  told: it has no words for customers (told_as).",
        "lifecycle.yaml:4  closed: it has no words for customers (told_as).",
        "pack.yaml:1  portal: it has no words for customers (portal).",
    ]


def test_the_last_line_counts_problems_files_and_clauses(tmp_path: Path) -> None:
    folder = copy_of_minimal(tmp_path, with_examples=True)
    plant(folder, "clocks.yaml", "  clause: [MIN-3.1]\n", "")
    assert checked(folder).summary() == "1 problem in 18 files; 2 of 3 clauses have a rule (MIN-3.1 has none)."
    assert checked(folder).summary("zh") == "18 个文件中有 1 个问题；3 条条款中 2 条有规则（MIN-3.1 没有）。"


def test_sentences_are_chinese_for_a_chinese_administrator(tmp_path: Path) -> None:
    folder = copy_of_minimal(tmp_path, with_examples=False)
    plant(folder, "clocks.yaml", "    urgent: {working_days: 1}\n", "")
    assert printed(folder, "zh") == [
        "clocks.yaml:5  answer：“class”为“urgent”时没有期限，而 levels.yaml:5 可以设为这个值。"
    ]


def test_a_folder_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    lines = [line.problem.message_en for line in checked(tmp_path / "nothing").lines]
    assert lines == [f"There is no folder {tmp_path / 'nothing'}."]


def test_what_may_be_published_has_warnings_only(tmp_path: Path) -> None:
    folder = copy_of_minimal(tmp_path, with_examples=True)
    plant(folder, "messages/thanks.sms.zh-hans.txt", None, "谢谢。\n")
    check = checked(folder)
    assert len(check.lines) == 1
    assert check.faults == ()
