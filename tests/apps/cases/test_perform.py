"""One way in: what a verb changes, what it records, and what it refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.facts import facts_of, facts_text, rebuilt_facts
from amends.apps.cases.models import Case, ClockRow
from amends.apps.ledger.queries import events_of
from amends.apps.messaging.models import Notice, OutboxMessage
from amends.core.refusals import InvalidData, NotPermitted, Stale, WrongState
from tests.doors import Office
from tests.world import drive_to_archive

PACKS = ("express",)


def test_registering_records_one_event_and_starts_the_clocks_from_receipt(office: Office) -> None:
    case = office.world.register()
    assert [event.kind for event in events_of(case.chain)] == ["register"]
    assert (case.version, case.cycle, case.round) == (1, 1, 1)
    clock = ClockRow.objects.get(case=case, rule="scope_check")
    assert clock.due_at == case.received_at + timedelta(hours=1)
    assert case.due_at == clock.due_at


def test_free_text_is_nowhere_in_the_event(office: Office) -> None:
    case = office.world.register(subject="只有这里写着的词语", complainant_name="欧阳修竹")
    payload = events_of(case.chain)[0].payload
    assert "只有这里写着的词语" not in payload
    assert "欧阳修竹" not in payload


def test_a_stale_version_is_refused_and_changes_nothing(office: Office) -> None:
    world = office.world
    case = world.register()
    world.do(case, "accept")
    caller = world.whoever_may(case, "note")
    wish = Wish(verb="note", data={"note_text": "稍后回电"}, caller=caller, now=world.now, version=1)
    with pytest.raises(Stale):
        perform(case, wish)
    assert len(events_of(case.chain)) == 2


def test_skipping_a_stage_is_refused_with_the_missing_stages_named(office: Office) -> None:
    world = office.world
    case = world.register()
    with pytest.raises(WrongState) as refused:
        perform(case, Wish(verb="close", data={}, caller=world.caller("cs_agent"), now=world.now))
    named = [str(getattr(m, "zh_hans", m)) for m in refused.value.missing]
    assert named[:2] == ["受理", "确认投诉内容"]


def test_somebody_without_the_role_is_refused(office: Office) -> None:
    world = office.world
    case = world.register()
    with pytest.raises(NotPermitted):
        perform(case, Wish(verb="accept", data={}, caller=world.caller("finance_officer"), now=world.now))


def test_every_fault_of_a_form_is_named_at_its_field(office: Office) -> None:
    with pytest.raises(InvalidData) as refused:
        office.world.register(complainant_phone="12", complainant_name=None, subject="有\u0000空字符")
    found = {error.pointer: error.code for error in refused.value.errors}
    assert found == {
        "/complainant_phone": "bad_phone",
        "/complainant_name": "required",
        "/subject": "control_character",
    }


def test_a_refused_verb_leaves_neither_event_nor_message(office: Office) -> None:
    world = office.world
    case = world.register()
    before = (len(events_of(case.chain)), OutboxMessage.objects.count(), Notice.objects.count())
    with pytest.raises(InvalidData):
        world.do(case, "decline", answer_text=None)
    assert (len(events_of(case.chain)), OutboxMessage.objects.count(), Notice.objects.count()) == before


def test_the_row_equals_what_the_ledger_says_after_a_whole_life(office: Office) -> None:
    case, _ = drive_to_archive(office.world, office.world.register())
    assert facts_text(rebuilt_facts(case)) == facts_text(facts_of(case))
    assert (case.state_category, case.due_at, case.is_late) == ("archived", None, False)


def test_refusing_opens_the_next_round_and_keeps_the_first(office: Office) -> None:
    world = office.world
    case = world.register()
    for verb in ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell"):
        case = world.do(case, verb)
    case = world.do(case, "refuse")
    assert case.round == 2
    rounds = [event.data["round"] for event in events_of(case.chain) if event.kind in ("tell", "refuse")]
    assert rounds == [1, 2]


def test_two_numbers_are_never_the_same(office: Office) -> None:
    numbers = [office.world.register().number for _ in range(5)]
    assert len(set(numbers)) == 5


def test_a_known_caller_is_recognised_by_telephone_and_name(office: Office) -> None:
    first = office.world.register(complainant_name="韩梅梅", complainant_phone="13911110000")
    again = office.world.register(complainant_name="韩梅梅", complainant_phone="+86 139-1111-0000")
    other = office.world.register(complainant_name="韩大梅", complainant_phone="13911110000")
    assert again.complainant_id == first.complainant_id
    assert other.complainant_id != first.complainant_id


def test_linking_tells_both_cases_and_counts(office: Office) -> None:
    world = office.world
    one, two = world.register(), world.register()
    for verb in ("accept", "confirm"):
        one = world.do(one, verb)
    linked = world.do(one, "link", linked_case=two.number)
    assert facts_of(linked).value("linked_cases") == 1
    assert [link.other_id for link in two.links.all()] == [one.pk]


def test_linking_a_case_that_does_not_exist_is_refused_at_the_field(office: Office) -> None:
    world = office.world
    one = world.do(world.register(), "accept")
    with pytest.raises(InvalidData) as refused:
        world.do(one, "link", linked_case="KD000000-00000")
    assert [error.code for error in refused.value.errors] == ["no_such_case"]
    assert Case.objects.get(pk=one.pk).version == one.version
