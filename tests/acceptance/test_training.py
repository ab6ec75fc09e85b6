"""Training and assessment: modules with tests, sessions with attendance, practice that leaves no trace, effect, and the record of a person."""

from __future__ import annotations

import io
import re

import pytest
from python_calamine import CalamineWorkbook

from tests.doors import Staff, faults
from tests.pages import in_words, text_of
from tests.web.staff import contact

PACKS = ("express", "escalation")
TO_CLOSED = (
    "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out",
    "follow_up", "close",
)  # fmt: skip


def questions_on(page):
    """The questions of a test by the name of their field, in their order."""
    return list(dict.fromkeys(re.findall(r'name="([a-z]+\d+)"', page.content.decode())))


def right_answers(office, module, names):
    training = office.world.pack.training
    bank = {question.id: question for question in training.banks[training.modules[module].bank].questions}
    return {name: list(bank[name].right) for name in names}


def wrong_answers(office, module, names):
    training = office.world.pack.training
    bank = {question.id: question for question in training.banks[training.modules[module].bank].questions}
    return {
        name: [next(code for code in (*bank[name].options, "yes", "no") if code not in bank[name].right)]
        for name in names
    }


def taken(office, staff, module, *, rightly=True):
    """A test that somebody takes and hands in: its address and the answer to it."""
    begun = staff.post(f"/training/learn/{office.world.desk.code}/{module}/test/")
    assert begun.status_code == 302, begun.content.decode()
    names = questions_on(staff.get(begun.url))
    answers = (right_answers if rightly else wrong_answers)(office, module, names)
    return begun.url, staff.post(begun.url, answers)


def trainer(office):
    return Staff(office.world, "quality_manager")


def overview(office, **asked):
    return text_of(trainer(office).get("/training/overview/", {"desk": office.world.desk.code, **asked}))


def record_of(office, staff):
    return text_of(trainer(office).get(f"/training/people/{office.world.desk.code}/{staff.person.pk}/"))


def is_untrained(office, staff, module, role):
    page = (
        trainer(office)
        .get("/training/overview/", {"desk": office.world.desk.code, "module": module, "role": role})
        .content.decode()
    )
    listed = re.search(r'id="untrained-title".*?</section>', page, re.DOTALL)
    return staff.person.name in in_words(listed.group(0))


# Modules and tests


@pytest.mark.clause("EXP-9.1.1")
def test_a_module_that_was_passed_stands_in_the_record_and_whoever_has_not_is_listed_as_untrained(office):
    agent = Staff(office.world, "cs_agent")
    assert is_untrained(office, agent, "principles", "cs_agent")
    mine = text_of(agent.get("/training/"))
    assert "投诉处理原则与态度 未培训" in mine
    material = text_of(agent.get("/training/learn/express/principles/"))
    assert "倾听：让客户把话说完" in material

    where, failed = taken(office, agent, "principles", rightly=False)
    assert failed.status_code == 302
    assert "不合格" in text_of(agent.get(where))
    assert is_untrained(office, agent, "principles", "cs_agent")
    where, _ = taken(office, agent, "principles")

    assert "100 分 合格" in text_of(agent.get(where))
    assert not is_untrained(office, agent, "principles", "cs_agent")
    assert "投诉处理原则与态度 已合格" in record_of(office, agent)
    paper = agent.get(f"{where}certificate.pdf")
    assert (paper.status_code, paper.content[:4]) == (200, b"%PDF")
    assert re.search(r"PXZS2026-\d{4}", record_of(office, agent))


@pytest.mark.clause("EXP-9.1.1")
def test_a_test_counts_once_and_what_is_left_open_is_said_at_its_question(office):
    agent = Staff(office.world, "cs_agent")
    where = agent.post("/training/learn/express/principles/test/").url
    names = questions_on(agent.get(where))
    assert len(names) == 6
    assert agent.post("/training/learn/express/principles/test/").url == where

    half = agent.post(where, right_answers(office, "principles", names[:3]))
    assert half.status_code == 422
    assert "还有 3 题没有作答" in in_words(half.content.decode())
    assert half.content.decode().count("checked") >= 3

    assert agent.post(where, wrong_answers(office, "principles", names)).status_code == 302
    again = agent.post(where, right_answers(office, "principles", names))
    assert again.status_code == 409
    assert "这份试卷已经交过，成绩不能更改" in in_words(again.content.decode())
    assert "0 分 不合格" in text_of(agent.get(where))


def test_after_so_many_tests_in_vain_a_trainer_gives_the_module_again(office):
    agent, staff = Staff(office.world, "cs_agent"), trainer(office)
    for _ in range(3):
        taken(office, agent, "skills", rightly=False)
    refused = agent.post("/training/learn/express/skills/test/")
    assert refused.status_code == 409
    assert "已测试 3 次仍未合格" in in_words(refused.content.decode())

    bare = staff.post(
        "/training/overview/express/give/", {"module": "skills", "due_on": "2026-02-01", "reason": "补考"}
    )
    assert bare.status_code == 422
    assert "请选择“员工”。" in in_words(bare.content.decode())
    assert "“完成期限”不能早于现在。" in in_words(bare.content.decode())
    assert 'value="补考"' in bare.content.decode()
    given = {"module": "skills", "person": [agent.person.pk], "due_on": "2026-03-20", "reason": "补考"}
    office.clock.later(minutes=5)
    assert staff.post("/training/overview/express/give/", given).status_code == 302
    _, answered = taken(office, agent, "skills")
    assert answered.status_code == 302


def test_results_are_for_the_person_and_for_those_who_look_after_training(office):
    agent, other = Staff(office.world, "cs_agent"), Staff(office.world, "intake_officer")
    where, _ = taken(office, agent, "principles")
    record = f"/training/people/express/{agent.person.pk}/"

    assert [one.get(where).status_code for one in (agent, other, trainer(office))] == [200, 404, 200]
    assert [one.get(record).status_code for one in (agent, other, trainer(office))] == [200, 404, 200]
    assert other.get("/training/overview/").status_code == 403
    assert trainer(office).post(where, {}).status_code == 404


@pytest.mark.clause("EXP-9.1.4")
def test_a_new_policy_version_is_confirmed_anew_and_without_it_the_employee_is_listed(office, tmp_path):
    agent = Staff(office.world, "cs_agent")
    taken(office, agent, "law_and_policy")
    listed = "未确认新版制度的人员"
    assert listed not in overview(office)

    office.clock.later(days=1)
    office.change_policy(tmp_path, ("pack.yaml", "hotline: 400-820-0110", "hotline: 400-820-0111"))
    agent = Staff(office.world, "cs_agent")
    page = overview(office, module="law_and_policy")
    assert re.search(f"{listed} .*{agent.person.name} 法律法规与公司政策", page)
    assert "请看完材料后确认" in text_of(agent.get("/training/"))
    assert agent.post("/training/learn/express/confirm/").status_code == 302
    assert listed not in overview(office)
    again = agent.post("/training/learn/express/confirm/")
    assert (again.status_code, "没有需要您确认的新版制度" in in_words(again.content.decode())) == (409, True)


# Practice


@pytest.mark.clause("EXP-9.1.2")
def test_a_practice_case_is_absent_from_everything_that_is_live(office):
    agent = Staff(office.world, "intake_officer")
    live = office.api("intake_officer").registered(subject="正式的投诉")
    before = office.api("cs_supervisor").read("kpis", desk="express", indicator="received", **MARCH)["kpis"]
    assert agent.post("/training/practice/").status_code == 302
    assert "练习" in text_of(agent.get("/queue/"))
    assert live not in agent.get("/queue/?tab=all").content.decode()
    assert agent.get(f"/cases/{live}/").status_code == 404

    practised = practise_a_case(office, agent)

    assert practised.startswith("LX-")
    assert practised in agent.get("/queue/?tab=all").content.decode()
    assert "练习" in text_of(agent.get(f"/cases/{practised}/"))
    agent.post("/training/practice/", {"do": "end"})
    supervisor, api = Staff(office.world, "cs_supervisor"), office.api("cs_supervisor")
    for staff in (agent, supervisor):
        for address in (
            "/queue/?tab=all",
            "/",
            "/archive/",
            "/counts/?desk=express",
            "/notices/",
            "/warnings/",
            "/workload/",
            "/sent/",
        ):
            assert practised not in staff.get(address).content.decode(), address
        assert staff.get(f"/cases/{practised}/").status_code == 404
        found = staff.post("/search/", {"text": "练习用的瓷器", "tab": "all"}, follow=True)
        assert practised not in found.content.decode()
    assert practised not in api.numbers()
    assert api.get(f"cases/{practised}").status_code == 404
    assert [desk["code"] for desk in api.read("desks")["desks"] if "practice" in desk["code"]] == []
    after = api.read("kpis", desk="express", indicator="received", **MARCH)["kpis"]
    assert after == before
    assert office.left() == [text for text in office.left() if "练习用的瓷器" not in text]
    assert office.api("intake_officer").registered(subject="下一件").endswith("00002")


MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


def practise_a_case(office, staff):
    """Registers a case on the practice desk by the page of intake, and tells its number."""
    done = staff.post("/intake/", contact(office.world, _desk="express-practice", subject="练习用的瓷器"), follow=True)
    numbers = re.findall(r"LX-KD\d{6}-\d{5}", done.content.decode())
    assert numbers, in_words(done.content.decode())[:3000]
    return numbers[0]


# Case studies


@pytest.mark.clause("EXP-9.1.3")
def test_a_published_study_that_a_trainer_adds_is_read_by_learners_without_names(office):
    number = office.api("cs_agent").registered(
        complainant_name="顾晓彤", complainant_phone="13800138000", subject="快件延误五天"
    )
    office.walk(number, *TO_CLOSED, follow_up={"satisfaction_answer": "satisfied"})
    told = {
        "study_title": "一次延误的处理", "study_background": "客户等了五天。", "study_course": "1. 登记 2. 核实",
        "study_analysis": "中转站积压。", "study_lesson": "积压当天就要告诉客户。",
    }  # fmt: skip
    study = office.api("cs_supervisor").begins("case_study", number, **told)
    staff, agent = trainer(office), Staff(office.world, "cs_agent")
    sent = {"module": "skills", "study": study["number"]}
    early = staff.post("/training/overview/express/study/", sent)
    assert early.status_code == 422
    assert f"没有编号为“{study['number']}”的已发布案例。" in in_words(early.content.decode())
    office.api("quality_manager").steps_on(study["id"], "approve")

    assert staff.post("/training/overview/express/study/", sent).status_code == 302

    assert "一次延误的处理" in text_of(agent.get("/training/learn/express/skills/"))
    page = text_of(agent.get(f"/training/studies/{study['id']}/"))
    assert "积压当天就要告诉客户。" in page
    assert "客户等了五天。" in page
    assert number not in page
    assert "顾晓彤" not in page


# Sessions


def session(office, people, *, on="2026-03-02", **wishes):
    """The id of a session to which people are invited."""
    api = office.api("quality_manager")
    rows = [{"session_person": person.pk} for person in people]
    given = {
        "session_title": "三月投诉处理培训",
        "session_modules": ["principles"],
        "session_on": on,
        "session_people": rows,
        "session_trainer": api.id,
    }
    return api.begins("training_session", **{**given, **wishes})["id"]


def held(office, key, *places):
    """Records who came: (person, attended, result, involvement)."""
    rows = [
        {
            k: v
            for k, v in {
                "attendee": person.pk,
                "attended": came,
                "session_score": result,
                "involvement": involvement,
            }.items()
            if v is not None
        }
        for person, came, result, involvement in places
    ]
    return office.api("quality_manager" if office.world.pack.id == "express" else "cs_supervisor").steps_on(
        key, "carry_out", attendance=rows
    )


@pytest.mark.clause("ESC-7.2.2")
def test_attendance_and_results_stand_in_each_record_and_untrained_staff_are_listed(office_of):
    office = office_of("escalation")
    agent, officer = Staff(office.world, "cs_agent"), Staff(office.world, "intake_officer")
    api = office.api("cs_supervisor")
    rows = [{"session_person": one.person.pk} for one in (agent, officer)]
    key = api.begins(
        "training_session", session_title="沟通技巧专题", session_modules=["communication"], session_on="2026-03-04",
        session_people=rows, session_trainer=api.id,
    )["id"]  # fmt: skip
    one_missing = api.step(key, "carry_out", attendance=[{"attendee": agent.person.pk, "attended": True}])
    assert faults(one_missing) == {"/data/attendance": "one_for_each"}
    held(office, key, (agent.person, True, 92, 5), (officer.person, False, None, None))

    staff = Staff(office.world, "cs_supervisor")
    record = text_of(staff.get(f"/training/people/escalation/{agent.person.pk}/"))
    assert re.search(r"沟通技巧专题 沟通技巧 2026年3月4日 到场 成绩 92 参与程度 5", record)
    absent = text_of(staff.get(f"/training/people/escalation/{officer.person.pk}/"))
    assert re.search(r"沟通技巧专题 沟通技巧 2026年3月4日 缺席", absent)
    page = text_of(
        staff.get("/training/overview/", {"desk": "escalation", "module": "communication", "role": "cs_agent"})
    )
    assert "未培训人员" in page and f"{agent.person.name}" in page


@pytest.mark.clause("EXP-9.2.4")
def test_three_of_four_sessions_attended_are_75_percent_and_involvement_stands_apart(office):
    agent = Staff(office.world, "cs_agent")
    places = [(True, 80, 4), (True, 90, 5), (True, None, 3), (False, None, None)]
    for place in places:
        held(office, session(office, [agent.person]), (agent.person, *place))
    session(office, [agent.person], on="2026-03-20")

    record = record_of(office, agent)

    assert "出勤率 75.0% 应到 4 次，实到 3 次" in record
    assert "参与程度 4.00 / 5 评分 3 次" in record
    assert "平均成绩 85.00" in record


@pytest.mark.clause("EXP-9.3.1")
def test_questionnaire_observation_and_interview_are_entered_and_summed_up_together(office):
    agent, api = Staff(office.world, "cs_agent"), office.api("quality_manager")
    key = session(office, [agent.person])
    held(office, key, (agent.person, True, 90, 4))
    api.steps_on(key, "report", feedback_sheets=8, feedback_satisfaction="4.5")
    api.steps_on(
        key,
        "review",
        observed_person=agent.person.pk,
        observed_on="2026-03-02",
        observed_score=4,
        observed_text="先复述再答复",
    )
    api.steps_on(
        key, "note", interviewed_person=agent.person.pk, interviewed_on="2026-03-02", interview_text="练习太少"
    )

    page = text_of(trainer(office).get(f"/training/sessions/{key}/"))

    assert re.search(
        r"效果评估 .*培训问卷结果 1 .*8 .*4\.5 .*现场观察记录 1 .*先复述再答复 .*员工访谈记录 1 .*练习太少", page
    )
    assert "到场 1 / 1 · 平均成绩 90.00 · 参与程度 4.00 / 5" in page
    room = trainer(office).get(f"/proceedings/{key}/").content.decode()
    for paper in ("training_attendance", "training_observation", "training_interview"):
        address = f"/proceedings/{key}/print/{paper}.pdf"
        assert address in room and b"".join(trainer(office).get(address)).startswith(b"%PDF")


@pytest.mark.clause("EXP-9.3.3")
def test_an_evaluation_below_the_target_needs_a_measure_or_a_reason(office):
    agent, api = Staff(office.world, "cs_agent"), office.api("quality_manager")
    low = {"evaluation_score": 60, "evaluation_text": "练习不足", "training_measures": None, "no_measure_reason": None}
    key, other, good = (session(office, [agent.person]) for _ in range(3))
    for one in (key, other, good):
        held(office, one, (agent.person, True, 60, 3))

    assert faults(api.step(key, "assess", **low)) == {"/data/training_measures": "required"}
    row = {
        "measure_about": "method", "improvement_text": "增加情景练习", "improvement_owner": api.id, "improvement_due": "2026-03-20",
        "asked_department": office.department("human_resources"), "expected_effect": "成绩达到 80 分",
    }  # fmt: skip
    assert api.steps_on(key, "assess", **{**low, "training_measures": [row]})["state"] == "evaluated"
    assert "增加情景练习" in text_of(trainer(office).get(f"/training/sessions/{key}/"))
    begun = [one for one in api.read("proceedings", kind="improvement")["proceedings"] if one["parent"] == key]
    assert [(one["subject"], one["due_at"] is not None) for one in begun] == [("增加情景练习", True)]
    assert api.steps_on(other, "assess", **{**low, "no_measure_reason": "下月统一重训"})["state"] == "evaluated"
    assert api.steps_on(good, "assess", **{**low, "evaluation_score": 85})["state"] == "evaluated"


# Effect


def complaint_on(office, day, *, satisfied=None, **wishes):
    """A complaint about attitude that comes in on a day; closed with what the customer said of it, or left where it is."""
    office.clock.at(f"{day}T09:30:00+08:00")
    number = office.api("intake_officer").registered(**wishes)
    steps = TO_CLOSED[:5] if satisfied is None else TO_CLOSED
    office.walk(number, *steps, follow_up={"satisfaction_answer": satisfied})
    return number


@pytest.mark.clause("EXP-9.3.2", "EXP-9.3.4")
def test_indicators_of_the_same_people_before_and_after_and_a_refresher_when_they_fall(office):
    """Satisfied: one of two before, two of two until day 30, one of two from day 61 to 90."""
    first = complaint_on(office, "2026-04-20", satisfied="satisfied")
    person = office.handler(first).person
    numbers = [first, complaint_on(office, "2026-04-21", satisfied="dissatisfied")]
    key = session(office, [person], on="2026-05-04")
    held(office, key, (person, True, 90, 5))
    numbers += [complaint_on(office, day, satisfied="satisfied") for day in ("2026-05-20", "2026-05-21")]
    numbers += [
        complaint_on(office, "2026-07-20", satisfied="satisfied"),
        complaint_on(office, "2026-07-21", satisfied="dissatisfied"),
    ]
    assert {office.handler(number).id for number in numbers} == {person.pk}
    office.clock.at("2026-08-10T09:00:00+08:00")

    page = text_of(trainer(office).get(f"/training/sessions/{key}/"))

    assert "2026年4月4日至2026年5月3日与2026年5月5日至2026年6月3日" in page
    assert re.search(r"客户满意度 培训前 50\.0% 2 件 培训后 100\.0% 2 件", page)
    assert re.search(r"受理投诉 培训前 2 2 件 培训后 2 2 件", page)
    assert re.search(r"培训后 30 天 2026年6月3日 .*100\.0% .*培训后 90 天 2026年8月2日 .*50\.0%", page)
    assert re.search(r"建议复训：[^ ]*客户满意度[^ ]*较上一次跟踪变差", page)
    assert re.search(r"培训后 180 天 2026年10月31日 未到时间", page)
    assert trainer(office).post(f"/training/sessions/{key}/", {"due_on": "2026-08-30"}).status_code == 302
    record = text_of(trainer(office).get(f"/training/people/express/{person.pk}/"))
    assert "投诉处理原则与态度 未培训" in record


@pytest.mark.clause("EXP-8.1.1")
def test_the_complaint_rate_of_an_outlet_before_and_after_its_training_with_counts(office):
    numbers = [complaint_on(office, day) for day in ("2026-04-20", "2026-04-21", "2026-04-22")]
    handler = office.handler(numbers[0])
    unit = next(one for one in office.world.organisation.departments.values() if one.pk == handler.person.department_id)
    key = session(office, [handler.person], on="2026-05-04", session_modules=["awareness"], session_department=unit.pk)
    held(office, key, (handler.person, True, 90, 5))
    complaint_on(office, "2026-05-20")
    office.clock.at("2026-06-10T09:00:00+08:00")
    volume = f"{unit.title},2026-04-20,1500\n{unit.title},2026-05-20,1000"
    sent = trainer(office).post("/warnings/figures/?desk=express", {"measure": "parcels", "lines": volume})
    assert sent.status_code == 200

    page = text_of(trainer(office).get(f"/training/sessions/{key}/"))

    assert re.search(r"投诉率 每千件业务量 培训前 2\.00‰ 3 件 / 1500 培训后 1\.00‰ 1 件 / 1000", page)
    assert f"按“{unit.title}”及其下属单位的个案计算" in page


# Quality


@pytest.mark.clause("EXP-9.2.3")
def test_a_handler_does_not_score_their_own_case_and_the_mean_is_the_value_of_the_employee(office):
    numbers = [office.api("intake_officer").registered() for _ in range(2)]
    for number in numbers:
        office.walk(number, *TO_CLOSED, follow_up={"satisfaction_answer": "satisfied"})
    handler = office.handler(numbers[0])
    office.also_holds(handler, "quality_manager", "quality_management")
    scores = {"score_analysis": 4, "score_solution": 5, "score_effective": 3}

    refused = handler.begin("quality_check", numbers[0], **scores)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    reviewer = (
        office.api("quality_manager") if office.api("quality_manager").id != handler.id else office.api("cs_supervisor")
    )
    reviewer.begins("quality_check", numbers[0], **scores)
    reviewer.begins("quality_check", numbers[1], score_analysis=5, score_solution=5, score_effective=5)

    hr = Staff(office.world, "hr_assessor")
    page = text_of(hr.get(f"/performance/express/{handler.id}/", MARCH))
    assert "处理质量 4.50 / 5 抽查 2 件" in page


# Record of a person


def test_the_record_of_a_person_is_for_human_resources_and_for_the_person(office_of):
    office = office_of("escalation")
    hr, agent, other = (Staff(office.world, role) for role in ("human_resources_officer", "cs_agent", "cs_supervisor"))
    record = f"/performance/escalation/{agent.person.pk}/"
    assert f'href="{record}"' in agent.get("/training/").content.decode()
    assert agent.person.name in text_of(hr.get("/performance/"))
    assert [one.get(record).status_code for one in (hr, agent, other)] == [200, 200, 404]
    assert other.get("/performance/").status_code == 403
    wrong = hr.get(record, {"from": "2026-03-09", "to": "2026-03-01"})
    assert wrong.status_code == 422
    assert 'value="2026-03-09"' in wrong.content.decode()
    assert hr.get(f"{record}record.xlsx", {"from": "2026-03-01", "to": "2026-03-31"}).status_code == 200


@pytest.mark.clause("ESC-6.3.1b")
def test_human_resources_read_cases_indicators_and_commendations_of_a_period_and_export_them(office_of, clock):
    office = office_of("escalation")
    number = office.api("intake_officer").registered(channel="hotline", category="delivery_delay")
    team = {"team": office.department("warehouse"), "handler": office.api("department_member", "warehouse").id}
    office.walk(number, *ESCALATION_CLOSED, dispatch=team, complete_measure={"item": 1})
    handler = office.handler(number)
    office.api("quality_manager").begins(
        "commendation", commended_person=handler.id, commended_department=None, commendation_for="抢修及时",
        grounds_indicators=["resolution_rate"], grounds_values="解决率 100%",
    )  # fmt: skip
    hr = Staff(office.world, "human_resources_officer")
    record = f"/performance/escalation/{handler.id}/"

    page = text_of(hr.get(record, MARCH))
    sheet = hr.get(f"{record}record.xlsx", MARCH)
    assert hr.get(f"/cases/{number}/").status_code == 404
    clock.at("2026-04-02T09:00:00+08:00")
    april = text_of(
        Staff(office.world, "human_resources_officer").get(record, {"from": "2026-04-01", "to": "2026-04-30"})
    )

    assert "办结个案 1 处理质量" in page
    assert number in page
    assert re.search(r"指标 .*解决率 100\.0% 1|指标 .*解决率 样本太少 件数 1", page)
    assert "表彰 抢修及时" in page
    assert "办结个案 0 处理质量" in april
    assert "抢修及时" not in april
    rows = rows_of(sheet)
    assert number in rows["办结个案"]
    assert "抢修及时" in rows["表扬与奖励"]
    assert any("解决率" in cell for cell in rows["汇总"])


ESCALATION_CLOSED = (
    "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "complete_measure", "carry_out", "tell", "agree", "close",
)  # fmt: skip


def rows_of(response):
    """The cells of each sheet of a spreadsheet, in their order."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response.streaming_content)))
    sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    return {name: [str(cell) for row in rows for cell in row if cell != ""] for name, rows in sheets.items()}
