"""Archive packages: what lies in them, who gets them, how they are checked without the product, and when they go."""

import hashlib
import io
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amends.apps.cases.evidence import evidence_of, open_evidence
from amends.apps.cases.models import ArchivePackage
from amends.apps.cases.packages import MOST_WAITING, expire_packages
from amends.apps.ledger.checkpoints import make_checkpoints
from amends.apps.ledger.models import Event
from amends.apps.people.models import AccessEntry, Membership
from tests.papers.reading import text_of_pdf
from tests.web.staff import signed_in

pytestmark = pytest.mark.django_db
State = ArchivePackage.State


@pytest.fixture
def courier(archive, monkeypatch):
    """The courier's desk with its archived case, at a moment that the test may move."""
    found = archive["express"]
    moved = replace(found, world=replace(found.world, callers=[], wishes={}))
    monkeypatch.setattr("django.utils.timezone.now", lambda: moved.world.now)
    return moved


def asks(client, case, **data):
    return client.post(f"/cases/{case.number}/package/", data)


def works():
    call_command("worker", "--once", "--no-schedule", stdout=io.StringIO())


def downloaded(client, *, in_full=False):
    package = ArchivePackage.objects.get(whole=None, in_full=in_full)
    response = client.get(f"/archive/packages/{package.pk}/")
    assert response.status_code == 200
    content = b"".join(response.streaming_content)
    assert hashlib.sha256(content).hexdigest() == package.sha256
    return zipfile.ZipFile(io.BytesIO(content))


def test_a_package_holds_papers_evidence_and_hashes_of_everything(courier):
    supervisor = signed_in(courier.world, "cs_supervisor")

    answered = asks(supervisor, courier.case)
    assert (answered.status_code, answered["Location"]) == (302, "/archive/packages/")
    works()
    package = downloaded(supervisor)

    names = package.namelist()
    assert {
        "00-封面与卷内目录.pdf",
        "01-办理过程.pdf",
        "表单/01-客户投诉记录表.pdf",
        "核对/核对.py",
        "说明.txt",
        "SHA256SUMS",
    } <= set(names)
    records = [name for name in names if name.startswith("记录/")]
    assert len(records) == len([e for e in courier.file("export").entries if e.form_id])
    file = evidence_of(courier.case).first()
    with open_evidence(file) as kept:
        assert package.read(f"证据材料/01-{file.name}") == kept.read()
    sums = dict(reversed(line.split("  ", 1)) for line in package.read("SHA256SUMS").decode().splitlines())
    assert set(sums) == set(names) - {"SHA256SUMS"}
    assert all(hashlib.sha256(package.read(name)).hexdigest() == sums[name] for name in sums)


def test_a_package_hides_personal_data_unless_all_is_asked_for_with_a_reason(courier):
    supervisor = signed_in(courier.world, "cs_supervisor")

    asks(supervisor, courier.case)
    works()
    masked = downloaded(supervisor)
    refused = asks(supervisor, courier.case, in_full="yes", reason=" ")
    asks(supervisor, courier.case, in_full="yes", reason="随卷移交")
    works()
    full = downloaded(supervisor, in_full=True)

    record = next(name for name in full.namelist() if name.startswith("表单/") and "客户投诉记录表" in name)
    assert refused.status_code == 422
    assert "欧＊＊" in text_of_pdf(masked.read(record)) and "欧阳雪梅" in text_of_pdf(full.read(record))
    notes = masked.read("核对/事件.jsonl").decode()
    assert "欧阳雪梅" not in notes and "13912345678" not in notes


def test_the_proof_is_checked_by_a_program_of_its_own_and_shows_what_was_changed(courier, tmp_path):
    supervisor = signed_in(courier.world, "cs_supervisor")
    make_checkpoints(courier.world.now)
    asks(supervisor, courier.case)
    works()
    downloaded(supervisor).extractall(tmp_path)

    def checked():
        return subprocess.run(
            [sys.executable, "-I", "核对/核对.py"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    whole = checked()
    assert (whole.returncode, "核对无误" in whole.stdout) == (0, True), whole.stdout + whole.stderr
    signed = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "核对/公钥.pem", "-rawin", "-in", "核对/存证点.txt",
         "-sigfile", "核对/存证点.sig"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert signed.returncode == 0, signed.stdout + signed.stderr

    events = tmp_path / "核对" / "事件.jsonl"
    events.write_text(events.read_text("utf-8").replace("2026-03-02T", "2026-03-03T", 1), "utf-8")
    (tmp_path / "01-办理过程.pdf").unlink()
    broken = checked()
    assert broken.returncode == 1
    assert "第 1 条事件：内容与哈希不符" in broken.stdout and "01-办理过程.pdf：缺少" in broken.stdout


def test_events_that_their_reader_may_not_read_are_given_by_their_hashes(courier, monkeypatch):
    from amends.doors.papers.proof import proof_of

    file = courier.file("export")
    assert b'"payload"' in proof_of(file, made_at="")["核对/事件.jsonl"]
    monkeypatch.setattr(courier.case, "hides_reporter", True)
    file.actor = replace(file.actor, roles=frozenset())

    lines = proof_of(file, made_at="")["核对/事件.jsonl"].decode().splitlines()

    assert lines and all('"payload"' not in line and '"actor"' not in line for line in lines)


def test_only_with_the_right_and_only_what_may_be_seen(courier):
    officer, outsider = signed_in(courier.world, "intake_officer"), Client()

    assert asks(officer, courier.case).status_code == 403
    assert officer.post("/cases/KD000000-00000/package/").status_code == 404
    assert asks(outsider, courier.case).status_code == 401
    assert not ArchivePackage.objects.exists()


def test_a_package_belongs_to_its_maker_and_is_gone_after_a_week(courier):
    supervisor, quality = signed_in(courier.world, "cs_supervisor"), signed_in(courier.world, "quality_manager")
    asks(supervisor, courier.case)
    works()
    package = ArchivePackage.objects.get()

    assert quality.get(f"/archive/packages/{package.pk}/").status_code == 404
    assert courier.case.number not in quality.get("/archive/packages/").content.decode()
    assert default_storage.exists(package.location)

    courier.world.now += timedelta(days=7, minutes=1)
    assert signed_in(courier.world, "cs_supervisor").get(f"/archive/packages/{package.pk}/").status_code == 404
    assert expire_packages(now=courier.world.now) == 1
    assert not default_storage.exists(package.location)


def test_whoever_lost_the_right_gets_neither_the_package_nor_a_new_one(courier):
    supervisor = signed_in(courier.world, "cs_supervisor")
    asks(supervisor, courier.case)
    works()
    asks(supervisor, courier.case)
    made = ArchivePackage.objects.get(state=State.MADE)

    Membership.objects.filter(person=courier.world.person("cs_supervisor")).delete()
    works()

    assert supervisor.get(f"/archive/packages/{made.pk}/").status_code == 404
    assert ArchivePackage.objects.get(made_at=None).state == State.FAILED


def test_asking_and_downloading_are_noted_and_stand_on_the_chain_of_the_desk(courier):
    supervisor = signed_in(courier.world, "cs_supervisor")
    asks(supervisor, courier.case, reason="年度检查")
    works()
    downloaded(supervisor)

    noted = AccessEntry.objects.filter(action__in=("export", "download")).order_by("pk").values_list("action", "reason")
    assert list(noted) == [("export", "年度检查"), ("download", "年度检查")]
    event = Event.objects.filter(kind="archive_exported").latest("seq")
    assert event.data["cases"] == [courier.case.number]


def test_evidence_that_is_not_as_it_was_handed_in_is_packed_nowhere(courier):
    supervisor = signed_in(courier.world, "cs_supervisor")
    evidence_of(courier.case).update(sha256="0" * 64)
    asks(supervisor, courier.case)
    works()

    assert ArchivePackage.objects.get().state == State.FAILED
    assert "未能打包" in supervisor.get("/archive/packages/").content.decode()


def test_a_month_is_packed_with_a_package_for_each_file(courier):
    supervisor, month = signed_in(courier.world, "cs_supervisor"), f"{courier.case.archived_on:%Y-%m}"

    answered = supervisor.post("/archive/package/", {"desk": "express", "month": month})
    works()
    whole = downloaded(supervisor)

    assert answered.status_code == 302
    inner = zipfile.ZipFile(io.BytesIO(whole.read(f"{courier.case.number}-档案包.zip")))
    assert "00-封面与卷内目录.pdf" in inner.namelist()
    assert courier.case.number in whole.read("目录.txt").decode()
    parts = ArchivePackage.objects.exclude(whole=None)
    assert [(part.state, part.location) for part in parts] == [(State.EXPIRED, "")]


def test_a_month_beyond_the_limit_is_refused_with_its_figures(courier, monkeypatch):
    monkeypatch.setattr("amends.apps.cases.packages.MOST_CASES", 0)
    supervisor, month = signed_in(courier.world, "cs_supervisor"), f"{courier.case.archived_on:%Y-%m}"

    too_much = supervisor.post("/archive/package/", {"desk": "express", "month": month})
    nothing = supervisor.post("/archive/package/", {"desk": "express", "month": "2019-01"})

    assert (too_much.status_code, nothing.status_code) == (422, 422)
    assert "共 1 件" in too_much.content.decode() and "没有您可以导出" in nothing.content.decode()
    assert supervisor.post("/archive/package/", {"desk": "express", "month": "2026"}).status_code == 422


def test_nobody_has_more_than_twenty_waiting(courier):
    supervisor = signed_in(courier.world, "cs_supervisor")
    answers = [asks(supervisor, courier.case).status_code for _ in range(MOST_WAITING + 1)]

    assert answers == [302] * MOST_WAITING + [429]


# The archive page


def test_the_archive_shows_shelves_categories_and_until_when_a_file_is_kept(courier):
    supervisor, number = signed_in(courier.world, "cs_supervisor"), courier.case.number
    day = courier.case.archived_on

    page = supervisor.get("/archive/").content.decode()
    month = supervisor.get("/archive/", {"archived_in": f"{day:%Y-%m}"}).content.decode()
    another = supervisor.get("/archive/", {"archived_in": "2019-01"}).content.decode()

    assert number in page
    for year in (day.year, day.year + 3):
        assert f"{year}年{day.month}月{day.day}日" in page
    assert number in month and "打包" in month
    assert number not in another and "没有符合条件的案卷" in another
    assert f"/cases/{number}/do/reopen/" in page


def test_the_archive_is_searched_without_words_in_the_address(courier):
    supervisor, number = signed_in(courier.world, "cs_supervisor"), courier.case.number

    led = supervisor.post("/archive/search/", {"desk": "express", "text": number})
    found = supervisor.get(led["Location"]).content.decode()
    elsewhere = supervisor.post("/archive/search/", {"desk": "express", "text": "没有这样的词"})

    assert number not in led["Location"] and number in found
    assert "没有符合条件的案卷" in supervisor.get(elsewhere["Location"]).content.decode()


def test_the_archive_is_closed_to_those_whose_roles_do_not_open_it(courier):
    assert signed_in(courier.world, "intake_officer").get("/archive/").status_code == 403
    assert signed_in(courier.world, "cs_supervisor").get("/archive/", {"desk": "nowhere"}).status_code == 404
    assert signed_in(courier.world, "cs_supervisor").get("/archive/", {"secret": "x"}).status_code == 422


def test_the_archive_takes_the_same_number_of_queries_for_one_and_three_files(courier):
    supervisor = signed_in(courier.world, "cs_supervisor")

    def queries():
        supervisor.get("/archive/")
        with CaptureQueriesContext(connection) as seen:
            assert supervisor.get("/archive/").status_code == 200
        return len(seen)

    one = queries()
    _copies_of(courier.case)
    assert queries() == one <= 20


def _copies_of(case):
    """Two more archived rows: the list reads nothing else of them."""
    from uuid import uuid4

    from amends.apps.cases.models import Case
    from amends.apps.ledger.models import Chain

    for n in range(2):
        chain = Chain.objects.create(kind="case", key=f"case:copy-{n}")
        copy = Case.objects.get(pk=case.pk)
        copy.pk, copy.chain, copy.number = uuid4(), chain, f"{case.number}-{n}"
        copy.save(force_insert=True)
