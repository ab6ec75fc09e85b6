import datetime as dt
import json

import pytest
from pydantic import ValidationError

from amends.core.calendars import CalendarError, compose_calendar, days_that_differ, read_region_year
from amends.core.policy.clock_rules import PackCalendar
from tests.core.clock_cast import PACK_CALENDAR, at, china, china_years


def year(number: int, *days: dict, region: str = "CN") -> object:
    names = {"festival": {"zh-Hans": "节", "en": "festival"}}
    return read_region_year({"region": region, "year": number, "holidays": names, "days": list(days)})


def test_every_published_day_agrees_with_the_notices(real_data):
    calendar, seen = china(), set()
    for path in sorted((real_data / "holiday_cn").glob("*.json")):
        for day in json.loads(path.read_text(encoding="utf-8"))["days"]:
            date = dt.date.fromisoformat(day["date"])
            assert calendar.is_working(date) == (not day["isOffDay"]), date
            assert calendar.kind_of(date) == ("holiday" if day["isOffDay"] else "makeup"), date
            seen.add(date)
    assert {path.year for path in china_years()} == set(range(2007, 2027))
    ordinary = dt.date(2007, 1, 1)
    while ordinary < dt.date(2027, 1, 1):
        if ordinary not in seen:
            assert calendar.is_working(ordinary) == (ordinary.weekday() < 5), ordinary
        ordinary += dt.timedelta(1)


def test_the_shared_years_hold_the_days_of_the_notices_and_no_others(real_data):
    for known in china_years():
        given = json.loads((real_data / "holiday_cn" / f"{known.year}.json").read_text(encoding="utf-8"))
        assert {(day.date.isoformat(), day.closed is not None) for day in known.days} == {
            (day["date"], day["isOffDay"]) for day in given["days"]
        }
        assert list(known.sources) == given["papers"]


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        # Spring Festival: the last working days before and the make-up days around.
        ("2020-01-17T10:00", 3, "2020-01-21T18:00"),  # Sunday the 19th is worked
        ("2020-01-22T10:00", 3, "2020-02-04T18:00"),  # prolonged to 2 February
        ("2021-02-05T10:00", 3, "2021-02-09T18:00"),  # Sunday the 7th is worked
        ("2021-02-10T10:00", 3, "2021-02-20T18:00"),  # and so is Saturday the 20th
        ("2022-01-28T10:00", 3, "2022-02-07T18:00"),  # both days of the weekend before are worked
        ("2023-01-20T10:00", 3, "2023-01-30T18:00"),
        ("2024-02-08T10:00", 3, "2024-02-19T18:00"),  # Friday the 9th was worked by the notice, Sunday 18th too
        ("2025-01-24T10:00", 3, "2025-02-05T18:00"),
        ("2026-02-13T17:50", 3, "2026-02-25T18:00"),
        # National Day.
        ("2020-09-30T10:00", 1, "2020-10-09T18:00"),
        ("2020-09-30T10:00", 3, "2020-10-12T18:00"),  # Saturday 10 October is worked
        ("2021-09-30T10:00", 2, "2021-10-09T18:00"),
        ("2022-09-30T10:00", 3, "2022-10-10T18:00"),
        ("2023-09-28T10:00", 3, "2023-10-09T18:00"),
        ("2024-09-30T10:00", 3, "2024-10-10T18:00"),
        ("2025-09-30T10:00", 2, "2025-10-10T18:00"),
        ("2025-09-30T10:00", 3, "2025-10-11T18:00"),  # a Saturday
        ("2026-09-30T10:00", 3, "2026-10-10T18:00"),  # a Saturday
        # Labour Day and the turn of the year.
        ("2024-04-28T10:00", 3, "2024-05-06T18:00"),
        ("2018-12-28T10:00", 2, "2019-01-02T18:00"),  # 31 December off by the notice for 2019
        ("2022-12-30T10:00", 1, "2023-01-03T18:00"),
    ],
)
def test_working_days_across_chinese_holidays(start, n, due):
    assert china().add_working_days(at(start), n) == at(due)


def test_a_make_up_saturday_has_the_hours_of_a_working_day():
    assert china().spans_on(dt.date(2026, 2, 14)) == china().spans_on(dt.date(2026, 2, 12))
    assert china().name_of(dt.date(2026, 2, 14)) == {"zh-Hans": "春节", "en": "Spring Festival"}


def test_hours_that_ignore_holidays_work_through_them_and_are_never_provisional():
    assert china("service").is_working(dt.date(2026, 2, 17))
    assert not china("service").leans_on_unpublished_year(at("2030-01-01T00:00"), at("2030-02-01T00:00"))


@pytest.mark.parametrize(
    ("start", "end", "provisional"),
    [
        ("2026-03-02T09:00", "2026-03-06T18:00", False),
        ("2026-12-24T09:00", "2026-12-28T18:00", False),
        ("2026-12-28T09:00", "2026-12-31T18:00", True),  # the notice for 2027 may still move 31 December
        ("2025-12-29T09:00", "2025-12-31T18:00", False),
        ("2026-12-30T09:00", "2027-01-05T18:00", True),
        ("2027-03-01T09:00", "2027-03-02T18:00", True),
        ("2006-03-01T09:00", "2006-03-02T18:00", True),
    ],
)
def test_what_leans_on_a_year_without_a_notice_is_provisional(start, end, provisional):
    assert china().leans_on_unpublished_year(at(start), at(end)) is provisional


def test_an_unpublished_year_counts_weekends_only():
    assert china().add_working_days(at("2027-09-30T10:00"), 1) == at("2027-10-01T18:00")


def test_a_file_may_list_days_of_the_year_before():
    years = [year(2018), year(2019, {"date": "2018-12-31", "closed": "festival"})]
    calendar = compose_calendar(PACK_CALENDAR, "office", years, tzdata_version="t")
    assert not calendar.is_working(dt.date(2018, 12, 31))


def test_years_that_disagree_or_come_twice_are_refused():
    first = year(2018, {"date": "2018-12-31", "open": "festival"})
    second = year(2019, {"date": "2018-12-31", "closed": "festival"})
    with pytest.raises(CalendarError, match="disagree"):
        compose_calendar(PACK_CALENDAR, "office", [first, second], tzdata_version="t")
    with pytest.raises(CalendarError, match="twice"):
        compose_calendar(PACK_CALENDAR, "office", [first, first], tzdata_version="t")


@pytest.mark.parametrize(
    "days",
    [
        [{"date": "2026-01-01"}],
        [{"date": "2026-01-01", "closed": "festival", "open": "festival"}],
        [{"date": "2026-01-01", "closed": "nobody_knows"}],
        [{"date": "2026-01-01", "closed": "festival"}, {"date": "2026-01-01", "closed": "festival"}],
        [{"date": "2020-01-01", "closed": "festival"}],
        [{"date": "2026-01-01", "closed": "festival", "why": "?"}],
    ],
)
def test_a_holiday_file_with_a_defect_is_refused(days):
    with pytest.raises(ValidationError):
        year(2026, *days)


def test_the_version_changes_with_anything_that_decides_a_date():
    def version(years=None, hours="office", tzdata="1"):
        return compose_calendar(PACK_CALENDAR, hours, years or china_years(), tzdata_version=tzdata).version

    versions = [version(), version(china_years()[:-1]), version(hours="service"), version(tzdata="2")]
    assert len(set(versions)) == 4
    assert version() == version(tuple(reversed(china_years())))


def test_loading_a_year_tells_which_days_differ():
    before = compose_calendar(PACK_CALENDAR, "office", china_years()[:-1], tzdata_version="1")
    differing = days_that_differ(before, china())
    assert differing == sorted(day.date for day in china_years()[-1].days)


def test_a_company_may_close_or_open_on_days_of_its_own():
    pack = PackCalendar.model_validate(
        {
            "zone": "Asia/Shanghai",
            "region": "CN",
            "hours": {
                "office": {
                    "week": {"mon-fri": ["09:00-18:00"], "sat": ["09:00-12:00"]},
                    "makeup": ["09:00-17:00"],
                    "days": [
                        {"date": "2026-03-06", "closed": True, "title": {"zh-Hans": "厂庆", "en": "founding day"}},
                        {"date": "2026-03-08", "hours": ["09:00-10:00", "14:00-15:00"]},
                    ],
                }
            },
        }
    )
    calendar = compose_calendar(pack, "default", china_years(), tzdata_version="1")
    assert calendar.kind_of(dt.date(2026, 3, 6)) == "closed"
    assert calendar.name_of(dt.date(2026, 3, 6))["en"] == "founding day"
    assert calendar.add_working_time(at("2026-03-07T11:30"), 2 * 3600) == at("2026-03-08T14:30")
    assert calendar.spans_on(dt.date(2026, 2, 14)) == ((9 * 3600, 17 * 3600),)


@pytest.mark.parametrize(
    "hours",
    [
        {"week": {}},
        {"week": {"mon-fri": []}},
        {"week": {"fri-mon": ["09:00-18:00"]}},
        {"week": {"mon-fri": ["09:00-18:00"], "tue": ["09:00-18:00"]}},
        {"week": {"monday": ["09:00-18:00"]}},
        {"week": {"mon": ["09:00-12:00", "11:00-18:00"]}},
        {"week": {"mon": ["9-18"]}},
        {"week": {"mon": ["09:00"]}},
        {"week": {"mon": ["09:00-18:00"]}, "days": [{"date": "2026-01-01"}]},
    ],
)
def test_opening_hours_with_a_defect_are_refused(hours):
    with pytest.raises(ValidationError):
        PackCalendar.model_validate({"zone": "Asia/Shanghai", "hours": {"office": hours}})


def test_opening_hours_survive_the_trip_through_their_own_dump():
    assert PackCalendar.model_validate(PACK_CALENDAR.model_dump(mode="json")) == PACK_CALENDAR
