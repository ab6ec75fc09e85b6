"""Fills any form of any pack with valid answers: what the journeys of packs that nobody here knows are driven with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from amends.core.facts import CaseFacts
from amends.core.form_data import options_of
from amends.core.policy.conditions import holds
from amends.core.policy.forms import TEXT_TYPES, Field, Form
from amends.core.policy.pack import Pack

TEXTS = {
    "phone": "13912345678",
    "email": "li.lei@example.com",
    "id_number": "11010519491231002X",
    "address": "北京市朝阳区建国路 1 号",
    "url": "https://example.com/post/1",
}
FORMATS = {
    "tracking_number": "SF1234567890123",
    "reference_number": "PT-2026-0305-01",
    "transcript": "客户：您好\n客服：您好，请讲。",
    "order_number": "DD-20260305-01",
    "number_plate": "京A12345",
}


class Filler:
    """Answers a form with the first choice everywhere, unless `wishes` say otherwise by field id.

    Texts and lists are filled in even when they are not required, unless it is `sparing` with texts.
    """

    def __init__(
        self,
        pack: Pack,
        *,
        now: datetime,
        people: Mapping[str, int],
        wishes: Mapping[str, Any],
        upload: Callable[[], str],
        sparing: bool = False,
    ) -> None:
        self.pack, self.now, self.people, self.wishes, self.upload = pack, now, people, wishes, upload
        self.eager_for = {"rows"} if sparing else {*TEXT_TYPES, "rows"}

    def fill(self, form: Form, facts: CaseFacts) -> dict[str, Any]:
        """Every field that is asked, required ones always, until the conditions agree with the answers."""
        answers: dict[str, Any] = {}
        for _ in range(4):
            known = facts.with_values({k: self._as_fact(form.field(k), v) for k, v in answers.items()})
            asked = [f for f in form.fields if f.computed is None and holds(f.when, known)]
            wanted = [f for f in asked if self._is_wanted(f, known, form, answers)]
            if {f.id for f in wanted} == answers.keys():
                break
            # What was answered stays: a file would be uploaded once more for nothing.
            answers = {f.id: answers[f.id] if f.id in answers else self._answer(f, facts) for f in wanted}
        return {k: v for k, v in answers.items() if v is not None}

    def _is_wanted(self, f: Field, known: CaseFacts, form: Form, answers: Mapping[str, Any]) -> bool:
        if f.id in self.wishes:
            return self.wishes[f.id] is not None
        if f.id in answers:
            return True
        if f.required is True or (f.required is not False and holds(f.required, known)):
            return True
        if f.type in self.eager_for:
            return True
        return any(o.asks == f.id and answers.get(other.id) == o.id for other in form.fields for o in other.options)

    @staticmethod
    def _as_fact(f: Field | None, value: Any) -> Any:
        if f is not None and f.type == "rows":
            return len(value)
        if f is not None and f.type == "money":
            return {"minor": int(float(value) * 100), "currency": f.currency}
        return value

    def _answer(self, f: Field, facts: CaseFacts) -> Any:
        if f.id in self.wishes:
            return self.wishes[f.id]
        if f.type == "rows":
            if f.answers:
                named = [{"item": item["no"]} for item in facts.open_items(f.answers)]
                return [{**{s.id: self._value(s) for s in f.fields if s.required}, **item} for item in named]
            wanted = len(facts.lists.get(f.one_for_each, ())) if f.one_for_each else max(f.min_rows, 1)
            return [{sub.id: self._value(sub) for sub in f.fields if sub.required} for _ in range(wanted)]
        return self._value(f)

    def _value(self, f: Field) -> Any:
        if f.type in TEXT_TYPES:
            text = FORMATS.get(f.format or "") or TEXTS.get(f.type) or "已核实，并已记录在案。"
            return text[: f.max_length] if f.max_length else text
        simple = {
            "yes_no": lambda: True,
            "number": lambda: str(f.minimum or 1),
            "digits": lambda: "0123456789"[: f.length].rjust(f.length or 0, "0"),
            "decimal": lambda: str(f.minimum or 1),
            "money": lambda: str(max(f.minimum or 0, 10)),
            "date": lambda: (self.now + timedelta(days=3 if f.not_past else 0)).date().isoformat(),
            "datetime": lambda: (self.now + timedelta(days=0 if f.not_future else 2)).isoformat(),
            "case": lambda: None,
            "file_of_case": lambda: None,
            "record": lambda: None,
            "files": lambda: [self.upload()],
            "signature": lambda: [self.upload()],
        }
        if f.type in simple:
            return simple[f.type]()
        if f.type in ("person", "department", "team", "partner"):
            return self.people.get(f.id) or self.people.get(f.type)
        choices = list(options_of(f, self.pack))
        first = self._last_leaf(choices) if f.type == "category" else choices[0]
        return [first] if f.type == "choices" else first

    @staticmethod
    def _last_leaf(paths: list[str]) -> str:
        return next(p for p in paths if not any(other.startswith(p + "/") for other in paths))
