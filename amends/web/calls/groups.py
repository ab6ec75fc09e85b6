"""Planning calls to a group of customers: one form, one line a customer, one call each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
from amends.apps.cases.proceedings.queries import possible_on_desk
from amends.apps.surveys.calls import call_of_kind
from amends.core.facts import CaseFacts
from amends.core.policy.base import Title
from amends.core.policy.followups import Call
from amends.core.policy.forms import Field, Form
from amends.core.refusals import FieldError, InvalidData
from amends.doors.routes import route
from amends.doors.wording import said_of_field, words
from amends.web.forms.drawing import Drawing
from amends.web.steps.answering import Step, answer_step
from amends.web.viewing import desk_and_pack, viewer_of, zone_of

CUSTOMERS = "customers"
AT_ONCE = 300
"""So many customers a form takes: more are sent as a second one."""


@route(audience="staff", permission="signed_in", kind="none", methods=["GET", "POST"])
def plan(request: HttpRequest, desk: str, kind: str) -> HttpResponse:
    """The form that plans one call for each customer of a list; all of them, or none while a line is wrong."""
    viewer = viewer_of(request)
    found, pack = desk_and_pack(viewer, desk)
    call = call_of_kind(kind, pack)
    possible = next((one for one in possible_on_desk(viewer, found) if one.kind_id == kind), None)
    if call is None or not call.name or not call.phone or possible is None:
        raise Http404

    def do(data: dict[str, Any], version: int) -> str:
        listed = str(data.pop(CUSTOMERS, "") or "")
        with transaction.atomic():
            for place, (name, phone) in enumerate(_customers(listed), start=1):
                filled = {**data, str(call.name): name, str(call.phone): phone}
                _begin(
                    Beginning(
                        kind=kind,
                        desk=found,
                        data=filled,
                        caller=viewer.caller(found, pack),
                        now=viewer.now,
                        local_zone=zone_of(pack),
                    ),
                    place,
                    call,
                )
        return reverse("calls") + f"?when=all&desk={found.code}"

    form = _form_for_many(possible.action.form, call)
    step = Step(
        viewer=viewer, pack=pack, form=form, title=words(possible.title), place=f"calls:{desk}:{kind}",
        address=reverse("plan_calls", args=[desk, kind]), back=reverse("calls"), desk=found.code, version=0, do=do,
        drawing=lambda asked: Drawing(
            pack=pack, facts=CaseFacts(behind=CaseFacts()), now=viewer.now, zone=zone_of(pack), roles=frozenset(), desk=found
        ),
        context=lambda: {"area": "calls", "about": words(found.called), "subject": ""},
    )  # fmt: skip
    return answer_step(request, step)


def _form_for_many(form: Form, call: Call) -> Form:
    """The form of one call with a list of customers in place of the one."""
    customers = Field(
        id=CUSTOMERS, title=Title(**{"zh-Hans": "客户名单", "en": "customers"}), type="long_text", required=True, max_length=30_000,
        guidance=Title(
            **{
                "zh-Hans": f"每行一位：姓名，电话。可以从表格中直接粘贴，一次最多 {AT_ONCE} 位。",
                "en": f"One a line: name, telephone. Paste from a spreadsheet; at most {AT_ONCE} at once.",
            }
        ),
    )  # fmt: skip
    kept = [f for f in form.fields if f.id not in (call.name, call.phone)]
    return form.model_copy(update={"fields": (*kept, customers), "sections": ()})


def _customers(listed: str) -> Iterator[tuple[str, str]]:
    """Name and telephone of every line. Raises InvalidData for a line without both, and for more than fit."""
    lines = [line.strip() for line in listed.splitlines() if line.strip()]
    if not lines:
        raise InvalidData([FieldError(f"/{CUSTOMERS}", "required", {"field": "客户名单"})])
    if len(lines) > AT_ONCE:
        raise InvalidData([FieldError(f"/{CUSTOMERS}", "too_many_lines", {"limit": AT_ONCE, "count": len(lines)})])
    for place, line in enumerate(lines, start=1):
        parts = [part for part in re.split(r"[,，;；\t]+|\s{1,}(?=[+\d])", line) if part.strip()]
        if len(parts) != 2:
            raise InvalidData(
                [FieldError(f"/{CUSTOMERS}", "bad_line", {"line": place, "why": gettext("请写成“姓名，电话”")})]
            )
        yield parts[0].strip(), parts[1].strip()


def _begin(beginning: Beginning, place: int, call: Call) -> None:
    try:
        begin_proceeding(beginning)
    except InvalidData as refusal:
        of_line = {f"/{call.name}", f"/{call.phone}"}
        raise InvalidData(
            [
                FieldError(f"/{CUSTOMERS}", "bad_line", {"line": place, "why": said_of_field(error)})
                if error.pointer in of_line
                else error
                for error in refusal.errors
            ]
        ) from refusal
