"""The page of one case: its story, its evidence, what is missing, and two people on it at once."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from amends.apps.cases.evidence import attach
from amends.apps.cases.models import Case, Draft, EvidenceFile, Presence
from amends.apps.cases.presence import LASTS
from amends.apps.cases.previews import make_preview
from amends.apps.people.models import AccessEntry
from amends.core.policy.base import Title
from amends.web.case.beside import forms_of
from tests.pages import in_words, text_of
from tests.web.staff import on_page, signed_in
from tests.world import PICTURE, DeskWorld, open_world, publish_shipped

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
MOST_QUERIES = 20


@pytest.fixture
def supervisor(desk) -> Client:
    return signed_in(desk, "cs_supervisor")


def queries(client: Client, address: str) -> int:
    """How many queries a page takes; the least of three, for what is kept in memory is looked up again every few seconds."""
    return min(_queries_once(client, address) for _ in range(3))


def _queries_once(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def with_file(desk: DeskWorld, case: Case, name: str = "现场照片.png", **values: Any) -> EvidenceFile:
    """A file on the case, with its preview."""
    owner = desk.person("cs_supervisor").actor_id
    found = desk.upload(owner, name=name)
    attach([found], case=case, owner=owner, now=timezone.now(), **values)
    file = EvidenceFile.objects.get(pk=found)
    make_preview(file, now=timezone.now())
    return file


def noted(desk: DeskWorld, case: Case, times: int) -> Case:
    for _ in range(times):
        case = desk.do(case, "note", by="cs_supervisor")
    return case


def entries_in(page: str) -> list[int]:
    """The numbers of the events that a page or a part of it tells, as they stand there."""
    return [int(number) for number in re.findall(r'id="e(\d+)"', page)]


# The story


def test_the_page_takes_the_same_number_of_queries_for_few_and_many_events_and_files(desk, supervisor):
    case = noted(desk, desk.register(), 1)
    address = f"/cases/{case.number}/"
    with_file(desk, case)
    few = queries(supervisor, address), queries(supervisor, f"{address}?tab=evidence")
    noted(desk, case, 16)
    for n in range(3):
        with_file(desk, case, f"照片{n}.png")
    assert (queries(supervisor, address), queries(supervisor, f"{address}?tab=evidence")) == few
    assert few[0] <= MOST_QUERIES


def test_a_long_story_folds_and_what_was_folded_comes_on_request(desk, supervisor):
    case = noted(desk, desk.register(), 30)
    address = f"/cases/{case.number}/"
    page = supervisor.get(address).content.decode()
    stretch = re.search(r"\?from=(\d+)&to=(\d+)", page)
    assert stretch and len(entries_in(page)) <= 12
    folded = supervisor.get(f"{address}?from={stretch[1]}&to={stretch[2]}", headers=HTMX).content.decode()
    first, last = int(stretch[1]), int(stretch[2])
    assert entries_in(folded) == list(range(last, first - 1, -1))
    assert len(entries_in(supervisor.get(f"{address}?show=all").content.decode())) == 31


def test_quiet_entries_in_a_row_are_one_line_and_contacts_are_not_quiet(desk, supervisor):
    case = noted(desk, desk.register(), 3)
    case = desk.do(case, "promise", by="cs_supervisor")
    page = supervisor.get(f"/cases/{case.number}/").content.decode()
    assert entries_in(page) == [5, 1]
    assert "展开其间 3 条" in page


@pytest.mark.parametrize(
    ("show", "seen"), [("contacts", [3, 1]), ("decisions", [4, 1]), ("clock", [3]), ("all", [4, 3, 2, 1])]
)  # fmt: skip
def test_the_story_is_filtered(desk, supervisor, show, seen):
    case = noted(desk, desk.register(), 1)
    case = desk.do(desk.do(case, "promise", by="cs_supervisor"), "accept")
    part = supervisor.get(f"/cases/{case.number}/?show={show}", headers=HTMX).content.decode()
    assert entries_in(part) == seen
    assert ("开始计时" in part) == (show == "clock")


def test_a_refusal_stands_beside_the_proposal_that_it_answers(desk, supervisor):
    case = desk.register()
    for verb in ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell"):
        case = desk.do(case, verb)
    case = desk.do(case, "refuse")
    case = desk.do(case, "propose")
    page = supervisor.get(f"/cases/{case.number}/").content.decode()
    panel = page[page.index('aria-labelledby="rounds-title"') : page.index('aria-labelledby="story-title"')]
    rounds = [in_words(part) for part in panel.split('<div class="round">')[1:]]
    assert ["客户不接受结果" in part for part in rounds] == [True, False]
    assert "尚未表态" in rounds[1]


def test_every_minute_is_explained_by_a_click_and_on_a_page_of_its_own(desk, supervisor):
    case = desk.register()
    page = supervisor.get(f"/cases/{case.number}/").content.decode()
    asked = re.search(r'hx-get="(/cases/[^"]+/clocks/\?clock=[^"]+)"', page)
    assert asked
    part = text_of(supervisor.get(asked[1], headers=HTMX))
    assert "到期" in part
    assert part in text_of(supervisor.get(f"/cases/{case.number}/clocks/"))
    assert "不在计时" in text_of(supervisor.get(f"/cases/{case.number}/clocks/?clock=none", headers=HTMX))


def test_the_glance_says_what_the_customer_was_promised_and_who_spoke_last(desk, supervisor):
    case = desk.register()
    assert "最后发言：我方" in text_of(supervisor.get(f"/cases/{case.number}/"))
    desk.now += timedelta(minutes=1)
    case = desk.do(case, "add_information")
    assert "最后发言：客户" in text_of(supervisor.get(f"/cases/{case.number}/"))
    desk.now += timedelta(minutes=1)
    # Sooner than any other word to the customer is due, at whatever time of the day the test runs.
    desk.do(case, "promise", by="cs_supervisor", promised_reply_at=(desk.now + timedelta(minutes=10)).isoformat())
    after = text_of(supervisor.get(f"/cases/{case.number}/"))
    assert "已承诺" in after and "最后发言：我方" in after


def test_conformity_is_told_clause_by_clause_with_what_shows_it(desk, supervisor):
    case = desk.do(desk.register(), "accept")
    page = supervisor.get(f"/cases/{case.number}/?tab=conformity").content.decode()
    clause = next(
        c for c in desk.pack.clauses if c.id in {i for t in desk.pack.lifecycle.with_verb("accept") for i in t.clause}
    )
    assert clause.id in page and clause.title in page
    assert f'href="/cases/{case.number}/?show=all#e2"' in page
    assert supervisor.get(f"/cases/{case.number}/?tab=nonsense").status_code == 404


def test_a_verb_that_is_not_ready_says_what_is_missing_and_links_to_it():
    now = timezone.now()
    publish_shipped(("market",), now=now)
    world = open_world("market", now=now)
    case = world.do(world.register(weight="major"), "judge", validity="upheld")
    page = signed_in(world, "cs_agent").get(f"/cases/{case.number}/").content.decode()
    notes = page.split('class="acts-notes"')[1].split("</header>")[0]
    assert "致歉记录" in notes
    assert reverse("act", args=[case.number, "contact"]) in notes
    assert f'href="{reverse("act", args=[case.number, "dispatch"])}"' not in page


# Evidence


def test_evidence_is_looked_at_as_a_picture_of_ours_and_that_is_noted(desk, supervisor):
    case = desk.register()
    first, second = with_file(desk, case), with_file(desk, case, "外箱.png")
    look = supervisor.get(reverse("look", args=[case.number, first.pk])).content.decode()
    picture = reverse("picture", args=[case.number, first.pk, 1])
    assert picture in look and first.sha256 in look and reverse("look", args=[case.number, second.pk]) in look
    response = supervisor.get(picture)
    shown = b"".join(response.streaming_content)
    assert response["Content-Type"] == "image/jpeg" and shown.startswith(b"\xff\xd8") and shown != PICTURE
    assert response["Content-Security-Policy"].startswith("sandbox")
    looks = AccessEntry.objects.filter(object__startswith="evidence:")
    assert list(looks.values_list("action", "object")) == [("view", f"evidence:{first.pk}")]
    supervisor.get(reverse("picture", args=[case.number, first.pk, 0]))
    assert looks.count() == 1
    assert supervisor.get(reverse("picture", args=[case.number, first.pk, 2])).status_code == 404


def test_older_versions_of_a_file_are_folded_under_the_newest(desk, supervisor):
    case = desk.register()
    old = with_file(desk, case, "合同.png")
    new = with_file(desk, case, "合同（盖章）.png", supersedes=str(old.pk))
    page = supervisor.get(f"/cases/{case.number}/?tab=evidence").content.decode()
    assert page.count('class="gallery-picture"') == 1
    assert page.index(str(new.pk)) < page.index("1 个旧版本") < page.rindex(str(old.pk))


def test_what_has_no_preview_says_why(desk, supervisor):
    case = desk.register()
    file = with_file(desk, case)
    file.preview.delete()
    assert "预览正在生成" in text_of(supervisor.get(f"/cases/{case.number}/?tab=evidence"))
    assert supervisor.get(reverse("picture", args=[case.number, file.pk, 0])).status_code == 404


# Two people at once


def test_somebody_who_fills_in_a_form_is_seen_by_others_until_it_expires(desk, supervisor, monkeypatch):
    case = desk.register()
    address = reverse("presence", args=[case.number])
    other = signed_in(desk, "cs_agent")
    name = desk.person("cs_supervisor").name
    sentence = f"{name} 正在填写“添加备注”"
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    assert sentence not in text_of(supervisor.post(address, {"doing": "note"}))
    assert sentence in text_of(other.post(address))
    assert sentence in text_of(other.get(f"/cases/{case.number}/"))
    later = now + LASTS + timedelta(seconds=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert sentence not in text_of(other.post(address))


def test_presence_ends_when_the_form_is_closed_or_sent_and_looking_writes_nothing(desk, supervisor):
    case = desk.register()
    address = reverse("presence", args=[case.number])
    supervisor.post(address)
    with CaptureQueriesContext(connection) as seen:
        supervisor.post(address)
    assert not [q for q in seen if q["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert len([q for q in seen if "cases_presence" in q["sql"]]) == 1
    supervisor.post(address, {"doing": "note"})
    supervisor.post(address, {"done": "yes"})
    assert not Presence.objects.exists()
    supervisor.post(address, {"doing": "note"})
    field = next(f.id for f in desk.pack.forms["note"].fields if f.type == "long_text")
    supervisor.post(reverse("act", args=[case.number, "note"]), {"_version": case.version, field: "已核对运单。"})
    assert not Presence.objects.exists()


def test_an_older_page_is_told_that_the_case_moved_on(desk, supervisor):
    case = desk.register()
    address = reverse("presence", args=[case.number])
    assert "个案刚有更新" not in text_of(supervisor.post(address, {"version": case.version}))
    noted(desk, case, 1)
    assert "个案刚有更新" in text_of(supervisor.post(address, {"version": case.version}))


def test_an_outdated_form_shows_both_texts_side_by_side_and_can_be_sent_again(desk, supervisor):
    case = desk.register()
    address = reverse("act", args=[case.number, "note"])
    field = next(f.id for f in desk.pack.forms["note"].fields if f.type == "long_text")
    seen = on_page(supervisor.get(address), "_version")
    desk.do(case, "note", by="cs_agent", **{field: "同事先写了这一句。"})
    response = supervisor.post(address, {"_version": seen, field: "我写的这一句不能丢。"})
    mine, theirs = re.findall(r"<section aria-labelledby=.*?</section>", response.content.decode(), re.DOTALL)
    assert response.status_code == 409
    assert "我写的这一句不能丢。" in in_words(mine)
    said = in_words(theirs)
    assert "同事先写了这一句。" in said and desk.person("cs_agent").name in said
    again = {"_version": on_page(response, "_version"), field: "我写的这一句不能丢。"}
    assert supervisor.post(address, again).status_code == 302
    assert [e.version for e in Case.objects.all()] == [3]


def test_what_was_typed_into_a_form_that_is_no_longer_open_is_kept_as_a_draft(desk, supervisor):
    case = desk.do(desk.register(), "accept")
    address = reverse("act", args=[case.number, "confirm"])
    form = desk.pack.forms[next(t.form for t in desk.pack.lifecycle.with_verb("confirm"))]
    field = next(f.id for f in form.fields if f.type in ("text", "long_text"))
    desk.do(case, "confirm")
    typed = {"_version": case.version, field: "已与客户核对。", "occurred_at": "2026-03-05T10:30"}
    response = supervisor.post(address, typed)
    page = response.content.decode()
    assert "2026年3月5日 10:30" in in_words(page)
    assert response.status_code == 409
    assert "已与客户核对。" in page and "复制我的内容" in page and reverse("act", args=[case.number, "note"]) in page
    assert "%E5%B7%B2%E4%B8%8E" in Draft.objects.get().content


def test_the_first_button_leads_on_whatever_the_pack_lists_first(desk, supervisor):
    case = desk.register()
    way = "accept confirm grade dispatch sign_in investigate conclude propose tell agree carry_out"
    for verb in way.split():
        case = desk.do(case, verb)
    page = supervisor.get(reverse("case", args=[case.number])).content.decode()
    assert re.findall(r'btn-primary" href="[^"]*/do/(\w+)/', page) == ["follow_up"]
    assert page.index("/do/follow_up/") < page.index("/do/refuse/")


def test_forms_stand_in_the_order_in_which_they_were_filled_in_last():
    pack = SimpleNamespace(forms={name: SimpleNamespace(id=name, title=name) for name in ("grading", "report")})
    began = timezone.now()
    events = [
        SimpleNamespace(data={"form": name}, at=began + timedelta(hours=hours), seq=hours)
        for hours, name in enumerate(("grading", "report", "grading"))
    ]
    assert [(title, event.seq) for title, event in forms_of(events, pack)] == [("report", 1), ("grading", 2)]


def test_what_a_customer_does_is_told_of_them_once():
    role = Title(**{"zh-Hans": "客户", "en": "customer"})
    entry = SimpleNamespace(actor="complainant:7", actor_name="", role=role, deputy_for="")
    assert in_words(render_to_string("case/_who.html", {"entry": entry})).strip() == "客户"
