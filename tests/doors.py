"""The doors of the product as tests use them: the API with a token, and the pages of somebody signed in.

An acceptance test touches cases through these only. What a test does not name of a form is filled in: required
fields with something valid, everything else left open.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from amends.apps.cases.actions.perform import facts_at_moment
from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.facts import facts_of_proceeding
from amends.apps.cases.queries import Viewer, visible_case, visible_to
from amends.apps.messaging.models import Notice, OutboxMessage
from amends.apps.people.actions import create_department, create_token, deactivate, grant_role, note_absence
from amends.apps.people.models import Department, Partner, Person
from amends.apps.policies.queries import pack_in_force
from amends.core.facts import CaseFacts
from amends.core.policy.conditions import holds
from amends.core.policy.forms import Field, Form
from amends.doors.papers.casefile import CaseFile
from amends.doors.papers.making import form_sheet
from amends.jobs.rehearsal import PICTURE, DeskWorld
from amends.jobs.samples import Filler
from tests.pages import tables_of

PACKS = Path(__file__).resolve().parents[1] / "packs"
TOP = ("subject", "description", "demand", "occurred_at", "received_at", "backdate_reason")
IN_THE_CALL_OF = "complainant_"
START = datetime.fromisoformat("2026-03-02T09:00:00+08:00")


@dataclass(slots=True)
class Clock:
    """The moment that every door believes it is: it stands still until a test moves it."""

    now: datetime = START
    worlds: list[DeskWorld] = field(default_factory=list)

    def at(self, moment: datetime | str) -> datetime:
        """Go to a moment; a text is ISO 8601 with its offset."""
        self.now = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        for world in self.worlds:
            world.now = self.now
        return self.now

    def later(self, **delta: float) -> datetime:
        """Go on by a span: minutes=…, hours=…, days=…."""
        return self.at(self.now + timedelta(**delta))


class RequiredOnly(Filler):
    """Fills what the form insists on, and nothing that a test did not wish for."""

    def _is_wanted(self, f: Field, known: CaseFacts, form: Form, answers: Mapping[str, Any]) -> bool:
        if f.id in self.wishes:
            return self.wishes[f.id] is not None
        if f.id in answers or (f.type == "rows" and f.min_rows):
            return True
        if f.required is True or (f.required is not False and holds(f.required, known)):
            return True
        return any(o.asks == f.id and answers.get(other.id) == o.id for other in form.fields for o in other.options)


def answers(world: DeskWorld, form: str, facts: CaseFacts, wishes: Mapping[str, Any], *, owner: str) -> dict[str, Any]:
    """Valid answers to a form of the world's pack; `wishes` fix fields by id, None leaves one out.

    Wishes that the form does not ask for are sent as well, so that a test sees what the door says to them.
    """
    filler = RequiredOnly(
        world.pack,
        now=world.now,
        people=world.ids_for(facts),
        wishes={**world.wishes, **wishes},
        upload=lambda: world.upload(owner),
    )
    filled = filler.fill(world.pack.forms[form], facts)
    return {**{name: value for name, value in wishes.items() if value is not None}, **filled}


@dataclass(slots=True)
class Api:
    """The API as the holder of a role calls it, each with a token of their own."""

    world: DeskWorld
    role: str = ""
    function: str = ""
    person: Person | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.person = self.person or self.world.person(self.role, self.function)
        _, secret = create_token(
            person=self.person, name="test", scopes=["all"], desks=[], now=self.world.now, days=3650
        )
        self.headers = {"Authorization": f"Bearer {secret}"}

    @property
    def id(self) -> int:
        """The person's number: what person fields of forms take."""
        return self.person.pk

    @property
    def username(self) -> str:
        return self.person.username

    def get(self, path: str, **query: Any) -> Any:
        """Read /api/v1/<path>."""
        return Client(headers=self.headers).get(f"/api/v1/{path}", query)

    def post(self, path: str, body: Any) -> Any:
        """Send a JSON body to /api/v1/<path>."""
        return Client(headers=self.headers).post(f"/api/v1/{path}", body, content_type="application/json")

    def read(self, path: str, **query: Any) -> Any:
        """The JSON of /api/v1/<path>, which has to be there."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.content.decode()
        return response.json()

    def case(self, number: str) -> dict[str, Any]:
        return dict(self.read(f"cases/{number}"))

    def events(self, number: str, verb: str | None = None) -> list[dict[str, Any]]:
        """The history of a case, or only its events of one verb, oldest first."""
        found = self.read(f"cases/{number}/events")["events"]
        return [event for event in found if verb in (None, event["verb"])]

    def clocks(self, number: str) -> dict[str, dict[str, Any]]:
        """The clocks of a case by the id of their rule; the latest of several of one rule."""
        return {clock["clock"]: clock for clock in self.read(f"cases/{number}/clocks")["clocks"]}

    def actions(self, number: str) -> dict[str, dict[str, Any]]:
        """What this person may do on the case now, by verb."""
        return {action["verb"]: action for action in self.read(f"cases/{number}/actions")["actions"]}

    def numbers(self, **query: Any) -> list[str]:
        """The numbers of the cases in this person's list, in its order."""
        return [case["number"] for case in self.read("cases", **query)["cases"]]

    def register(self, *, kind: str | None = None, channel: str | None = None, **wishes: Any) -> Any:
        """Register a contact, by default of the pack's first kind and channel; returns the response."""
        pack = self.world.pack
        kind = kind or next(iter(pack.channels.kinds))
        channel = channel or next(iter(pack.channels.channels))
        form_wishes = {name: value for name, value in wishes.items() if name not in ("received_at", "backdate_reason")}
        facts = CaseFacts(values={"kind": kind, "channel": channel})
        data = answers(self.world, pack.channels.kinds[kind].form, facts, form_wishes, owner=self.person.actor_id)
        data |= {name: wishes[name] for name in ("received_at", "backdate_reason") if name in wishes}
        return self.post("cases", body_of(desk=self.world.desk.code, kind=kind, channel=channel, data=data))

    def registered(self, **wishes: Any) -> str:
        """The number of a contact that this person registers without trouble."""
        response = self.register(**wishes)
        assert response.status_code == 201, response.content.decode()
        return str(response.json()["number"])

    def act(self, number: str, verb: str, **wishes: Any) -> Any:
        """Perform a verb with its form filled; returns the response, refusal or not."""
        case = Case.objects.get(number=number)
        facts = facts_at_moment(case, self.world.pack, self.world.now)
        rule = self._rule(case, facts, verb)
        data = dict(wishes)
        if rule is not None and rule.form:
            data = answers(
                self.world, rule.form, self.world._as_routed(facts, rule), wishes, owner=self.person.actor_id
            )
        return self.send(number, verb, data, version=case.version)

    def _rule(self, case: Case, facts: CaseFacts, verb: str) -> Any:
        """The rule that the product would take: the one that is open, else the first from this state, else any."""
        rules = [t for t in self.world.pack.lifecycle.from_state(facts.state) if t.verb == verb]
        open_now = [t for t in rules if holds(t.when, facts)]
        return next(iter([*open_now, *rules, *self.world.pack.lifecycle.with_verb(verb)]), None)

    def send(self, number: str, verb: str, data: Mapping[str, Any], *, version: int | None = None) -> Any:
        """Perform a verb with exactly this data."""
        seen = version if version is not None else Case.objects.get(number=number).version
        return self.post(f"cases/{number}/actions/{verb}", {"version": seen, "data": dict(data)})

    def does(self, number: str, verb: str, **wishes: Any) -> dict[str, Any]:
        """Perform a verb without trouble; returns the case after it."""
        response = self.act(number, verb, **wishes)
        assert response.status_code == 200, f"{verb}: {response.content.decode()}"
        return dict(response.json())

    # Proceedings

    def begin(self, kind: str, number: str | None = None, *, under: str | None = None, **wishes: Any) -> Any:
        """Begin a proceeding on a case, under another one, or by itself, with its form filled; returns the response, refusal or
        not.
        """
        rule = self.world.pack.proceedings[kind].from_state(None)[0]
        case = Case.objects.get(number=number) if number else None
        behind = facts_of(case) if case else CaseFacts()
        if under:
            behind = facts_of_proceeding(Proceeding.objects.get(pk=under))
        data = self._filled(rule.form, CaseFacts(behind=behind), wishes)
        if case is None:
            place = {"under": under} if under else {}
            return self.post("proceedings", {"desk": self.world.desk.code, "kind": kind, "data": data, **place})
        return self.post(f"cases/{number}/proceedings", {"kind": kind, "version": case.version, "data": data})

    def begins(
        self, kind: str, number: str | None = None, *, under: str | None = None, **wishes: Any
    ) -> dict[str, Any]:
        """Begin a proceeding without trouble."""
        response = self.begin(kind, number, under=under, **wishes)
        assert response.status_code == 201, f"{kind}: {response.content.decode()}"
        return dict(response.json())

    def proceeding(self, key: str) -> dict[str, Any]:
        return dict(self.read(f"proceedings/{key}"))

    def proceedings(self, number: str, kind: str | None = None) -> list[dict[str, Any]]:
        """The proceedings of a case that this person sees, in the order they began."""
        found = self.read(f"cases/{number}/proceedings")["proceedings"]
        return [one for one in found if kind in (None, one["kind"])]

    def possible(self, number: str) -> dict[str, dict[str, Any]]:
        """What this person may begin on a case, by kind, with why it is offered."""
        return {one["kind"]: one for one in self.read(f"cases/{number}/proceedings")["possible"]}

    def steps(self, key: str) -> dict[str, dict[str, Any]]:
        """What this person may do in the proceeding now, by verb."""
        return {action["verb"]: action for action in self.read(f"proceedings/{key}/actions")["actions"]}

    def waiting(self, **query: Any) -> list[dict[str, Any]]:
        """The proceedings in which it is this person's turn."""
        return list(self.read("proceedings", waiting="me", **query)["proceedings"])

    def step(self, key: str, verb: str, **wishes: Any) -> Any:
        """Perform a verb of a proceeding with its form filled; returns the response, refusal or not."""
        proceeding = Proceeding.objects.get(pk=key)
        facts = facts_of_proceeding(proceeding)
        process = self.world.pack.proceedings[proceeding.kind]
        rules = [t for t in process.from_state(facts.state) if t.verb == verb]
        rule = next(iter([*[t for t in rules if holds(t.when, facts)], *rules, *process.with_verb(verb)]), None)
        data = self._filled(rule.form, facts, wishes) if rule is not None else dict(wishes)
        return self.post(f"proceedings/{key}/actions/{verb}", {"version": proceeding.version, "data": data})

    def steps_on(self, key: str, verb: str, **wishes: Any) -> dict[str, Any]:
        """Perform a verb of a proceeding without trouble; returns it as it is afterwards."""
        response = self.step(key, verb, **wishes)
        assert response.status_code == 200, f"{verb}: {response.content.decode()}"
        return dict(response.json())

    def _filled(self, form: str | None, facts: CaseFacts, wishes: Mapping[str, Any]) -> dict[str, Any]:
        return answers(self.world, form, facts, wishes, owner=self.person.actor_id) if form else dict(wishes)

    def upload(self, number: str, name: str = "现场照片.png", content: bytes = PICTURE) -> str:
        """The id of a file that this person uploads for the next verb."""
        response = Client(headers=self.headers).post(
            f"/api/v1/cases/{number}/evidence", {"file": SimpleUploadedFile(name, content)}
        )
        assert response.status_code == 201, response.content.decode()
        return str(response.json()["id"])


def body_of(*, desk: str, kind: str, channel: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The request that registers flat form data: the complainant's fields and the named ones at their places."""
    named = {name: data[name] for name in TOP if name in data}
    complainant = {
        name.removeprefix(IN_THE_CALL_OF): value
        for name, value in data.items()
        if name.removeprefix(IN_THE_CALL_OF) in ("name", "phone", "email", "address", "id_number", "kind")
        and name.startswith(IN_THE_CALL_OF)
    }
    taken = {*named, *(IN_THE_CALL_OF + name for name in complainant)}
    rest = {name: value for name, value in data.items() if name not in taken}
    return {"desk": desk, "kind": kind, "channel": channel, "complainant": complainant, "answers": rest, **named}


@dataclass(slots=True)
class Office:
    """A desk with its doors: somebody's API by role, and whoever may do the next step."""

    world: DeskWorld
    clock: Clock
    _doors: dict[int, Api] = field(default_factory=dict)

    def api(self, role: str, function: str = "") -> Api:
        return self.of(self.world.person(role, function))

    def of(self, person: Person) -> Api:
        """The API as this person calls it."""
        if person.pk not in self._doors:
            self._doors[person.pk] = Api(self.world, person=person)
        return self._doors[person.pk]

    def by_username(self, username: str) -> Api:
        return self.of(next(p for p in self.world.organisation.people.values() if p.username == username))

    def handler(self, number: str) -> Api:
        """The API as the person accountable for the case now calls it."""
        return self.of(Case.objects.select_related("handler").get(number=number).handler)

    def department(self, function: str) -> int:
        """The number of the department that does a function: what department fields of forms take."""
        return self.world.organisation.departments[function].pk

    def names_in_english(self, function: str, title: str) -> None:
        """Gives the department of a function a name in English."""
        Department.objects.filter(pk=self.department(function)).update(title_en=title)

    def code(self, function: str) -> str:
        """The code by which the API names that department."""
        return self.world.organisation.departments[function].code

    def partner(self, name: str, *, kind: str, **reached: str) -> int:
        """The number of a company that is put into the register of partners; `phone` and `email` are where it is reached."""
        return int(Partner.objects.create(desk=self.world.desk, name=name, kind=kind, **reached).pk)

    def leaves(self, door: Api) -> None:
        """Somebody's account is shut."""
        deactivate(person=door.person, by="system", now=self.clock.now)

    def accesses(self, number: str) -> list[tuple[str, str, str, str]]:
        """The access log of a case as `amends access_log` prints it, oldest first: who, what, field, why."""
        printed = io.StringIO()
        call_command("access_log", "--case", number, "--json", stdout=printed)
        return [(a["who"], a["action"], a["field"], a["reason"]) for a in reversed(json.loads(printed.getvalue()))]

    def accesses_by(self, door: Api) -> list[tuple[str, str, str, str]]:
        """The same for everything that one person did."""
        printed = io.StringIO()
        call_command("access_log", "--json", stdout=printed)
        found = [(a["who"], a["action"], a["field"], a["reason"]) for a in reversed(json.loads(printed.getvalue()))]
        return [access for access in found if access[0] == door.username]

    def titles_on_paper(self, number: str, form: str, person: Person) -> list[str]:
        """The title, headings and names of fields on a printed form of a case, in their order."""
        viewer = Viewer(person=person, now=self.clock.now)
        file = CaseFile(viewer, visible_case(viewer, number))
        made = form_sheet(file, self.world.pack.forms[form])
        cells = [cell for line in made.lines for cell in line.cells if cell.kind in ("heading", "label")]
        return [made.title, *(cell.text.replace("\n", "") for cell in cells)]

    def is_away(self, role: str, *, deputy: Api | None, since: str, until: str) -> None:
        """The holder of a role is absent for a time, or has somebody act for them."""
        note_absence(
            person=self.world.person(role), deputy=deputy.person if deputy else None, by="system", now=self.clock.now,
            starts_at=datetime.fromisoformat(since), ends_at=datetime.fromisoformat(until),
        )  # fmt: skip

    def notices(self, number: str, *, to: Api | None = None, by: Api | None = None) -> list[dict[str, Any]]:
        """What staff were told on a case, oldest first, or one of them only; read by somebody who sees the case."""
        reader = by or self._reader(number)
        told = reader.read(f"cases/{number}/messages")["notices"]
        return [notice for notice in told if to is None or notice["to"] == to.username]

    def told(self, number: str, message: str) -> list[str]:
        """The usernames of those who got a certain notice on a case."""
        return sorted({notice["to"] for notice in self.notices(number) if notice["message"] == message})

    def messages(self, number: str) -> list[str]:
        """What was sent to the complainant, by the id of the message, oldest first."""
        sent = self._reader(number).read(f"cases/{number}/messages")["messages"]
        return [message["message"] for message in sent]

    def _reader(self, number: str) -> Api:
        """Somebody of the desk who sees the case."""
        for person in self.world.organisation.people.values():
            if visible_to(Viewer(person=person, now=self.clock.now)).filter(number=number).exists():
                return self.of(person)
        raise LookupError(f"nobody sees {number}")

    def does(self, number: str, verb: str, **wishes: Any) -> dict[str, Any]:
        """Whoever of the desk may performs the verb; a minute passes."""
        self.clock.later(minutes=1)
        caller = self.world.whoever_may(Case.objects.get(number=number), verb)
        person = next(p for p in self.world.organisation.people.values() if p.actor_id == caller.id)
        return self.of(person).does(number, verb, **wishes)

    def walk(self, number: str, *verbs: str, **wishes_by_verb: Mapping[str, Any]) -> dict[str, Any]:
        """Several verbs one after the other, each by whoever may; `verb={...}` fixes fields of that verb's form."""
        after: dict[str, Any] = {}
        for verb in verbs:
            after = self.does(number, verb, **wishes_by_verb.get(verb, {}))
        return after

    def change_policy(self, folder: Path, *changes: tuple[str, str, str]) -> None:
        """Publish the desk's pack with changed lines as its next version, from today on.

        Each change names a file of the pack, text in it and what stands there instead. The worked examples, which are
        those of the shipped policy, are left out. `folder` is empty.
        """
        said = self.tries_to_change_policy(folder, *changes)
        assert "is published" in said, said
        self.world.pack = pack_in_force(self.world.desk, self.clock.now)

    def tries_to_change_policy(self, folder: Path, *changes: tuple[str, str, str]) -> str:
        """As `change_policy`, published or not; returns what the command says."""
        copied = shutil.copytree(PACKS / self.world.pack.id, folder / self.world.pack.id)
        (copied / "examples.yaml").write_text("[]\n", encoding="utf-8")
        for file, old, new in changes:
            text = (copied / file).read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{file} has {text.count(old)} times: {old}"
            (copied / file).write_text(text.replace(old, new), encoding="utf-8")
        said = io.StringIO()
        with contextlib.suppress(SystemExit):
            call_command("pack", "publish", str(copied), "--next", stdout=said)
        return said.getvalue()

    def new_team(self, parent: str, role: str) -> tuple[int, Api]:
        """A further team below the department of a function: its number, and the API of somebody who holds a role in it."""
        above = self.world.organisation.departments[parent]
        code = f"{above.code}.team{above.children.count() + 1}"
        team = create_department(code=code, title=f"{above.title}新班组", parent=above)
        person = Person.objects.create(
            username=f"{code}.{role}"[-60:], name="新组员", sort_key="xin zuyuan", department=team
        )
        grant_role(person=person, desk=self.world.desk, role=role, department=team, by="system", now=self.clock.now)
        return team.pk, self.of(person)

    def also_holds(self, door: Api, role: str, function: str, *, since: str = "") -> None:
        """Give somebody a further role in the department of a function, from a moment on where one is named."""
        department = self.world.organisation.departments[function]
        held = grant_role(
            person=door.person, desk=self.world.desk, role=role, department=department, by="system", now=self.clock.now
        )
        if since:
            held.starts_at = datetime.fromisoformat(since)
            held.save(update_fields=["starts_at"])

    def hires(self, role: str, name: str) -> Api:
        """The API of a further person who holds a role on the desk as a whole."""
        number = Person.objects.count()
        person = Person.objects.create(username=f"{role}.{number}", name=name, sort_key=name)
        grant_role(person=person, desk=self.world.desk, role=role, by="system", now=self.clock.now)
        return self.of(person)

    def left(self, message: str = "") -> list[str]:
        """What leaves the house, or one kind of it, word for word as whoever it is addressed to reads it; oldest first."""
        found = OutboxMessage.objects.order_by("pk")
        found = found.filter(message=message) if message else found
        return [json.loads(one.sealed)["body"] if one.sealed else one.body for one in found]

    def told_in(self, proceeding: str, message: str) -> set[int]:
        """The people who got a certain notice about a proceeding."""
        told = Notice.objects.filter(proceeding_key=proceeding, message=message)
        return set(told.values_list("person_id", flat=True))

    def work(self) -> None:
        """What the worker does at this moment: clocks are looked at, reminders given, messages sent."""
        call_command("worker", "--once", stdout=io.StringIO())


class Staff(Client):
    """The pages as somebody signed in sees them."""

    def __init__(self, world: DeskWorld, role: str, function: str = "", **defaults: Any) -> None:
        super().__init__(**defaults)
        self.world = world
        self.person = world.person(role, function)
        self.force_login(self.person)

    def counts(self, by: str) -> dict[str, int]:
        """The complaints of the desk by one dimension, as the page of counts shows them; `合计` is their sum."""
        return self._tables(by).get("计入投诉数", {})

    def counts_apart(self, by: str) -> dict[str, int]:
        """What is counted apart from complaints, by one dimension."""
        return self._tables(by).get("不计入投诉数（咨询、内部事项等）", {})

    def _tables(self, by: str) -> dict[str, dict[str, int]]:
        return dict(tables_of(self.get("/counts/", {"desk": self.world.desk.code, "by": by})))


def said(response: Any) -> str:
    """What a refusal says, in Chinese."""
    return str(response.json()["detail"])


def faults(response: Any) -> dict[str, str]:
    """The refused fields: pointer to code."""
    return {fault["pointer"]: fault["code"] for fault in response.json()["errors"]}


def value_of(event: Mapping[str, Any], name: str) -> Any:
    """What was entered in a field at an event, as the timeline shows it; None when it was not entered."""
    return next((shown["value"] for shown in event["values"] if shown["field"] == name), None)
