"""What a mail founds: the form of its kind must be right with what any mail says and with what the policy fills in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from amends.core.facts import CaseFacts
from amends.core.form_data import Reading, read_form
from amends.core.policy.problems.report import Problem
from amends.core.policy.problems.world import World
from amends.core.refusals import FieldError

SAID_BY_ANY_MAIL = {
    "complainant_name": "张三", "complainant_email": "customer@example.com", "subject": "投诉", "description": "经过",
}  # fmt: skip
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def mail_problems(world: World) -> Iterator[Problem]:
    """Fields that no mail says, are required all the same, and are not filled in; values that the form does not take."""
    channels = world.pack.channels
    mail = channels.mail
    if mail is None or mail.kind not in channels.kinds or world.left_out_parts:
        return
    form = world.pack.forms.get(channels.kinds[mail.kind].form)
    if form is None:
        return
    known = {f.id for f in form.fields}
    data = {name: text for name, text in SAID_BY_ANY_MAIL.items() if name in known} | mail.fills
    written = [(name, c) for name, c in channels.channels.items() if c.written and not c.retired]
    found: list[list[FieldError]] = []
    for name, channel in written or list(channels.channels.items())[:1]:
        facts = {"kind": mail.kind, "channel": name, "channel_group": channel.group, "written": channel.written}
        found.append(read_form(form, data, Reading(world.pack, CaseFacts(values=facts), SOME_DAY)).errors)
    for error in min(found, key=len, default=[]):
        field = error.pointer.strip("/").split("/")[0]
        yield Problem(
            ("channels", "mail", "fills"), "mail_lacks_field", field,
            f"来信立案缺少字段“{field}”，或填入的值不对（{error.code}）。",
            f'a case founded by mail lacks the field "{field}", or its value is wrong ({error.code}).',
        )  # fmt: skip
