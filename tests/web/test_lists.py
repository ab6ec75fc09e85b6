"""Lists, counts and the completeness check, asked as pages and API ask them."""

import pytest

from amends.apps.cases.callers import Asked, cases_before
from amends.apps.cases.listing import SORTS, queue
from amends.apps.cases.models import Case
from amends.apps.reporting.queries import counts, gaps
from amends.core.refusals import InvalidData
from amends.jobs.rehearsal import drive_to_archive


@pytest.fixture
def viewer(desk):
    return desk.viewer("cs_supervisor")


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_is_paged_without_gap_or_repeat(desk, viewer, sort):
    cases = [desk.register() for _ in range(5)]
    if sort == "archived":  # an order of archived files alone
        cases = [drive_to_archive(desk, case)[0] for case in cases]
    numbers = sorted(case.number for case in cases)
    seen, cursor = [], None
    while True:
        page = queue(viewer, {} if sort == "archived" else {"status": "open"}, sort, cursor, 2)
        seen += [case.number for case in page.cases]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == numbers


def test_urgent_cases_stand_first_in_the_order_of_priority(desk, viewer):
    desk.register()
    urgent = desk.do(desk.register(), "mark_urgent", by="cs_supervisor")
    assert queue(viewer, {}).cases[0].number == urgent.number


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"filters": {"complainant__name": "x"}}, "/complainant__name"),
        ({"filters": {"late": "perhaps"}}, "/late"),
        ({"filters": {"department": "1 OR 1=1"}}, "/department"),
        ({"filters": {"received_from": "2026-02-31"}}, "/received_from"),
        ({"filters": {}, "sort": "facts"}, "/sort"),
        ({"filters": {}, "cursor": "bm90IGEgY3Vyc29y"}, "/cursor"),
        ({"filters": {}, "size": 10**9}, "/size"),
        ({"filters": {}, "size": -1}, "/size"),
    ],
)
def test_what_is_not_on_offer_is_refused_at_its_place(viewer, asked, pointer):
    with pytest.raises(InvalidData) as refusal:
        queue(viewer, **asked)
    assert [error.pointer for error in refusal.value.errors] == [pointer]


def test_a_cursor_of_another_order_is_refused(desk, viewer):
    for _ in range(3):
        desk.register()
    cursor = queue(viewer, {}, "due", None, 1).next_cursor
    with pytest.raises(InvalidData):
        queue(viewer, {}, "received", cursor, 1)


def test_a_case_is_found_by_its_number_and_by_its_words(desk, viewer):
    case = desk.register(subject="外箱破损内件受潮")
    other = desk.register(subject="快件延误五天")
    for text in ("破损", "内件受潮", case.number, case.number.lower()):
        assert [found.number for found in queue(viewer, {"text": text}).cases] == [case.number], text
    assert len(queue(viewer, {"text": ""}).cases) == 2
    assert other.number not in [found.number for found in queue(viewer, {"text": "破损"}).cases]


def test_the_completeness_check_lists_exactly_what_nobody_would_move(desk, viewer):
    whole, left, timeless = (desk.register() for _ in range(3))
    handler = desk.person("department_head", "delivery_operations")
    Case.objects.filter(pk__in=[whole.pk, timeless.pk]).update(handler=desk.person("cs_agent"))
    Case.objects.filter(pk=left.pk).update(handler=handler)
    Case.objects.filter(pk=timeless.pk).update(due_at=None)
    type(handler).objects.filter(pk=handler.pk).update(is_active=False)
    found = {gap.case.number: gap.reasons for gap in gaps(viewer)}
    assert found == {left.number: ("owner_left",), timeless.number: ("no_due",)}


def test_what_does_not_count_as_a_complaint_is_counted_apart(desk, viewer):
    kinds = desk.pack.channels.kinds
    apart = next(name for name, kind in kinds.items() if not kind.counts and not kind.internal)
    desk.register()
    desk.register(kind=apart)
    assert [counts(viewer, desk.desk, by="kind", counted=flag).total for flag in (True, False)] == [1, 1]
    with pytest.raises(InvalidData):
        counts(viewer, desk.desk, by="complainant")


def test_somebody_is_recognised_by_their_number_in_any_spelling(desk, viewer):
    case = desk.register(complainant_phone="13800138000", complainant_email=None)
    assert [one.case.number for one in cases_before(viewer, Asked(phone="+86 138 0013 8000")).of_caller] == [
        case.number
    ]
    assert cases_before(viewer, Asked(phone="13900139000")).of_caller == []
    assert cases_before(viewer, Asked(name="赵")).of_caller == []
