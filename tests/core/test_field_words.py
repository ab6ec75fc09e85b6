"""What forms work out from periods and records: minutes, days that are missing, and one signature."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from amends.core.facts import CaseFacts, by_week
from amends.core.form_data import Reading, compute, read_form
from amends.core.policy.forms import Computed, Field, Form

NOW = datetime(2026, 3, 9, 1, tzinfo=UTC)


def title(text):
    return {"zh-Hans": text, "en": text}


def week(*, working_week=True):
    days = {"rows": "entries", "day": "entry_day", "since": "first", "until": "last", "working_week": working_week}
    rows = {
        "id": "entries", "title": title("entries"), "type": "rows", "fields": [{"id": "entry_day", "title": title("day"), "type": "date"}],
        "from_records": {"form": "log", "day": "log_date", "since": "first", "until": "last", "takes": {"entry_day": "log_date"}},
    }  # fmt: skip
    dates = [{"id": name, "title": title(name), "type": "date"} for name in ("first", "last")]
    missing = {"id": "missing", "title": title("missing"), "type": "computed", "computed": {"days_without": days}}
    return Form.model_validate({"id": "week", "title": title("week"), "fields": [*dates, rows, missing]})


def read(form, is_working=by_week, before=None, **data):
    class Head:
        zone = "Asia/Shanghai"

    class Pack:
        head = Head()

    return read_form(
        form, data, Reading(pack=Pack(), facts=CaseFacts(values=before or {}, is_working=is_working), now=NOW)
    )


def entries(*days):
    return [{"entry_day": f"2026-03-{day:02}"} for day in days]


def test_days_without_names_the_days_that_no_row_has():
    read_in = read(week(), first="2026-03-02", last="2026-03-08", entries=entries(2, 3, 6))
    assert read_in.codes["missing"] == "2026-03-04、2026-03-05"
    whole = read(week(working_week=False), first="2026-03-06", last="2026-03-08", entries=entries(6))
    assert whole.codes["missing"] == "2026-03-07、2026-03-08"


def test_days_of_a_working_week_are_those_of_the_calendar():
    holiday, in_its_place = date(2026, 3, 5), date(2026, 3, 7)

    def is_working(day):
        return day == in_its_place or (day != holiday and by_week(day))

    read_in = read(week(), is_working, first="2026-03-02", last="2026-03-08", entries=entries(2, 3, 6))
    assert read_in.codes["missing"] == "2026-03-04、2026-03-07"


def test_days_without_is_empty_for_a_full_period_and_one_that_is_not_known():
    assert "missing" not in read(week(), first="2026-03-02", last="2026-03-03", entries=entries(2, 3)).codes
    assert "missing" not in read(week(), first="2026-03-02").codes


def test_a_full_week_asks_nothing_about_the_days_that_an_earlier_week_missed():
    asked = {
        "id": "why", "title": title("why"), "type": "long_text", "required": True, "when": {"fact": "missing", "given": True}
    }  # fmt: skip
    form = week().model_copy(update={"fields": (*week().fields, Field.model_validate(asked))})
    full = {"first": "2026-03-02", "last": "2026-03-03", "entries": entries(2, 3)}
    assert read(form, before={"missing": "2026-02-27"}, **full).errors == []
    assert [e.pointer for e in read(form, **{**full, "entries": entries(2)}).errors] == ["/why"]


def test_minutes_between_may_be_negative_and_are_unknown_while_one_moment_is():
    rule = Computed(minutes_between=("agreed", "left"))
    known = CaseFacts(values={"agreed": "2026-03-02T05:00:00Z", "left": "2026-03-02T04:30:00Z"})
    assert compute(rule, known) == -30
    assert compute(rule, CaseFacts(values={"left": "2026-03-02T04:30:00Z"})) is None


@pytest.mark.parametrize(("given", "codes"), [(["a" * 32], []), (["a" * 32, "b" * 32], ["one_signature"]), (None, [])])
def test_a_signature_is_one_picture(given, codes):
    form = Form.model_validate(
        {"id": "f", "title": title("f"), "fields": [{"id": "signed", "title": title("s"), "type": "signature"}]}
    )
    assert [error.code for error in read(form, signed=given).errors] == codes


def test_only_rows_are_drawn_up_and_only_with_their_own_columns():
    rule = {"form": "log", "day": "d", "since": "a", "until": "b", "takes": {"x": "d"}}
    for shape in ({"type": "text"}, {"type": "rows", "fields": [{"id": "y", "title": title("y"), "type": "text"}]}):
        with pytest.raises(ValidationError, match="drawn up from records"):
            Field.model_validate({"id": "rows", "title": title("rows"), "from_records": rule, **shape})


def test_what_lies_beneath_is_asked_after_the_own_facts_and_before_what_lies_behind():
    behind = CaseFacts(values={"visit_open": 9, "other": 1})
    facts = CaseFacts(values={"own": 2}, beneath={"visit_open": 0}, behind=behind)
    assert [facts.value(name) for name in ("own", "visit_open", "other")] == [2, 0, 1]
    assert facts.with_values({"new": 3}).value("visit_open") == 0
    assert "beneath" not in facts.as_data()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("text", "请填写“%(field)s”。"),
        ("date", "请填写“%(field)s”。"),
        ("choice", "请选择“%(field)s”。"),
        ("yes_no", "请选择“%(field)s”。"),
        ("department", "请选择“%(field)s”。"),
        ("files", "请上传“%(field)s”。"),
        ("signature", "请在“%(field)s”处签名。"),
    ],
)
def test_a_missing_answer_is_asked_for_as_it_is_given(kind, expected):
    options = [{"id": "a", "title": title("a")}] if kind == "choice" else []
    form = Form.model_validate(
        {
            "id": "one",
            "title": title("one"),
            "fields": [{"id": "it", "title": title("it"), "type": kind, "required": True, "options": options}],
        }
    )

    errors = read(form).errors

    assert [(e.pointer, e.code, e.sentence) for e in errors] == [("/it", "required", expected)]


def share(most):
    fields = [
        {"id": kind, "title": title(kind), "type": kind, "minimum": 1, "maximum": most}
        for kind in ("number", "decimal")
    ]
    return Form.model_validate({"id": "shares", "title": title("shares"), "fields": fields})


@pytest.mark.parametrize("typed", ["60%", "60 %", "６０％", "60"])
def test_a_figure_up_to_a_hundred_may_be_written_with_a_per_cent_sign(typed):
    assert read(share(100), number=typed, decimal=typed).codes == {"number": 60, "decimal": "60"}


def test_any_other_figure_takes_no_per_cent_sign():
    refused = read(share(5), number="3%", decimal="3%")
    assert [error.code for error in refused.errors] == ["bad_number", "bad_decimal"]
