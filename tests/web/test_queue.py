"""The queue: queries, columns, news, saved and shared views, and one verb for several cases."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from amends.apps.cases.models import Case
from amends.apps.ledger.models import Event
from amends.apps.lists.models import Habit, SavedView
from amends.apps.people.models import Person
from amends.core.queue_order import Band
from amends.doors.wording import within_a_sentence
from tests.web.staff import on_page, signed_in

QUEUE = "/queue/?tab=all"


@pytest.fixture
def supervisor(desk):
    return signed_in(desk, "cs_supervisor")


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_the_queue_takes_the_same_number_of_queries_for_one_case_and_many(desk, supervisor):
    desk.register()
    everything = f"{QUEUE}&late=no&department=none&received_from=2020-01-01&level=none"
    few = [queries(supervisor, address) for address in (QUEUE, everything)]
    for _ in range(4):
        desk.register()
    assert [queries(supervisor, address) for address in (QUEUE, everything)] == few
    assert max(few) <= 14


def test_whose_turn_it_is_reads_as_a_sentence(desk, supervisor):
    case = desk.register()
    role = desk.pack.roles.roles[desk.pack.lifecycle.states[case.state].waits_for].title
    assert f"等待{role.zh_hans}<" in supervisor.get(QUEUE).content.decode()
    supervisor.post("/language/", {"language": "en", "next": "/"})
    assert f"Waiting for: {role.en}<" in supervisor.get(QUEUE).content.decode()
    with override("en"):
        assert [within_a_sentence(text) for text in ("Intake officer", "HR officer")] == [
            "intake officer",
            "HR officer",
        ]


def test_every_filter_in_use_is_shown_in_words_and_can_be_taken_away(desk, supervisor):
    desk.register()
    page = supervisor.get(f"{QUEUE}&late=no&level=none&missed=first_response").content.decode()
    chips = re.findall(r'chip-off" href="([^"]+)"', page)
    assert len(chips) == 3
    assert all(len(re.findall("late=|level=|missed=", address)) == 2 for address in chips)
    assert "尚未定级" in page


def test_a_day_in_use_is_said_as_people_write_it(desk, supervisor):
    page = supervisor.get(f"{QUEUE}&received_from=2026-11-01").content.decode()

    assert "2026年11月1日" in page


def test_a_queue_without_cases_offers_to_register_the_first(desk):
    page = signed_in(desk, "intake_officer").get(QUEUE).content.decode()
    list_without_cases = page[page.index("这里还没有个案") :]

    assert 'href="/intake/"' in list_without_cases


def test_the_archive_shows_no_column_that_only_open_cases_fill(desk, supervisor):
    archived = desk.register()
    Case.objects.filter(pk=archived.pk).update(state_category="archived", band=Band.AT_REST, archived_at=desk.now)

    page = supervisor.get("/queue/?tab=archive").content.decode()

    assert ">最近到期</th>" not in page


def test_the_archive_says_when_each_case_was_archived(desk, supervisor):
    archived = desk.register()
    Case.objects.filter(pk=archived.pk).update(state_category="archived", band=Band.AT_REST, archived_at=desk.now)

    page = supervisor.get("/queue/?tab=archive").content.decode()

    assert ">归档时间</th>" in page
    assert "今天" in page[page.index('class="only-small">归档时间') :]
    assert ">归档时间</th>" not in supervisor.get(QUEUE).content.decode()


def test_columns_are_remembered_for_a_person_and_unknown_ones_are_not(desk, supervisor):
    desk.register()
    assert ">渠道</th>" not in supervisor.get(QUEUE).content.decode()
    supervisor.post("/queue/columns/", {"column": ["channel", "due", "facts"], "next": QUEUE})
    page = supervisor.get(QUEUE).content.decode()
    assert ">渠道</th>" in page and ">状态</th>" not in page
    assert Habit.objects.get().columns == "due,channel"
    assert ">渠道</th>" not in signed_in(desk, "cs_agent").get(QUEUE).content.decode()


# What changed since the last look


def test_what_others_changed_since_the_last_look_is_marked_and_counted(desk, supervisor):
    case, quiet = desk.register(), desk.register()
    Case.objects.update(changed_at=timezone.now())
    supervisor.post("/queue/seen/", {"at": (desk.now + timedelta(minutes=1)).isoformat()})
    Habit.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    Case.objects.filter(pk=quiet.pk).update(changed_at=timezone.now() - timedelta(hours=1))
    page = supervisor.get(QUEUE)
    assert {row["number"] for row in page.context["rows"] if row["is_changed"]} == {case.number}
    poll = re.search(r'data-poll="([^"]+)"', page.content.decode()).group(1).replace("&amp;", "&")
    assert supervisor.get(poll).json() == {"count": 0}
    Case.objects.filter(pk=quiet.pk).update(changed_at=timezone.now() + timedelta(seconds=5))
    assert supervisor.get(poll).json() == {"count": 1}
    Case.objects.filter(pk=quiet.pk).update(changed_by=desk.person("cs_supervisor").actor_id)
    assert supervisor.get(poll).json() == {"count": 0}


def test_nobody_has_seen_what_is_yet_to_come(desk, supervisor):
    supervisor.post("/queue/seen/", {"at": (timezone.now() + timedelta(days=3)).isoformat()})
    assert Habit.objects.get().seen_at <= timezone.now()
    seen_at = Habit.objects.get().seen_at
    supervisor.post("/queue/seen/", {"at": "2020-01-01T00:00:00+00:00"})
    assert Habit.objects.get().seen_at == seen_at


# Views


def save(client, **fields):
    return client.post("/queue/views/", {"title": "超时", "query": "tab=all&late=yes", **fields})


def test_a_view_is_ones_own_until_it_is_shared(desk, supervisor):
    answer = save(supervisor)
    assert supervisor.get(answer["Location"]).status_code == 200
    assert "超时</a>" in supervisor.get("/queue/").content.decode().replace("\n", "")
    agent = signed_in(desk, "cs_agent")
    assert "view-line" not in agent.get("/queue/").content.decode()
    key = SavedView.objects.get().pk
    assert agent.post(f"/queue/views/{key}/drop/").status_code == 404
    save(supervisor, audience=f"desk:{desk.desk.pk}")
    assert "view-line" in agent.get("/queue/").content.decode()
    assert agent.post(f"/queue/views/{key}/drop/").status_code == 404
    assert supervisor.post(f"/queue/views/{key}/drop/").status_code == 302
    assert not SavedView.objects.exists()


def test_sharing_needs_the_right_and_reaches_only_those_who_work_there(desk):
    agent = signed_in(desk, "cs_agent")
    answer = save(agent, audience=f"desk:{desk.desk.pk}")
    assert not SavedView.objects.exists()
    assert "需要相应权限" in agent.get(answer["Location"]).content.decode()
    save(signed_in(desk, "cs_supervisor"), audience=f"desk:{desk.desk.pk}")
    stranger = signed_in(desk, "employee")
    assert "view-line" not in stranger.get("/queue/").content.decode()


def test_a_view_keeps_filters_and_neither_words_nor_what_is_unknown(desk, supervisor):
    save(supervisor, query="tab=all&late=yes&text=13800138000&evil=1&sort=due&changed_since=2026-01-01")
    assert SavedView.objects.get().query == "tab=all&late=yes&sort=due"


@pytest.mark.parametrize("title", ["", "  ", "长" * 41, "a\x00b"])
def test_a_view_without_a_fitting_name_is_refused_in_words(desk, supervisor, title):
    answer = save(supervisor, title=title)
    assert not SavedView.objects.exists()
    assert "名称" in supervisor.get(answer["Location"]).content.decode()


# One verb for several cases


def preview(client, verb, *cases):
    return client.post("/queue/bulk/", {"verb": verb, "case": [case.number for case in cases], "next": QUEUE})


def sent(client, page, verb, **fields):
    """Send the form of a preview with its hidden fields."""
    html = page.content.decode()
    versions = dict(re.findall(r'name="(version-[^"]+)" value="(\d+)"', html))
    numbers = [name.removeprefix("version-") for name in versions]
    data = {"verb": verb, "case": numbers, "_token": on_page(page, "_token"), "_send": "1", **versions, **fields}
    return client.post("/queue/bulk/", data)


def test_a_note_is_added_to_each_of_several_cases_on_its_own(desk, supervisor):
    cases = [desk.register() for _ in range(3)]
    page = preview(supervisor, "note", *cases)
    assert page.status_code == 200 and page.content.decode().count("可以办理") >= 3
    done = sent(supervisor, page, "note", note_text="统一回访安排在周五。")
    assert "办成 3 件，未办 0 件。" in done.content.decode()
    assert Event.objects.filter(kind="note").count() == 3
    again = sent(supervisor, page, "note", note_text="统一回访安排在周五。")
    assert again.status_code == 200
    assert Event.objects.filter(kind="note").count() == 3


def test_the_preview_says_which_cases_do_not_allow_it_and_why(desk, supervisor):
    fresh, dispatched = desk.register(), desk.register()
    for verb in ("accept", "confirm", "grade", "dispatch"):
        dispatched = desk.do(dispatched, verb)
    page = preview(supervisor, "urge", fresh, dispatched).content.decode()
    assert "将办理 1 件" in page
    assert "不能催办" in page


def test_a_case_that_somebody_changed_meanwhile_is_left_and_the_others_are_done(desk, supervisor):
    stale, other = desk.register(), desk.register()
    page = preview(supervisor, "note", other, stale)
    desk.do(stale, "note", by="cs_agent")
    done = sent(supervisor, page, "note", note_text="周五前处理。").content.decode()
    assert "办成 1 件，未办 1 件。" in done
    assert "已被他人更新" in done
    assert Event.objects.filter(kind="note", chain=other.chain).count() == 1


def test_a_wrong_form_comes_back_before_anything_is_done(desk, supervisor):
    cases = [desk.register(), desk.register()]
    answer = sent(supervisor, preview(supervisor, "note", *cases), "note", note_text="")
    assert answer.status_code == 422
    assert "请填写" in answer.content.decode()
    assert not Event.objects.filter(kind="note").exists()


def test_cases_outside_the_own_scope_are_not_there(desk):
    hidden = desk.register()
    outsider = Person.objects.create_person(username="outsider", name="外人")
    client = signed_in(desk, "cs_agent")
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    answer = preview(client, "note", hidden)
    assert answer.status_code == 404
    assert hidden.subject not in answer.content.decode()


@pytest.mark.parametrize("verb", ["close", "register", "nonsense", ""])
def test_only_verbs_that_say_the_same_of_every_case_are_taken(desk, supervisor, verb):
    case = desk.register()
    assert preview(supervisor, verb, case).status_code == 409
    assert Case.objects.get(pk=case.pk).version == case.version


def test_the_preview_takes_the_same_number_of_queries_for_few_and_many_cases(desk, supervisor):
    cases = [desk.register() for _ in range(5)]

    def count(chosen):
        with CaptureQueriesContext(connection) as seen:
            preview(supervisor, "note", *chosen)
        return len(seen)

    count(cases)
    assert count(cases[:1]) == count(cases)
