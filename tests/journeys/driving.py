"""A browser as the people of a desk use it: sign in, find the case, press the button of a verb, fill its form, sign out.

What a test does not name of a form is filled in as a person would: every field marked with a star, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import ConsoleMessage, Locator, Page, Response

from amends.apps.people.models import Person
from amends.core.policy.forms import Field, Form
from amends.jobs.samples import FORMATS, TEXTS
from tests.world import PASSWORD, PICTURE, DeskWorld

COUNT_SWAPS = """
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "form-body") return;
  const root = document.documentElement;
  root.dataset.swaps = String(Number(root.dataset.swaps || 0) + 1);
});
"""

NO_CLOCK = "window.setInterval = () => 0;"


def saves_nothing_by_the_clock(page: Page) -> None:
    """Pages opened from now on do nothing every so many seconds: a draft is kept when the page is left, and at no moment in between."""
    page.add_init_script(NO_CLOCK)


def presses_twice(button: Locator) -> None:
    """A double click of which both halves reach the page before any answer does, however slow the machine is."""
    button.evaluate("button => { button.click(); button.click(); }")


@dataclass(slots=True)
class Visitor:
    """One browser page and whoever is signed in there."""

    page: Page
    base: str
    world: DeskWorld
    person: Person | None = None
    said: list[str] = field(default_factory=list)
    _seats: dict[int, Any] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.add_init_script(COUNT_SWAPS)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("console", lambda said: self.said.append(said.text) if is_error(said) else None)

    # Coming and going.

    def becomes(self, person: Person) -> None:
        """Sit down where somebody works: signed in by the pages the first time, and still signed in later."""
        if self.person == person:
            return
        desk = self.page.context
        if self.person is not None:
            self.page.goto("about:blank")
            self._seats[self.person.pk] = desk.cookies()
            desk.clear_cookies()
        self.person = person
        if person.pk in self._seats:
            desk.add_cookies(self._seats[person.pk])
            return
        self.page.goto(self.base)
        self.page.locator("#id_username").fill(person.username)
        self.page.locator("#id_password").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.locator("#side").wait_for()

    def opens(self, number: str) -> None:
        """Find a case in the queue the first time, and open it."""
        address = f"{self.base}/cases/{number}/"
        if self.page.url.partition("?")[0] == address:
            return
        if number in self._known:
            self.page.goto(address)
            return
        self._known.add(number)
        self.page.goto(f"{self.base}/queue/?tab=all")
        self.page.locator(f'#queue a[href="/cases/{number}/"]').first.click()
        self.page.wait_for_url(f"**/cases/{number}/")

    # What people do.

    def registers(self, *, kind: str, channel: str, **wishes: Any) -> str:
        """Take a first contact down on the intake page; returns the number of the case."""
        self.page.get_by_role("link", name="登记新个案").click()
        # What is folded is looked for at once, so the page has to stand.
        self.page.wait_for_url("**/intake/**")
        form = self.world.pack.forms[self.world.pack.channels.kinds[kind].form]
        self.page.locator("#form-body details.is-folded").evaluate_all(
            "boxes => boxes.forEach((box) => { box.open = true; })"
        )
        self._redraws(lambda: self.page.locator("#f-_channel").select_option(channel))
        if self._pill("_kind", kind).count() and not self._pill("_kind", kind).locator("input").is_checked():
            self._redraws(self._pill("_kind", kind).click)
        self.fills(form, wishes)
        self._sends("/intake/", self.page.locator("#intake-form .form-foot .btn-primary"))
        return str(self.page.locator(".done[data-number]").get_attribute("data-number"))

    def does(self, number: str, verb: str, form: Form | None, **wishes: Any) -> None:
        """Press the button of a verb on the page of the case, fill in its form and send it."""
        self.opens(number)
        address = f"/cases/{number}/do/{verb}/"
        button = self.page.locator(f'#acts a[href="{address}"]')
        menu = self.page.locator("#acts details").filter(has=self.page.locator(f'a[href="{address}"]'))
        if menu.count():
            menu.locator("summary").click()
        button.click()
        self._in_the_drawer(address, form, wishes)

    def begins(self, number: str, kind: str, form: Form, **wishes: Any) -> None:
        """Begin a proceeding from the tab of a case, fill in its form and send it."""
        address = f"/cases/{number}/begin/{kind}/"
        self.page.goto(f"{self.base}/cases/{number}/?tab=proceedings")
        self.page.locator(f'a[href="{address}"]').first.click()
        self._in_the_drawer(address, form, wishes)

    def opens_waiting(self, kind: str) -> None:
        """Open the proceeding of a kind that waits for this person, out of their inbox."""
        self.page.goto(f"{self.base}/proceedings/?kind={kind}")
        self.page.locator(".proceedings a.subject").first.click()
        self.page.locator(".proceeding-head").wait_for()

    def steps(self, verb: str, form: Form | None, **wishes: Any) -> None:
        """Press the button of a step on the page of a proceeding, fill in its form and send it."""
        address = self.page.url.removeprefix(self.base).split("?")[0] + f"do/{verb}/"
        self.page.locator(f'#acts a[href="{address}"]').click()
        self._in_the_drawer(address, form, wishes)

    def _in_the_drawer(self, address: str, form: Form | None, wishes: dict[str, Any]) -> None:
        self.page.locator("#drawer[open] #form-body").wait_for()
        if form is not None:
            self.fills(form, wishes)
        self._sends(address, self.page.locator("#drawer .form-foot .btn-primary"))
        self.page.locator("#drawer:not([open])").wait_for(state="attached")
        self.page.wait_for_load_state()

    def state(self) -> str:
        """The words for the state on the page of the case."""
        return self.page.locator(".glance dd").first.inner_text().split("\n")[0]

    def records(self) -> int:
        """How many entries the timeline shows when nothing is folded."""
        self.page.locator(".story-filter").get_by_text("全部").click()
        self.page.locator('.story-filter [aria-current="true"]').get_by_text("全部").wait_for()
        return self.page.locator(".timeline > li").count()

    # Forms.

    def fills(self, form: Form, wishes: dict[str, Any]) -> None:
        """Every field with a star and every wished one, until drawing the form again asks for nothing more."""
        # Whoever begins before the scripts of the page have is not heard.
        self.page.locator("#form-body").wait_for()
        self.page.wait_for_load_state()
        filled: set[str] = set()
        while fresh := [name for name in self._asked(wishes) if name not in filled]:
            self._fill(form, fresh[0], wishes)
            filled.add(fresh[0])

    def _asked(self, wishes: dict[str, Any]) -> list[str]:
        """The names of the controls that want an answer, in the order of the page, once it is drawn."""
        self.page.locator("#form-body .htmx-request, #form-body.htmx-request").wait_for(state="detached")
        labels = self.page.locator("#form-body .field-label").evaluate_all(
            "labels => labels.map(l => [l.htmlFor || l.id.replace(/-label$/, ''), !!l.querySelector('.must')])"
        )
        named = [(anchor.removeprefix("f-"), must) for anchor, must in labels if not anchor.startswith("f-_")]
        starred = {name for name, must in named if must}
        cells: dict[str, list[str]] = {}
        for name, _ in named:
            cells.setdefault(name.partition("-")[0], []).append(name)
        asked = []
        for first, names in cells.items():
            wanted = [name for name in names[1:] if name in starred] if len(names) > 1 else []
            if len(names) > 1 and first in starred and not wanted:
                # A list that has to be filled in, of whose columns none has to.
                wanted = names[1:]
            asked += wanted or [name for name in names if len(names) == 1 and (name in starred or name in wishes)]
        return asked

    def _fill(self, form: Form, name: str, wishes: dict[str, Any]) -> None:
        definition = field_named(form, name)
        where = self.page.locator(f'[id="f-{name}"]')
        value = wishes.get(name)
        redraws = where.locator("xpath=ancestor-or-self::*[@hx-post and contains(@class, 'field')]").count() > 0
        kind = where.evaluate("e => e.tagName")
        if where.locator("input[type=file]").count():
            self._uploads(where)
        elif kind == "DIV":
            box = self._pill(name, str(value or first_leaf(where.locator("input"))))
            if not box.locator("input").is_checked():
                self._now_or_redrawn(redraws, box.click)
        elif kind == "SELECT":
            chosen = str(value or first_leaf(where.locator("option:not([disabled])")))
            self._now_or_redrawn(redraws, lambda: where.select_option(chosen))
        else:
            where.fill(str(value or sample(definition, now=datetime.now(tz=self._zone))))
            self._now_or_redrawn(redraws, where.blur)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.world.pack.head.zone)

    def _pill(self, name: str, value: str) -> Locator:
        return self.page.locator(f'label:has(> input[name="{name}"][value="{value}"])')

    def _uploads(self, where: Locator) -> None:
        where.locator("input[type=file]").set_input_files(
            {"name": "现场照片.png", "mimeType": "image/png", "buffer": PICTURE}
        )
        where.locator(".file-row").first.wait_for()

    def _now_or_redrawn(self, redraws: bool, act: Any) -> None:
        if redraws:
            self._redraws(act)
        else:
            act()

    def _redraws(self, act: Any) -> None:
        """Do something after which the server draws the form again, and wait until it stands."""
        before = int(self.page.locator("html").get_attribute("data-swaps") or 0)
        act()
        self.page.locator(f'html:not([data-swaps="{before}"])[data-swaps]').wait_for(state="attached")

    def _sends(self, address: str, button: Locator) -> None:
        """Send a form; what it is refused for fails the journey with the sentences of the page."""
        with self.page.expect_response(lambda r: r.request.method == "POST" and r.url.endswith(address)) as sent:
            button.click()
        answer: Response = sent.value
        assert answer.status == 204, self.page.locator("#faults, .alert-danger").all_inner_texts()


def is_error(said: ConsoleMessage) -> bool:
    """Whether the console names an error; that leaving a page cuts off what it was asking for is none."""
    return said.type == "error" and not said.text.startswith(("htmx:afterRequest", "htmx:sendAbort"))


def field_named(form: Form, name: str) -> Field:
    """The field behind the name of a control, also inside a row of a list."""
    first, *rest = name.split("-")
    found = form.field(first)
    assert found is not None, f"{form.id} has no field {first}"
    return next(f for f in found.fields if f.id == rest[-1]) if rest else found


def first_leaf(choices: Locator) -> str:
    """The first choice that is none and has no finer ones below it."""
    values: list[str] = choices.evaluate_all("found => found.map(one => one.value).filter(Boolean)")
    return next(v for v in values if not any(other.startswith(v + "/") for other in values))


def sample(f: Field, *, now: datetime) -> str:
    """What somebody would type into a field."""
    soon = now + timedelta(days=0 if f.not_future else 2)
    if f.type == "date":
        return soon.date().isoformat()
    if f.type == "datetime":
        return soon.strftime("%Y-%m-%dT%H:%M")
    if f.type == "digits":
        return "0123456789"[: f.length]
    if f.type in ("number", "money"):
        return str(max(f.minimum or 0, 1))
    text = FORMATS.get(f.format or "") or TEXTS.get(f.type) or "已核实，并已记录在案。"
    return text[: f.max_length] if f.max_length else text
