"""What stands in single cells: boxes, amounts, dates, labels, signatures."""

import pytest

from amends.apps.cases.timeline import ShownValue
from amends.core.archive import kept_until
from amends.core.policy.printing import Printed
from amends.doors.papers.formats import LABEL_CHARACTERS, in_even_lines
from amends.doors.papers.making import blank_sheet, form_sheet
from amends.doors.papers.sheet import shared

pytestmark = pytest.mark.django_db


def cells_of(sheet, kind):
    return [cell for line in sheet.lines for cell in line.cells if cell.kind == kind]


def with_rows(archived, form, rows):
    printed = Printed.model_validate({"title": {"zh-Hans": "试印"}, "rows": rows})
    return archived.pack.forms[form].model_copy(update={"printed": printed})


def test_all_choices_are_shown_with_the_chosen_ticked_and_blank_ones_open(archive):
    here = archive["express"]
    form = with_rows(here, "complaint_record", [{"cells": ["class"]}])

    (filled,) = cells_of(form_sheet(here.file("print"), form), "boxes")
    (blank,) = cells_of(blank_sheet(here.pack, here.case.desk, form), "boxes")

    titles = [value.title.zh_hans for value in here.pack.grading.axis("class").values]
    assert [title for _, title in filled.choices] == [title for _, title in blank.choices] == titles
    assert (sum(ticked for ticked, _ in filled.choices), sum(ticked for ticked, _ in blank.choices)) == (1, 0)


def test_an_amount_stands_in_figures_and_capitals(archive):
    here = archive["express"]
    form = with_rows(here, "handling_plan", [{"cells": ["agreed_amount"]}])

    file, title = here.file("print"), here.pack.fields["agreed_amount"].title
    amount = ShownValue("agreed_amount", title, "money", {"minor": 128050, "currency": "CNY"})
    file.values = {**file.values, "agreed_amount": amount}

    (filled,) = cells_of(form_sheet(file, form), "value")
    (blank,) = cells_of(blank_sheet(here.pack, here.case.desk, form), "value")

    assert filled.text == "人民币1,280.50元（大写：壹仟贰佰捌拾元伍角整）"
    assert "人民币" in blank.text and "大写" in blank.text


def test_days_are_written_as_offices_write_them(archive):
    here = archive["express"]
    form = with_rows(here, "complaint_record", [{"cells": ["received_at"]}])

    (filled,) = cells_of(form_sheet(here.file("print"), form), "value")

    assert filled.text.startswith("2026年3月2日 09:")


def test_a_day_to_be_written_by_hand_gets_the_room_that_its_cell_has_on_one_line(archive):
    here = archive["express"]
    form = with_rows(here, "complaint_record", [{"cells": ["occurred_at"]}, {"cells": ["occurred_at"] * 3}])

    wide, *narrow = cells_of(blank_sheet(here.pack, here.case.desk, form), "value")

    assert wide.text == "　　　　年　　月　　日"
    assert [cell.text.strip("　") for cell in narrow] == ["年　月　日"] * len(narrow)
    assert all(len(cell.text) <= cell.span * LABEL_CHARACTERS for cell in narrow)


def test_whoever_did_a_verb_signs_with_the_day_and_the_rest_stays_open(archive):
    here = archive["express"]
    rows = [{"signature": [{"title": {"zh-Hans": "受理人"}, "verb": "register"}, {"zh-Hans": "检查人"}]}]
    form = with_rows(here, "complaint_record", rows)

    (line,) = cells_of(form_sheet(here.file("print"), form), "signatures")

    registered, checked = line.signers
    assert (bool(registered.name), registered.day) == (True, "2026年3月2日")
    assert (checked.name, checked.day) == ("", "　　　　年　　月　　日")


def test_a_table_has_at_least_the_rows_asked_for(archive):
    here = archive["express"]
    form = with_rows(here, "handling_plan", [{"cells": [{"field": "measures", "lines": 6}]}])

    sheet = blank_sheet(here.pack, here.case.desk, form)

    assert [line.is_head for line in sheet.lines] == [True, True, *[False] * 6]
    assert sheet.lines[1].is_repeated


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("联系电话", ["联系电话"]),
        ("客户姓名或单位", ["客户姓名", "或单位"]),
        ("投诉类别（初步）", ["投诉类别", "（初步）"]),
        ("审阅意见（负责人或授权人）", ["审阅意见", "（负责人或", "授权人）"]),
    ],
)
def test_long_labels_break_evenly(label, lines):
    assert in_even_lines(label, 4).split("\n") == lines


@pytest.mark.parametrize(("total", "weights"), [(22, [3, 5, 3, 5]), (20, [1]), (16, [1, 1]), (22, [6, 6, 6, 6, 6])])
def test_columns_are_dealt_out_without_rest(total, weights):
    spans = shared(total, weights)
    assert sum(spans) == total and min(spans) >= 1


def test_a_file_is_kept_for_the_years_of_its_policy(archive):
    from datetime import date

    assert kept_until(archive["express"].pack, date(2028, 2, 29)) == date(2031, 2, 28)
    assert kept_until(archive["market"].pack, date(2026, 3, 2)) is None


def test_what_did_not_apply_takes_no_room_on_a_form_that_was_handed_in(archive):
    here = archive["express"]
    form = here.pack.forms["investigation_report"]
    field = next(f for f in form.fields if f.when is not None and f.id not in here.file("print").values)
    rows = [
        {"heading": {"zh-Hans": "一、其他"}},
        {"cells": [field.id]},
        {"heading": {"zh-Hans": "二、事项"}},
        {"cells": ["subject"]},
    ]
    form = with_rows(here, "investigation_report", rows)

    filled, blank = form_sheet(here.file("print"), form), blank_sheet(here.pack, here.case.desk, form)

    assert (len(filled.lines), len(blank.lines)) == (2, 4)
    assert [cell.text for cell in cells_of(filled, "heading")] == ["二、事项"]


def test_room_is_kept_for_the_hand_and_not_for_what_is_printed(archive):
    here = archive["express"]
    form = with_rows(here, "complaint_record", [{"cells": [{"field": "description", "lines": 6}]}])

    (filled,) = cells_of(form_sheet(here.file("print"), form), "value")
    (blank,) = cells_of(blank_sheet(here.pack, here.case.desk, form), "value")

    assert (filled.lines, blank.lines) == (2, 6)
