"""A text as its receiver would read it, filled in with a sample case of the desk."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, override

from amends.apps.messaging.mail_heads import mailbox_of
from amends.apps.messaging.rendering import fill, fill_line
from amends.apps.messaging.texting import Length, length_of, signature_and_rest
from amends.apps.policies.models import Desk
from amends.core.desk_wordings import GROUP, TEXTED, WordingKey, Words, places_of
from amends.core.policy.pack import Pack
from amends.core.policy.wording import DUE_OF, MAILBOX
from amends.doors.wording import words
from amends.web.policies.reading.tables import example_values


@dataclass(frozen=True, slots=True)
class Sample:
    """What is read: the subject of a mail, the signature and length of a text message, and the body."""

    subject: str
    body: str
    signature: str = ""
    length: Length | None = None


def sample_of(said: Words, key: WordingKey, *, pack: Pack, desk: Desk) -> Sample:
    """The text with its placeholders filled for a sample case, in the language of the text."""
    with override(key.language):
        values = sample_values(pack, desk, key)
    subject, body = said.subject_and_body(key.channel)
    shown = fill(body, values).strip()
    if key.channel not in TEXTED:
        return Sample(fill_line(subject, values), shown)
    return Sample("", shown, signature_and_rest(shown)[0], length_of(shown))


def sample_values(pack: Pack, desk: Desk, key: WordingKey) -> dict[str, str]:
    """A value for every placeholder that the text may name, in the reader's language."""
    values = example_values(pack, desk)
    if key.channel == GROUP and pack.texting.groups is not None:
        asks = pack.texting.groups.wordings[key.message].asks
        own = {"name": gettext("顾女士"), "company": gettext("顺达建材"), "desk": values["desk"]}
        return {**{name: words(title) for name, title in asks.items()}, **own}
    clocks = {place: values["due_at"] for place in places_of(pack, key) if place.startswith(DUE_OF)}
    return {**clocks, **values, MAILBOX: mailbox_of(desk.pk)}
