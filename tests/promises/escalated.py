"""Run inside an installation: so many cases of the escalation policy, each with a request that two people may decide on."""

import json
import sys

import django

django.setup()

from django.utils import timezone  # noqa: E402

from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding  # noqa: E402
from amends.apps.cases.proceedings.facts import facts_behind  # noqa: E402
from amends.apps.cases.queries import Viewer  # noqa: E402
from amends.apps.people.actions import create_token  # noqa: E402
from amends.core.facts import CaseFacts  # noqa: E402
from tests.world import DeskWorld, open_world, publish_shipped  # noqa: E402

DECIDERS = ("superior_department_head", "senior_management")


def main() -> None:
    now = timezone.now()
    publish_shipped(("escalation",), now=now)
    world = open_world("escalation", now=timezone.now())
    tokens = {}
    for role in DECIDERS:
        _, tokens[role] = create_token(person=world.person(role), name="harness", scopes=["all"], desks=[], now=now)
    keys = [escalated(world) for _ in range(int(sys.argv[1]))]
    print(json.dumps({"tokens": tokens, "keys": keys}))


def escalated(world: DeskWorld) -> str:
    """The id of a request to escalate a case that was just signed in."""
    case = world.register()
    for verb in ("grade", "dispatch", "sign_in"):
        case = world.do(case, verb)
    handler = Viewer(person=case.handler, now=world.now).caller(world.desk, world.pack)
    facts = CaseFacts(behind=facts_behind(case=case, parent=None))
    data = world.answers("escalation", facts, {"escalation_trigger": "beyond_ability"}, owner=handler.id)
    begun = begin_proceeding(
        Beginning(
            kind="escalation",
            desk=world.desk,
            case=case,
            version=case.version,
            data=data,
            caller=handler,
            now=world.now,
        )
    )
    return str(begun.pk)


if __name__ == "__main__":
    main()
