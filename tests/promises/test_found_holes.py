"""Holes that a review found: every one has a test named after it, so that it stays shut."""

from __future__ import annotations

import pytest
from django.test import Client

from amends.apps.cases.actions.reveal import reveal_field
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import actor_in
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.cases.timeline import labels_of
from amends.apps.messaging.models import Notice
from amends.apps.people.actions import create_department
from amends.apps.people.models import Department, Person
from amends.core.facts import CaseFacts
from amends.core.form_data import Reading, read_form
from amends.core.policy.forms import Field, Form
from amends.core.refusals import NotPermitted
from amends.web.portal.opened import files_of_customer
from tests.doors import Api, Office, Staff
from tests.world import PASSWORD

PACKS = ("express", "market")
REPORTER = {"complainant_name": "赵铁柱", "complainant_phone": "13712345678"}
pytestmark = pytest.mark.django_db


def reported_internally(office: Office, by: str = "employee", **answers: object) -> str:
    """The number of an internal complaint about deliveries."""
    about = {"accused_department": office.department("delivery_operations"), **REPORTER}
    return office.api(by).registered(kind="internal_complaint", subject="排班不公", **{**about, **answers})


def head_of_handling_department(office: Office, number: str) -> Api:
    """The head of a department that the case is put to, who may see it but not who reported it."""
    head = office.world.person("department_head", "settlement")
    Case.objects.filter(number=number).update(department=head.department)
    found = office.of(head)
    assert found.get(f"cases/{number}").status_code == 200
    return found


def in_unit(person: Person, unit: Department | None) -> Person:
    """The person, belonging to another unit."""
    Person.objects.filter(pk=person.pk).update(department=unit)
    return Person.objects.get(pk=person.pk)


def sees(person: Person, number: str, office: Office) -> bool:
    return visible_to(Viewer(person=person, now=office.clock.now)).filter(number=number).exists()


def test_a_role_in_another_department_does_not_open_a_circle_to_a_role_that_sees_the_desk(office: Office):
    number = reported_internally(office)
    agent = office.api("cs_agent")

    office.also_holds(agent, "department_head", "branch_outlet")

    assert agent.get(f"cases/{number}").status_code == 404


def test_a_member_of_a_team_within_the_accused_department_does_not_see_the_case(office: Office):
    number = reported_internally(office)
    accused = office.world.organisation.departments["delivery_operations"]
    team = create_department(code="night-team", title="夜班组", parent=accused)
    supervisor = office.world.person("cs_supervisor")
    assert sees(supervisor, number, office)

    assert not sees(in_unit(supervisor, team), number, office)


def test_who_may_reveal_does_not_thereby_learn_who_a_hidden_reporter_is(office: Office):
    case = Case.objects.get(number=reported_internally(office))
    head, roles = office.world.person("department_head", "settlement"), frozenset({"department_head", "employee"})

    with pytest.raises(NotPermitted):
        reveal_field(case, "complainant_name", reason="想知道是谁", by=head, roles=roles, now=office.clock.now)


def test_events_do_not_name_a_hidden_reporter_by_number(office: Office):
    reporter = office.api("employee")
    number = reported_internally(office)

    events = head_of_handling_department(office, number).events(number)

    assert reporter.person.actor_id not in [event["actor"] for event in events]


def test_evidence_does_not_name_a_hidden_reporter(office: Office):
    reporter = office.api("employee")
    file = office.world.upload(reporter.person.actor_id)
    number = reported_internally(office, evidence_files=[file])

    shown = head_of_handling_department(office, number).read(f"cases/{number}/evidence")["evidence"]

    assert [one["given_by"] for one in shown] == [None]


def test_messages_do_not_show_the_address_of_a_hidden_reporter(office: Office):
    number = reported_internally(office)

    answered = head_of_handling_department(office, number).get(f"cases/{number}/messages")

    assert "137****5678" not in answered.content.decode()


def test_a_hidden_reporter_is_not_found_by_name_or_number_in_the_search(office: Office):
    number = reported_internally(office)
    head = head_of_handling_department(office, number)

    assert head.numbers(text="赵铁柱") == []
    assert head.numbers(text="13712345678") == []
    assert head.numbers(text="排班不公") == [number]


def test_a_hidden_reporter_is_not_found_while_a_contact_is_entered(office: Office):
    reported_internally(office)
    supervisor = Staff(office.world, "cs_supervisor")

    by_phone = supervisor.post("/intake/earlier/", {"complainant_phone": "13712345678"})
    by_name = supervisor.post("/intake/earlier/", {"complainant_name": "赵铁柱"})

    assert "排班不公" not in by_phone.content.decode() + by_name.content.decode()


def test_an_open_case_of_the_same_person_does_not_lead_to_the_one_that_hides_them(office: Office):
    hidden = reported_internally(office)
    shown = office.api("intake_officer").registered(**REPORTER, subject="包裹破损")
    assert Case.objects.get(number=shown).complainant_id == Case.objects.get(number=hidden).complainant_id

    page = Staff(office.world, "cs_supervisor").get(f"/cases/{shown}/")

    assert hidden not in page.content.decode()


def test_nobody_is_notified_of_a_case_that_is_closed_to_them(office: Office):
    number = reported_internally(office)
    office.clock.later(hours=30)
    office.work()

    told = Notice.objects.filter(case_number=number).select_related("person")

    assert [notice.person.username for notice in told if not sees(notice.person, number, office)] == []


def test_a_list_in_a_list_of_choices_is_a_fault_and_no_crash(office: Office):
    several = Field.model_validate(
        {"id": "what", "title": {"zh-Hans": "事项"}, "type": "choices", "options_from": "kinds"}
    )
    form = Form.model_validate({"id": "form", "title": {"zh-Hans": "表"}, "fields": [several]})
    reading = Reading(pack=office.world.pack, facts=CaseFacts(), now=office.clock.now)

    entered = read_form(form, {"what": [["complaint"], {}]}, reading)

    assert [(error.pointer, error.code) for error in entered.errors] == [("/what", "wrong_type")]


def test_a_field_without_a_name_does_not_break_the_intake(office: Office):
    answered = Staff(office.world, "intake_officer").post("/intake/", {"_kept-": "x", "_redraw": "1"})

    assert answered.status_code == 200


def test_a_draft_of_a_place_without_an_address_leads_to_the_intake(office: Office):
    answered = Staff(office.world, "intake_officer").post("/drafts/drop/", {"_place": "case:a/b:c/d"})

    assert (answered.status_code, answered["Location"]) == (302, "/intake/")


def test_a_token_that_acts_for_a_person_does_not_open_the_figures_of_all_desks(office: Office, settings):
    headers = office.api("employee").headers
    assert Client(REMOTE_ADDR="203.0.113.9", headers=headers).get("/metrics").status_code == 404

    settings.METRICS_TOKEN = "m" * 40
    own = {"Authorization": f"Bearer {settings.METRICS_TOKEN}"}

    assert Client(REMOTE_ADDR="203.0.113.9", headers=own).get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="203.0.113.9", headers=headers).get("/metrics").status_code == 404


def test_a_network_that_tries_many_accounts_has_to_wait(office: Office):
    guessing = Client(REMOTE_ADDR="203.0.113.9")
    tries = [
        guessing.post("/sign-in/", {"username": f"nobody{n}", "password": "Summer-2026-guess"}).status_code
        for n in range(21)
    ]
    over = guessing.post("/sign-in/", {"username": "somebody", "password": PASSWORD})

    assert tries == [422] * 20 + [429]
    assert int(over["Retry-After"]) > 0
    assert Client(REMOTE_ADDR="203.0.113.10").post("/sign-in/", {"username": "x", "password": "y"}).status_code == 422


# Whoever is complained about and sees the task only.


@pytest.fixture
def task(office_of) -> tuple[Office, Api, str]:
    """A desk, an agent complained about who was asked one question, and the case."""
    office = office_of("market")
    accused, lead = office.api("cs_agent"), office.api("cs_lead")
    recording = office.world.upload(lead.person.actor_id)
    number = lead.registered(
        channel="telephone", accused_kind="person", accused_person=accused.id, evidence_files=[recording]
    )
    office.also_holds(accused, "related_staff", "customer_service")
    lead.does(number, "ask", asked_department=office.department("customer_service"), question="当时怎么答复的")
    assert accused.numbers() == [number]
    return office, accused, number


def test_whoever_sees_the_task_only_gets_no_evidence_of_others(task: tuple[Office, Api, str]):
    office, accused, number = task
    lead = office.api("cs_lead")
    (recording,) = lead.read(f"cases/{number}/evidence")["evidence"]
    page = Staff(office.world, "cs_agent")

    assert accused.read(f"cases/{number}/evidence")["evidence"] == []
    assert accused.get(f"cases/{number}/evidence/{recording['id']}").status_code == 404
    assert page.get(f"/cases/{number}/evidence/{recording['id']}/").status_code == 404
    assert recording["name"] not in page.get(f"/cases/{number}/").content.decode()
    assert lead.get(f"cases/{number}/evidence/{recording['id']}").status_code == 200


def test_whoever_sees_the_task_only_keeps_their_own_files(task: tuple[Office, Api, str]):
    _, accused, number = task
    own = accused.upload(number, "聊天记录.png")
    accused.does(number, "add_evidence", evidence_files=[own])

    assert [file["id"] for file in accused.read(f"cases/{number}/evidence")["evidence"]] == [own]
    assert accused.get(f"cases/{number}/evidence/{own}").status_code == 200


def test_whoever_sees_the_task_only_learns_nothing_beside_it(task: tuple[Office, Api, str]):
    office, accused, number = task
    complainant = office.api("cs_lead").case(number)
    page = Staff(office.world, "cs_agent").get(f"/cases/{number}/").content.decode()

    assert accused.get(f"cases/{number}/conformity").status_code == 403
    assert [item["text"] for item in accused.read(f"cases/{number}/items")["items"]] == ["当时怎么答复的"]
    assert complainant["number"] in page
    assert "＊＊" not in page
    assert "****" not in page


def test_whoever_sees_the_task_only_reads_no_proceeding_that_they_are_not_in(task: tuple[Office, Api, str]):
    office, accused, number = task
    weakness = office.api("cs_lead").begins("weakness", number, weakness_owner=office.api("quality_reviewer").id)
    assert office.api("cs_lead").proceedings(number) != []

    assert accused.proceedings(number) == []
    assert accused.get(f"proceedings/{weakness['id']}/events").status_code == 404
    assert Staff(office.world, "cs_agent").get(f"/proceedings/{weakness['id']}/").status_code == 404


# Files of proceedings.


def test_files_of_a_confidential_proceeding_are_not_among_those_of_its_case(office: Office):
    agent, supervisor = office.api("cs_agent"), office.api("cs_supervisor")
    number = office.api("intake_officer").registered()
    file = EvidenceFile.objects.get(pk=supervisor.upload(number))
    begun = Proceeding.objects.get(pk=agent.begins("responsibility", number, judged_as="undetermined")["id"])
    EvidenceFile.objects.filter(pk=file.pk).update(case=begun.case, proceeding=begun)
    assert [one["id"] for one in agent.read(f"cases/{number}/evidence")["evidence"]] == [str(file.pk)]

    Proceeding.objects.filter(pk=begun.pk).update(seen_by=",cs_supervisor,")

    assert agent.read(f"cases/{number}/evidence")["evidence"] == []
    assert agent.get(f"cases/{number}/evidence/{file.pk}").status_code == 404
    assert supervisor.get(f"cases/{number}/evidence/{file.pk}").status_code == 200


def test_what_a_partner_sends_is_not_shown_to_the_customer_as_theirs(office: Office):
    number = office.api("intake_officer").registered()
    case = Case.objects.get(number=number)
    begun = office.api("cs_agent").begins("responsibility", number, judged_as="undetermined")
    own, of_partner = (office.world.upload("portal:device") for _ in range(2))
    EvidenceFile.objects.filter(pk=own).update(case=case)
    EvidenceFile.objects.filter(pk=of_partner).update(case=case, proceeding=begun["id"])

    assert [str(file.pk) for file in files_of_customer(case)] == [own]


def of_somebody_on_file(office):
    """The complainant whose name and number an officer took down."""
    number = office.api("cs_agent").registered(complainant_name="李雷", complainant_phone="13800138000")
    return Case.objects.get(number=number).complainant


def test_whoever_gives_a_name_and_number_in_the_app_is_not_taken_for_the_one_on_file(office: Office):
    known = of_somebody_on_file(office)
    sent = {
        "desk": "express", "text": "快件三天没有更新。", "shipment": "SF1234567890123",
        "customer": {"id": "u-1", "name": "李雷", "phone": "13800138000", "email": "stranger@example.com"},
    }  # fmt: skip

    number = office.api("cs_agent").post("feedback", sent).json()["number"]

    assert Case.objects.get(number=number).complainant != known
    assert not known.contact_points.filter(kind="email").exists()


def test_whoever_wrote_a_post_is_not_taken_for_the_one_on_file(office: Office):
    known = of_somebody_on_file(office)
    team = office.api("social_media_officer")
    post = {
        "desk": "express", "platform": "douyin", "author": "李雷", "posted_at": "2026-03-01T21:30:00+08:00", "text": "快递丢了",
        "link": "https://www.douyin.com/video/1",
    }  # fmt: skip
    key = team.post("posts", post).json()["id"]
    more = {"complainant_phone": "13800138000", "recorded_category": "item_loss", "concerns_parcel": False}

    number = team.post(f"posts/{key}/hand_over", {"data": more}).json()["number"]

    assert Case.objects.get(number=number).complainant != known


# Fields that are kept to some roles: what they hold is read nowhere else.


def test_a_file_in_a_field_for_other_roles_is_not_among_the_files_of_the_case(office: Office, tmp_path):
    recording = "type: files, when: {fact: channel, is: telephone}, seen_by: "
    office.change_policy(
        tmp_path, ("forms/complaint_record.yaml", f"{recording}*staff", f"{recording}[intake_officer]")
    )
    officer, finance = office.api("intake_officer"), office.api("finance_officer")
    kept, open_to_all = (office.world.upload(officer.person.actor_id) for _ in range(2))
    without_dashes = kept.replace("-", "")
    number = officer.registered(channel="telephone", call_recording=[without_dashes], evidence_files=[open_to_all])
    page, door = Staff(office.world, "finance_officer"), f"cases/{number}/evidence"

    def files_of(reader: Api) -> set[str]:
        return {one["id"] for one in reader.read(door)["evidence"]}

    assert (files_of(officer), files_of(finance)) == ({kept, open_to_all}, {open_to_all})
    for file, status in ((kept, 404), (open_to_all, 200)):
        assert finance.get(f"{door}/{file}").status_code == status
        assert page.get(f"/cases/{number}/evidence/{file}/").status_code == status
        assert page.get(f"/cases/{number}/evidence/{file}/look/").status_code == status
    gallery = page.get(f"/cases/{number}/", {"tab": "evidence"}).content.decode()
    assert open_to_all in gallery and kept not in gallery


def test_files_and_columns_of_a_proceeding_for_other_roles_are_not_on_its_page(office: Office, tmp_path):
    remarks = "title: {zh-Hans: 说明, en: remarks}, type: long_text, "
    office.change_policy(
        tmp_path,
        ("forms/responsibility_decision.yaml", "type: files}", "type: files, seen_by: [cs_agent]}"),
        ("forms/responsibility_decision.yaml", remarks, f"{remarks}seen_by: [cs_agent], "),
        ("forms/mediation.yaml", remarks, f"{remarks}seen_by: [cs_agent], "),
    )
    number = office.api("intake_officer").registered()
    agent = office.api("cs_agent")
    judged = {"judged_as": "internal", "judged_department": office.department("delivery_operations")}
    key = agent.begins("responsibility", number, **judged)["id"]
    (finding,) = agent.proceedings(number, "internal_finding")
    found = [{"found_person": office.api("employee").id, "found_duty": "末端派送", "found_conduct": "violation"}]
    office.api("department_head", "delivery_operations").steps_on(finding["id"], "attribute", found_people=found)
    kept = agent.upload(number)
    parties = [{"party": "nobody", "party_share": 100, "party_basis": "当天暴雨封路"}]
    agent.steps_on(key, "attribute", parties=parties, decision_files=[kept])
    row = Proceeding.objects.get(pk=key)

    for role, is_read in (("cs_agent", True), ("quality_manager", False)):
        api, page = office.api(role), Staff(office.world, role)
        shown = page.get(f"/proceedings/{key}/").content.decode()
        told = str(api.read(f"proceedings/{key}/events"))
        assert {"当天暴雨封路" in shown, kept in shown, "当天暴雨封路" in told} == {is_read}
        actor = actor_in(Viewer(person=api.person, now=office.clock.now), row)
        labels = labels_of(row, ["parties"], pack=pack_of(row), actor=actor)
        assert labels == {"parties": {1: "当天暴雨封路" if is_read else ""}}
        status = 200 if is_read else 404
        assert page.get(f"/proceedings/{key}/files/{kept}/").status_code == status
        assert api.get(f"cases/{number}/evidence/{kept}").status_code == status
