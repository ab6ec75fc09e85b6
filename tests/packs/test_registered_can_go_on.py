"""Whatever registration allows can go on: no kind of any pack takes a record that its next step then has no way to mend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from amends.apps.cases.actions import Contact, register_case
from amends.apps.cases.models import Case
from amends.core.facts import CaseFacts
from amends.jobs.rehearsal import NotPossible, one_step
from amends.jobs.samples import Filler
from tests.packs.test_any_pack_runs import world_of
from tests.world import SHIPPED, DeskWorld

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


class Barely(Filler):
    """Fills in what is required, and nothing else."""

    def fill(self, form, facts):  # type: ignore[no-untyped-def]
        self.eager_for = set()
        return super().fill(form, facts)


def ways_in(world: DeskWorld) -> Iterator[tuple[str, str]]:
    channels = [name for name, channel in world.pack.channels.channels.items() if not channel.retired]
    return ((kind, channel) for kind in world.pack.channels.kinds for channel in channels)


def registrars(world: DeskWorld) -> list[str]:
    """Roles of the desk that may register, as the pack lists them."""
    rules = [t for t in world.pack.lifecycle.from_state(None) if t.verb == "register"]
    held = {role for role, _ in world.organisation.people}
    return list(dict.fromkeys(role for rule in rules for role in rule.by if role in held))


def barely_registered(world: DeskWorld, kind: str, channel: str, role: str) -> Case:
    """A case with no more than the form of its kind insists on."""
    caller, way = world.caller(role), world.pack.channels.channels[channel]
    rule = world.pack.channels.kinds[kind]
    known = {
        "kind": kind, "channel": channel, "channel_group": way.group, "written": way.written, "internal": rule.internal,
        "counts": rule.counts,
    }  # fmt: skip
    filler = Barely(
        world.pack, now=world.now, people=world.ids_for(CaseFacts()), wishes={}, upload=lambda: world.upload(caller.id)
    )
    data = filler.fill(world.pack.forms[rule.form], CaseFacts(values=known))
    return register_case(
        Contact(desk=world.desk, kind=kind, channel=channel, data=data, caller=caller, now=world.later(minutes=1))
    )


@pytest.mark.parametrize("name", [*SHIPPED, "hotel"])
def test_whatever_registration_allows_can_go_on(name: str) -> None:
    world = world_of(name)
    role, stuck = registrars(world)[0], []
    for kind, channel in ways_in(world):
        case, done = barely_registered(world, kind, channel, role), []
        began = case.state
        for _ in range(12):
            try:
                case, verb = one_step(world, case, done)
            except NotPossible as refusal:
                stuck.append((kind, channel, str(refusal)))
                break
            done.append(verb)
            if case.state != began:
                break
        else:
            stuck.append((kind, channel, f"still {began} after {done}"))
    assert stuck == []
