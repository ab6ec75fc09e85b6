"""What `pack check` says of registers, of records that are chosen, and of what has to be confirmed."""

from __future__ import annotations

from pathlib import Path

from tests.core.test_pack_problems import copy_of_minimal, plant, printed

FORM = """id: entry
title: {zh-Hans: 登记, en: entry}
fields:
  - {id: what, title: {zh-Hans: 事项, en: what}, type: text, required: true}
  - {id: price, title: {zh-Hans: 价格, en: price}, type: money, seen_by: [owner]}
  - {id: same_as, title: {zh-Hans: 同一条, en: same}, type: record, record: {kind: diary, states: [written, torn]}}
"""
KIND = """title: {zh-Hans: 日志, en: log}
number: "R{year}-{seq:3}"
about: desk
title_from: price
register: {columns: [what, colour], filters: [what], day: what, readers: [{roles: [guest]}], course: {value: price, same: [what]}}
concerns: {of: log, fact: same_as, verb: tear}
draws: {verb: shuffle, share: 5, days: 31}
acknowledged: {by: [clerk], in: [written], verb: close}
shown_at: {field: what, in: [written]}
states:
  written: {title: {zh-Hans: 已写, en: written}, category: active, stage: "8.7", waits_for: clerk}
  done: {title: {zh-Hans: 完成, en: done}, category: done, stage: "8.7"}
transitions:
  - {verb: note, from: [], to: written, by: [clerk], form: entry}
  - {verb: close, from: written, to: done, by: [clerk]}
clocks:
  - {id: log_due, title: {zh-Hans: 期限, en: due}, start: [written], stop: [done], limit: {calendar_days: 31}, ladder: [{at: 100%, tell: [clerk], marks: late}]}
"""


def test_every_word_of_a_register_is_held_against_the_pack(tmp_path: Path) -> None:
    folder = copy_of_minimal(tmp_path, with_examples=False)
    (folder / "proceedings").mkdir(exist_ok=True)
    plant(folder, "forms/entry.yaml", None, FORM)
    plant(folder, "proceedings/log.yaml", None, KIND)

    said = [line.split("  ", 1)[1] for line in printed(folder)]

    for wanted in (
        'log: there is no field "colour".',
        'log: there is no role "guest".',
        "what: a field of type text can not stand here",
        "price: personal data, and what only some roles read, can not be filtered by",
        "price: a title stands in lists and notices for everybody",
        'log: there is no verb "tear".',
        'log: there is no verb "shuffle".',
        'the register of "log" needs this field among its filters.',
        "close: this verb needs once_each and adds",
        'same_as: there is no proceeding "diary".',
    ):
        assert any(wanted in line for line in said), (wanted, said)
