"""The intake page: registered once, nothing typed lost, and a number to read out."""

from __future__ import annotations

import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from amends.apps.cases.drafts import save_draft
from amends.apps.cases.models import Case, CaseLink, Draft, EvidenceFile
from amends.web.drafts import views
from amends.web.intake.done import grouped
from tests.pages import text_of
from tests.web.staff import contact, on_page, only_case, signed_in
from tests.world import PICTURE

pytestmark = pytest.mark.django_db
TOKEN = "0123456789abcdef0123456789abcdef"


def page_of(response):
    return html.unescape(response.content.decode())


def test_a_contact_is_registered_and_its_number_is_read_out(desk, officer):
    response = officer.post("/intake/", contact(desk))
    assert response.status_code == 302, response.content.decode()[:3000]
    case = only_case()
    assert response["Location"] == f"/intake/done/{case.number}/"
    assert case.subject == "外箱破损"
    done = text_of(officer.get(response["Location"]))
    assert f"您的编号是 {case.number}" in done
    assert " ".join(grouped(case.number)) in done
    assert "前处理完毕。" in done
    assert f"打印《{desk.pack.forms['complaint_record'].printed.title.zh_hans}》" in done


@pytest.mark.parametrize(
    ("number", "groups"),
    [
        ("KD202611-00007", ["KD", "2026", "11", "00007"]),
        ("KS20261127-00042", ["KS", "2026", "1127", "00042"]),
        ("投诉2026/123456789", ["投诉", "2026", "123", "456", "789"]),
    ],
)
def test_a_number_is_grouped_as_it_is_read_out(number, groups):
    assert grouped(number) == groups


def test_the_page_that_is_read_out_is_for_whoever_may_see_the_case(desk, officer):
    number = desk.register(by="intake_officer").number
    assert officer.get(f"/intake/done/{number}/").status_code == 200
    assert signed_in(desk, "employee").get(f"/intake/done/{number}/").status_code == 404
    assert officer.get("/intake/done/KD000000-00001/").status_code == 404
    assert Client().get(f"/intake/done/{number}/").status_code == 302


def test_nothing_typed_is_lost_when_something_is_wrong(desk, officer):
    bad = contact(desk, complainant_phone="12", **{"demands-1-text": "书面道歉"})
    bad["_upload-evidence_files"] = SimpleUploadedFile("现场.png", PICTURE)
    response = officer.post("/intake/", bad)
    page = response.content.decode()
    assert response.status_code == 422
    assert "不是有效的电话号码" in page
    for typed in ("顾晓彤", 'value="12"', "外箱破损", "外箱压瘪，内件受潮。", "赔偿运费", "书面道歉", "现场.png"):
        assert typed in page
    kept = EvidenceFile.objects.get()
    again = contact(desk, evidence_files=str(kept.pk))
    assert on_page(response, "evidence_files") == str(kept.pk)
    assert officer.post("/intake/", again).status_code == 302
    kept.refresh_from_db()
    assert kept.case == only_case()


def test_what_was_typed_for_another_kind_comes_back_with_it(desk, officer):
    suggestion = next(kind for kind, v in desk.pack.channels.kinds.items() if not v.counts or "suggest" in kind)
    away = officer.post("/intake/", {**contact(desk), "_kind": suggestion, "_redraw": "1"})
    assert away.status_code == 200
    assert on_page(away, "_kept-concerns_parcel") == "no"


def test_sending_the_same_form_twice_makes_one_case(desk, officer):
    token = on_page(officer.get("/intake/"), "_token")
    first = officer.post("/intake/", contact(desk, _token=token))
    second = officer.post("/intake/", contact(desk, _token=token))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1


# Files


@override_settings(EVIDENCE_MESSAGE_BYTES=64 * 1024)
def test_a_file_that_is_far_too_big_is_dropped_by_name_and_everything_else_is_kept(desk, officer):
    files = [
        SimpleUploadedFile("监控录像.mp4", b"x" * 200_000),
        SimpleUploadedFile("现场.png", PICTURE),
    ]
    response = officer.post("/intake/", {**contact(desk), "_upload-evidence_files": files})
    page = page_of(response)
    assert response.status_code == 422
    assert "文件“监控录像.mp4”超过 20 MB，无法上传" in page
    assert "外箱压瘪，内件受潮。" in page
    assert [file.name for file in EvidenceFile.objects.all()] == ["现场.png"]


@override_settings(EVIDENCE_MESSAGE_BYTES=64 * 1024, LARGEST_READ_BYTES=128 * 1024)
def test_what_stands_before_an_endless_file_is_kept_and_the_rest_is_not_read(desk, officer):
    body = {**contact(desk), "_upload-evidence_files": SimpleUploadedFile("监控录像.mp4", b"x" * 400_000)}
    response = officer.post("/intake/", body)
    assert response.status_code == 422
    assert "监控录像.mp4" in page_of(response) and "外箱压瘪，内件受潮。" in page_of(response)


def test_of_five_hundred_files_the_first_ten_are_kept_and_the_page_says_so(desk, officer):
    files = [SimpleUploadedFile(f"照片{n}.png", PICTURE) for n in range(500)]
    response = officer.post("/intake/", {**contact(desk), "_upload-evidence_files": files})
    assert response.status_code == 422
    assert "一次最多 10 个文件，另外 490 个没有上传（照片10.png、照片11.png、照片12.png …）" in page_of(response)
    assert EvidenceFile.objects.count() == 10
    assert page_of(response).count("不提交 照片") == 10


# Drafts


def saved(officer, desk, *, token=TOKEN, **more):
    return officer.post("/drafts/", {**contact(desk), "_place": f"intake:{token}", **more})


def test_a_draft_is_kept_offered_and_forgotten_once_sent(desk, officer):
    assert "草稿已保存" in saved(officer, desk).content.decode()
    offered = text_of(officer.get("/intake/"))
    assert "您有 1 份没有提交的草稿" in offered and "外箱破损" in offered
    restored = officer.get(f"/intake/?draft={TOKEN}")
    assert on_page(restored, "_token") == TOKEN
    assert "外箱压瘪，内件受潮。" in page_of(restored) and "赔偿运费" in page_of(restored)
    sent = officer.post("/intake/", contact(desk, _token=TOKEN))
    assert not Draft.objects.exists()
    assert officer.get(f"/intake/?draft={TOKEN}")["Location"] == sent["Location"]


def test_what_was_sent_and_refused_is_a_draft_at_once(desk, officer):
    empty = officer.post("/intake/", {"_desk": desk.desk.code, "_token": "f" * 32})
    refused = officer.post("/intake/", contact(desk, _token=TOKEN, subject=""))

    assert (empty.status_code, refused.status_code) == (422, 422)
    assert Draft.objects.get().place == f"intake:{TOKEN}"
    assert "外箱压瘪，内件受潮。" in page_of(officer.get(f"/intake/?draft={TOKEN}"))


def test_what_a_page_saves_after_it_was_sent_is_no_draft(desk, officer):
    officer.post("/intake/", contact(desk, _token=TOKEN))
    saved(officer, desk)
    assert not Draft.objects.exists()


def test_what_is_still_being_saved_while_the_form_is_sent_is_no_draft(desk, officer, monkeypatch):
    """Both wait for the database, the form gets it first: a draft of what is registered already asks for a second case."""

    def save_once_it_is_sent(**draft):
        officer.post("/intake/", contact(desk, _token=TOKEN))
        return save_draft(**draft)

    monkeypatch.setattr(views, "save_draft", save_once_it_is_sent)
    saved(officer, desk)
    assert (Case.objects.count(), Draft.objects.count()) == (1, 0)


def test_two_forms_side_by_side_are_two_drafts(desk, officer):
    saved(officer, desk)
    saved(officer, desk, token="f" * 32, subject="另一件事")
    assert "您有 2 份没有提交的草稿" in text_of(officer.get("/intake/"))


def test_two_windows_on_one_draft_do_not_write_over_each_other(desk, officer):
    first = saved(officer, desk, _writer="left", description="左边窗口写的")
    saved(officer, desk, _writer="right", _seen=first["Draft-Saved"], description="右边窗口写的")
    refused = saved(officer, desk, _writer="left", _seen=first["Draft-Saved"], description="左边又写了")
    assert refused.status_code == 409
    assert "另一个窗口" in refused.content.decode()
    assert "右边窗口写的" in page_of(officer.get(f"/intake/?draft={TOKEN}"))
    saved(officer, desk, token=refused["Draft-Token"], _writer="left", description="左边又写了")
    assert Draft.objects.count() == 2


def test_nobody_gets_the_draft_of_another(desk, officer):
    saved(officer, desk)
    other = signed_in(desk, "cs_supervisor")
    assert "没有提交的草稿" not in other.get("/intake/").content.decode()
    assert "外箱压瘪" not in other.get(f"/intake/?draft={TOKEN}").content.decode()


# Linking


def test_the_new_case_is_linked_to_the_one_that_was_ticked(desk, officer):
    earlier = desk.register()
    response = officer.post("/intake/", contact(desk, _link=earlier.number))
    case = Case.objects.exclude(pk=earlier.pk).get()
    assert response["Location"] == f"/intake/done/{case.number}/"
    assert CaseLink.objects.filter(case=case, other=earlier).exists()


def test_a_link_to_nowhere_holds_nothing_up(desk, officer):
    assert officer.post("/intake/", contact(desk, _link="KD-000")).status_code == 302
    assert not CaseLink.objects.exists()


# The page


def test_the_page_fits_the_kind(desk, officer):
    page = page_of(officer.post("/intake/", {**contact(desk), "_kind": "internal_complaint", "_redraw": "1"}))
    assert "您的身份不会让被投诉的人或部门知道。" in page
    assert "快件单号" not in page
    advised = page_of(officer.post("/intake/proposals/", {**contact(desk), "_kind": "internal_complaint"}))
    assert "内部投诉不计入客户投诉统计" in advised
    assert "先听客户讲完，不要打断" in advised


def test_a_section_that_asks_for_nothing_is_folded_until_something_stands_in_it(desk, officer):
    assert 'data-section="投诉对象"' in page_of(officer.get("/intake/"))
    filled = {**contact(desk), "target": "partner", "_redraw": "1"}
    assert 'data-section="投诉对象"' not in page_of(officer.post("/intake/", filled))


def test_backdating_needs_the_right_and_a_reason(desk, officer):
    supervisor = signed_in(desk, "cs_supervisor")
    without = supervisor.post("/intake/", contact(desk, _received_at="2026-01-05T09:00"))
    assert without.status_code == 422 and "补录理由" in page_of(without)
    given = supervisor.post(
        "/intake/", contact(desk, _received_at="2026-01-05T09:00", _backdate_reason="系统停机时手工登记")
    )
    assert given.status_code == 302
    assert only_case().received_at.isoformat() == "2026-01-05T01:00:00+00:00"


@pytest.mark.parametrize("role", ["cs_agent", "cs_supervisor"])
def test_without_the_right_to_backdate_the_page_does_not_offer_it(desk, role):
    offers = "补录：客户在此之前已经反映" in signed_in(desk, role).get("/intake/").content.decode()
    assert offers is ("backdate" in desk.pack.roles.roles[role].may)
