"""The workbench: counts that are their lists, the most urgent first, the same queries for few cases and many."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.filters import filtered
from amends.apps.cases.listing import queue
from amends.apps.cases.models import Case
from amends.apps.cases.projection import place_in_queue
from amends.apps.cases.queries import complainant_caller
from amends.apps.people.models import Person
from amends.apps.reporting.workbench import FIGURES, HANDLED, SCOPES, day_of, filters_of
from amends.core.queue_order import Band
from amends.web.templatetags.amends_words import DEFAULT_ZONE
from tests.web.staff import signed_in
from tests.world import PASSWORD


def placed(desk, case, **columns):
    """The case with columns as a sweep or a verb would have set them."""
    for name, value in columns.items():
        setattr(case, name, value)
    if "due_at" in columns:
        case.due_sort = case.due_at
    place_in_queue(case, desk.pack)
    case.save()
    return case


def a_busy_day(desk):
    """Cases of every sort: late, due soon, due much later, urgent, promised, spoken of by the customer, handled by us."""
    now, agent = desk.now, desk.person("cs_supervisor")
    for n in range(3):
        placed(desk, desk.register(), is_late=True, due_at=now - timedelta(hours=n + 1), handler=agent)
        placed(desk, desk.register(), due_at=now + timedelta(hours=n + 2))
        placed(desk, desk.register(), due_at=now + timedelta(days=9), urgent=True)
        soon = (desk.now + timedelta(minutes=30)).isoformat()
        promised = desk.do(desk.register(), "promise", by="cs_supervisor", promised_reply_at=soon)
        placed(desk, promised, customer_said_at=now)


def test_every_count_equals_the_list_that_it_opens(desk):
    a_busy_day(desk)
    for role, function in (("cs_supervisor", ""), ("department_head", "delivery_operations"), ("executive", "")):
        viewer = desk.viewer(role, function)
        day = day_of(viewer)
        for scope in SCOPES:
            for figure in FIGURES:
                listed = filtered(viewer, filters_of(scope, figure)).count()
                assert day.counts[scope][figure] == listed, (role, scope, figure)
        assert day.handled == filtered(viewer, HANDLED).count()
    counts = day_of(desk.viewer("cs_supervisor")).counts["all"]
    assert (counts["late"], counts["urgent"], counts["said"], counts["open"]) == (3, 3, 3, 12)


def test_every_number_of_the_page_opens_a_list_of_that_length(desk):
    a_busy_day(desk)
    client = signed_in(desk, "cs_supervisor")
    page = client.get("/?scope=all").content.decode()
    links = re.findall(r'<a class="tile[^"]*" href="([^"]+)">.*?tile-figure">(\d+)<', page)
    lists = [(address, count) for address, count in links if address.startswith("/queue/")]
    assert (len(links), len(lists)) == (8, 7)
    for address, count in lists:
        rows = client.get(address.replace("&amp;", "&")).context["rows"]
        assert len(rows) == int(count), address


def test_the_workbench_takes_the_same_number_of_queries_for_few_and_many_cases(desk):
    client = signed_in(desk, "cs_supervisor")
    a_busy_day(desk)
    few = queries(client, "/?scope=all")
    a_busy_day(desk)
    a_busy_day(desk)
    assert queries(client, "/?scope=all") == few
    assert few <= 20


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_a_day_without_cases_says_so_and_is_no_error(desk):
    page = signed_in(desk, "cs_supervisor").get("/").content.decode()
    assert "没有超时的个案，今天也没有到期的。" in page
    assert "没有未处理的客户回复。" in page


def test_the_own_cases_come_first_and_whoever_has_none_sees_what_is_visible(desk):
    case = desk.register()
    assert day_of(desk.viewer("executive")).first_scope == "all"
    placed(desk, case, handler=desk.person("executive"))
    assert day_of(desk.viewer("executive")).first_scope == "mine"


# What burns first


def test_a_late_case_stands_before_a_graded_one_and_the_ungraded_first_among_the_late(desk):
    now = desk.now
    serious = placed(desk, desk.register(), level="special", priority=1111, due_at=now + timedelta(days=1))
    late = placed(desk, desk.register(), level="general", priority=3333, is_late=True, due_at=now - timedelta(hours=1))
    ungraded = placed(desk, desk.register(), level="", is_late=True, due_at=now - timedelta(minutes=1))
    urgent = placed(desk, desk.register(), level="general", priority=3333, urgent=True, due_at=now + timedelta(days=1))
    fresh = placed(desk, desk.register(), level="", due_at=now + timedelta(days=1))
    shown = [case.number for case in queue(desk.viewer("cs_supervisor"), {"status": "open"}).cases]
    assert shown == [case.number for case in (urgent, ungraded, late, serious, fresh)]


def test_the_sweep_moves_a_case_that_became_late(desk):
    case = desk.register()
    assert Case.objects.get(pk=case.pk).band == Band.OPEN
    from amends.apps.cases.actions.sweep import sweep_due_cases

    sweep_due_cases(now=desk.now + timedelta(days=30))
    assert Case.objects.get(pk=case.pk).band == Band.LATE_UNGRADED


def test_what_a_customer_said_is_new_until_somebody_of_the_house_acts(desk):
    case = desk.register()
    assert Case.objects.get(pk=case.pk).customer_said_at is None
    verb = next(
        t for t in desk.pack.lifecycle.from_state(case.state) if "customer" in t.by and t.verb == "add_information"
    )
    form = desk.pack.forms[verb.form]
    text = next(f.id for f in form.fields if f.type == "long_text")
    wish = Wish(
        verb="add_information", data={text: "补充：外箱有脚印。"}, caller=complainant_caller(case), now=desk.now
    )
    perform(case, wish)
    viewer = desk.viewer("cs_supervisor")
    assert [c.number for c in queue(viewer, {"said": "yes"}).cases] == [case.number]
    desk.do(Case.objects.get(pk=case.pk), "note", by="cs_supervisor")
    assert queue(viewer, {"said": "yes"}).cases == []


def test_an_administrator_without_a_role_is_told_why_there_is_no_case(desk):
    root = Person.objects.create_person(username="root", name="管理员", password=PASSWORD, is_administrator=True)
    client = Client()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")

    workbench, queue = (client.get(address).content.decode() for address in ("/", "/queue/?tab=all"))

    assert "系统管理员不查看、不办理个案" in workbench and "tile-figure" not in workbench
    assert "您没有受理台的角色" in queue


def test_what_is_due_at_midnight_is_due_by_the_end_of_the_day_before(desk, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    midnight = now.astimezone(DEFAULT_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    placed(desk, desk.register(), due_at=midnight + timedelta(days=1))

    page = signed_in(desk, "cs_supervisor").get("/?scope=all").content.decode()

    assert "今天 24:00" in page
